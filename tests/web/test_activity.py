"""What people and programs changed is on a page: who, when, from what to what; and nobody else's."""

import csv
import io

import pytest
from fastapi import FastAPI

from domain.activity import ACTIVITY_LABELS, ActivityKind, Change
from models.activity import note_activity
from models.organizations import Organization
from tests.web.browser import Browser, logged_in
from tests.web.conftest import PARTNER
from tests.world import World
from usecases.organizations import create_organization

FORM = {"has_payment_preferences": "yes", "correction_policy": "hold", "twin_policy": "adopt", "find_by_number": "on"}


def rows_in(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.removeprefix("\ufeff"))))


def note(world: World, count: int = 1, about: str = "something") -> None:
    with world.context.database.writing() as session:
        for number in range(count):
            note_activity(
                session,
                world.organization_id,
                ActivityKind.INVOICE_ADDED,
                "ann@northwind.example",
                world.clock.now(),
                about=f"{about} {number}",
            )


def test_every_kind_has_words() -> None:
    assert set(ACTIVITY_LABELS) == set(ActivityKind)


def test_a_change_of_a_preference_says_who_and_from_what_to_what(partner: Browser) -> None:
    partner.get("/integrations/preferences")
    partner.send("/integrations/preferences", FORM | {"cut_off_on": "2026-01-31"})
    page = partner.get("/activity").text
    assert PARTNER in page
    assert "Changed preferences" in page
    (first, *_) = rows = rows_in(partner.get("/activity.csv?kind=preferences_changed").text)
    assert {(one["Value"], one["Before"], one["After"]) for one in rows} == {
        ("Cut-off date", "none", "2026-01-31"),
        ("Corrections", "automatic", "wait for your approval"),
    }
    assert first["Who"] == PARTNER


def test_saving_without_a_change_is_no_activity(world: World, partner: Browser) -> None:
    partner.get("/integrations/preferences")
    partner.send("/integrations/preferences")
    assert "Nothing fits." in partner.get("/activity?kind=preferences_changed").text


def test_a_retry_leads_to_its_payment(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.notice()
    partner.get(f"/payments/{payment}")
    partner.send(f"/payments/{payment}/retry")
    page = partner.get("/activity?kind=payment_retried").text
    assert f'<a href="/payments/{payment}">100.00 USD from Cascade Dental, 2026-11-20</a>' in page


def test_a_program_is_named_by_its_token(world: World, partner: Browser, token: dict[str, str]) -> None:
    chosen = partner.client.get("/api/preferences", headers=token).json()["preferences"] | {"sync_enabled": False}
    assert partner.client.put("/api/preferences", json=chosen, headers=token).status_code == 200
    answer = partner.client.get("/api/activity", headers=token, params={"kind": "preferences_changed"}).json()
    (entry,) = answer["entries"]
    assert entry["actor"].startswith("API token '")
    assert entry["changes"] == [{"what": "Enable external payments sync", "before": "on", "after": "off"}]
    assert answer["next_cursor"] is None


def test_the_list_is_narrowed_and_keeps_what_was_chosen(world: World, partner: Browser) -> None:
    note(world, about="INV-77")
    assert "INV-77 0" in partner.get("/activity?search=inv-77&actor=ann@northwind.example").text
    for nothing in (
        "search=INV-78",
        "actor=bob@northwind.example",
        "kind=disconnected",
        "since=2026-12-31",
        "until=2020-01-01",
    ):
        page = partner.get(f"/activity?{nothing}").text
        assert "Nothing fits." in page, nothing
    page = partner.get("/activity?kind=disconnected&since=2026-02-01").text
    assert '<option value="disconnected" selected>' in page
    assert 'value="2026-02-01"' in page
    # What cannot be read filters nothing.
    assert "INV-77 0" in partner.get("/activity?kind=nonsense&since=yesterday&until=9999-12-31&search=%00").text


def test_pages_follow_each_other_and_the_table_has_all(world: World, partner: Browser) -> None:
    note(world, 60)
    first = partner.get("/activity?kind=invoice_added").text
    assert first.count("something ") == 50
    older = first.split('<a href="/activity?')[-1].split('"')[0].replace("&amp;", "&")
    assert partner.get(f"/activity?{older}").text.count("something ") == 10
    assert len(rows_in(partner.get("/activity.csv?kind=invoice_added").text)) == 60


def test_no_text_becomes_a_formula_or_markup(world: World, partner: Browser) -> None:
    note(world, about="=1+1 <b>")
    assert rows_in(partner.get("/activity.csv").text)[0]["About"] == "'=1+1 <b> 0"
    assert "=1+1 &lt;b&gt; 0" in partner.get("/activity").text


def test_another_organizations_activity_is_not_shown(
    world: World, app: FastAPI, partner: Browser, token: dict[str, str]
) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    note(world, about="INV-77")
    stranger = logged_in(app, "books@contoso.example", "contoso")
    assert "INV-77" not in stranger.get("/activity").text
    assert "INV-77" not in stranger.get("/activity.csv").text
    assert "ann@northwind.example" not in stranger.get("/activity").text
    assert "INV-77" in partner.client.get("/api/activity", headers=token).text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-11-20T10:00:00"])
def test_any_moment_can_be_asked_for(partner: Browser, token: dict[str, str], moment: str) -> None:
    answer = partner.client.get("/api/activity", headers=token, params={"since": moment, "until": moment})
    assert answer.status_code == 200


def test_a_change_is_told_with_what_was_not_set() -> None:
    assert Change("Cut-off date", "", "2026-01-31").told == "Cut-off date: not set → 2026-01-31"
