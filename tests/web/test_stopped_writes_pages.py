"""Broken records, on the pages and by the API: what was found, that nothing is written, and how writes go on."""

from fastapi import FastAPI

from domain.users import UserRole
from tests.broken_rules import break_rule
from tests.flow.tampering import synced
from tests.reconciling import reconciled
from tests.web.browser import Browser, logged_in
from tests.web.tokens import make_token
from tests.world import World

SENTENCE = "The history of the ledger, told again from its beginning, gives the ledger as it is."
BUTTON = "Check our records and let writes go on"


def test_a_comparison_shows_what_it_found_of_our_own_records(world: World, partner: Browser) -> None:
    synced(world)
    run = reconciled(world)
    page = partner.get(f"/reconciliation/runs/{run.id}").text
    assert "All rules hold" in page
    assert SENTENCE in page
    assert "in order" in partner.get("/reconciliation/runs").text
    assert BUTTON not in partner.get("/integrations").text


def test_broken_records_are_told_on_every_page_that_a_person_looks_at(world: World, partner: Browser) -> None:
    synced(world)
    repair = break_rule(world.context.database, "ledger_replays")
    run = reconciled(world)
    page = partner.get(f"/reconciliation/runs/{run.id}").text
    assert "1 broken rule" in page
    assert "Nothing more was written for this organization from then on." in page
    assert "broken by 1 row" in page
    assert "1 broken rule" in partner.get("/reconciliation/runs").text
    assert SENTENCE in partner.get("/overview").text

    page = partner.get("/integrations").text
    assert SENTENCE in page
    assert BUTTON in page
    refused = partner.send("/integrations/resume-writes")
    assert refused.status_code == 409
    assert "Our records still break these rules" in refused.text

    repair()
    partner.get("/integrations")
    page = partner.send("/integrations/resume-writes").text
    assert "Our records are in order, and writes go on." in page
    assert BUTTON not in page


def test_who_may_not_manage_sees_the_stop_and_cannot_end_it(world: World, app: FastAPI) -> None:
    synced(world)
    break_rule(world.context.database, "ledger_replays")
    reconciled(world)
    bookkeeper = logged_in(app, "keeps@northwind.example", "northwind", UserRole.BOOKKEEPER)
    page = bookkeeper.get("/integrations").text
    assert BUTTON not in page
    assert "An admin can let writes go on, once the records are repaired." in page


def test_programs_read_what_was_found_of_the_records(world: World, anybody: Browser) -> None:
    synced(world)
    break_rule(world.context.database, "ledger_replays")
    run = reconciled(world)
    token = make_token(world, "northwind")
    told = anybody.get(f"/api/reconciliation/runs/{run.id}", headers=token).json()
    assert told["broken_rules"] == 1
    (broken,) = [one for one in told["rules"] if not one["holds"]]
    assert (broken["name"], broken["sentence"], broken["violations"]) == ("ledger_replays", SENTENCE, 1)
    overview = anybody.get("/api/overview", headers=token).json()
    assert any(SENTENCE in warning for one in overview["connections"] for warning in one["warnings"])
