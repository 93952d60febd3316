"""The preview of a change of preferences, on the pages: before saving it, and after."""

from datetime import date

import pytest
from fastapi import FastAPI
from httpx2 import Response

from models.organizations import Organization, organization_by_id
from models.previews import KEPT_FOR, Preview, preview_by_id
from tasks.context import Step
from tasks.preview import counting
from tests.web.browser import Browser, forms_in, logged_in
from tests.world import World
from usecases import previewing
from usecases.organizations import create_organization

SWITCH, MODE = "/integrations/preferences", "/sync-invoices/preferences"


def ask(partner: Browser, form: str, values: dict[str, str] | None = None, off: str = "") -> Response:
    """Presses "Preview" in this form; `off` is a switch that is turned off."""
    partner.get(form)
    fields = next(one.fields for one in forms_in(partner.page) if one.action == form) | (values or {})
    fields.pop(off, None)
    answer = partner.client.post(f"{form}/preview", data=fields)
    partner.page = answer.text
    return answer


def is_on(world: World) -> bool:
    with world.context.database.reading() as session:
        return organization_by_id(session, world.organization_id).sync_enabled


def row(world: World, preview_id: int) -> Preview | None:
    with world.context.database.reading() as session:
        return preview_by_id(session, world.organization_id, preview_id)


@pytest.fixture
def waiting(world: World) -> str:
    """A payment that is skipped because the sync is off; the part of it that pays no invoice stays skipped."""
    world.choose(sync_enabled=False)
    payment = world.pay("120.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    return payment


def test_a_preview_shows_the_change_and_what_it_would_do_and_changes_nothing(
    world: World, partner: Browser, waiting: str
) -> None:
    page = ask(partner, SWITCH, {"sync_enabled": "on"}).text
    assert "Enable external payments sync" in page
    assert ">off<" in page
    assert "<strong>on</strong>" in page
    assert "Would be synced" in page
    assert "100.00 USD" in page
    assert "20.00 USD" in page
    assert "Checked in ConnectWise first" in page
    assert "Nothing is changed yet" in page
    assert not is_on(world)


def test_each_number_has_its_list(world: World, partner: Browser, waiting: str) -> None:
    ask(partner, SWITCH, {"sync_enabled": "on"})
    listed = partner.get("/integrations/previews/1/parts?outcome=synced").text
    assert "INV-1001" in listed
    assert "Not looked up yet; checked first" in listed
    skipped = partner.get("/integrations/previews/1/parts?outcome=skipped&sure=yes").text
    assert "Not applied" in skipped
    assert "not applied to any invoice" in skipped
    assert "There are none" in partner.get("/integrations/previews/1/parts?outcome=skipped&sure=no").text


def test_saving_makes_the_change_and_shows_what_it_did(world: World, partner: Browser, waiting: str) -> None:
    ask(partner, SWITCH, {"sync_enabled": "on"})
    page = partner.send("/integrations/previews/1/save").text
    assert "Your changes are saved." in page
    assert "2 parts of payments are still to be decided" in page
    assert is_on(world)
    world.settle()
    world.later(seconds=10)
    world.later(seconds=10)
    page = partner.get("/integrations/previews/1").text
    assert "Said before: would be synced" in page
    assert "still to be decided" not in page
    assert 'badge synced">Synced</span> 1' in page
    assert partner.client.post(
        "/integrations/previews/1/save", data={"csrf_token": forms_in(page)[0].fields["csrf_token"]}
    ).status_code == 409  # fmt: skip


def test_going_back_loses_nothing_that_was_typed(world: World, partner: Browser) -> None:
    ask(partner, SWITCH, {"cut_off_on": "2026-03-31", "twin_policy": "hold"})
    assert f'href="{SWITCH}?preview=1"' in partner.page
    page = partner.get(f"{SWITCH}?preview=1").text
    assert 'value="2026-03-31"' in page
    assert 'value="hold" checked' in page.replace("  ", " ")


def test_a_refused_form_keeps_all_that_was_typed(world: World, partner: Browser) -> None:
    refused = ask(partner, SWITCH, {"cut_off_on": "31.3.2026", "correction_policy": "hold"}, off="sync_enabled")
    assert refused.status_code == 422
    assert 'value="31.3.2026"' in refused.text
    assert 'name="correction_policy" value="hold" checked' in refused.text
    assert 'name="sync_enabled" value="on" role="switch" checked' not in refused.text


def test_nothing_to_change_is_said(partner: Browser) -> None:
    refused = ask(partner, SWITCH)
    assert (refused.status_code, "Nothing would change" in refused.text) == (422, True)


def test_switching_off_says_what_stays_as_it_is(world: World, partner: Browser) -> None:
    page = ask(partner, SWITCH, off="sync_enabled").text
    assert "Before you save." in page
    assert "even if they are voided or deleted in QuickBooks" in page


def test_the_mode_is_previewed_on_the_sync_tools_page(world: World, partner: Browser) -> None:
    world.choose(sync_tool_enabled=True)
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice(Step.INGEST, Step.MATCH)
    page = ask(partner, MODE, {"sync_mode": "disabled"}).text
    assert "All Invoices" in page
    assert "<strong>Disabled</strong>" in page
    assert "Taken out of the queue" in page
    assert f'href="{MODE}?preview=1"' in page


def test_payments_that_changed_since_are_told(world: World, partner: Browser) -> None:
    ask(partner, SWITCH, {"cut_off_on": "2026-03-31"})
    assert "Payments have changed since" not in partner.get("/integrations/previews/1").text
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    assert "Payments have changed since" in partner.get("/integrations/previews/1").text


def test_preferences_that_somebody_else_has_changed_are_told(world: World, partner: Browser) -> None:
    ask(partner, SWITCH, {"cut_off_on": "2026-03-31"})
    world.choose(twin_policy="hold")
    assert "The preferences are other ones by now." in partner.get("/integrations/previews/1").text
    partner.send("/integrations/previews/1/save")
    with world.context.database.reading() as session:
        now = organization_by_id(session, world.organization_id).preferences
    assert (now.cut_off_on, now.twin_policy.value) == (date(2026, 3, 31), "hold")


def test_saving_without_a_preview_shows_what_it_did_as_well(world: World, partner: Browser, waiting: str) -> None:
    partner.get(SWITCH)
    page = partner.send(SWITCH, {"sync_enabled": "on"}).text
    assert "What the change did" in page
    assert "Would be synced" in page


def test_another_organizations_preview_is_not_there(world: World, app: FastAPI, partner: Browser) -> None:
    ask(partner, SWITCH, {"cut_off_on": "2026-03-31"})
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    stranger = logged_in(app, "books@contoso.example", "contoso")
    for address in ("", "/parts?outcome=synced"):
        assert stranger.get(f"/integrations/previews/1{address}").status_code == 404
    assert stranger.get("/live/integrations/previews/1").status_code == 404
    page = stranger.get(f"{SWITCH}?preview=1").text
    assert "2026-03-31" not in page
    token = forms_in(page)[-1].fields["csrf_token"]
    assert stranger.client.post("/integrations/previews/1/save", data={"csrf_token": token}).status_code == 404


def test_a_form_of_another_site_saves_nothing(world: World, partner: Browser, waiting: str) -> None:
    ask(partner, SWITCH, {"sync_enabled": "on"})
    assert partner.client.post("/integrations/previews/1/save", data={"csrf_token": "x"}).status_code == 403
    assert not is_on(world)


# --- many payments: the worker does it ---


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two payments are many."""
    monkeypatch.setattr(previewing, "PAYMENTS_AT_A_TIME", 1)
    monkeypatch.setattr(counting, "PAYMENTS_AT_A_TIME", 2)


@pytest.mark.usefixtures("many")
def test_a_large_preview_is_worked_out_by_the_worker_with_a_bar(world: World, partner: Browser) -> None:
    world.choose(sync_enabled=False)
    for number in range(5):
        world.pay("100.00", (world.invoice(f"INV-{number}"), "100.00"))
    world.notice()
    page = ask(partner, SWITCH, {"sync_enabled": "on"}).text
    assert "0 of 5 payments looked at" in page
    assert '<progress aria-label="Payments looked at" value="0" max="5">' in page
    world.settle()
    page = partner.get("/live/integrations/previews/1").text
    assert "<progress" not in page
    assert "5 parts" in page
    assert partner.get("/integrations/previews/1/parts?outcome=synced").text.count("INV-") == 5


@pytest.mark.usefixtures("many")
def test_a_large_change_saved_before_it_was_worked_out_says_so(world: World, partner: Browser, waiting: str) -> None:
    world.pay("100.00", (world.invoice("INV-2"), "100.00"))
    world.notice()
    ask(partner, SWITCH, {"sync_enabled": "on"})
    partner.send("/integrations/previews/1/save")
    world.settle()
    world.later(seconds=10)
    page = partner.get("/integrations/previews/1").text
    assert "there is nothing to compare with" in page
    assert "All payments by status" in page


def test_a_lost_nudge_is_found_by_the_sweep_and_a_preview_is_forgotten_after_a_day(
    world: World, partner: Browser, many: None
) -> None:
    for number in range(3):
        world.pay("100.00", (world.invoice(f"INV-{number}"), "100.00"))
    world.notice()
    ask(partner, SWITCH, {"cut_off_on": "2026-03-31"})
    world.context.nudge.waiting.clear()  # type: ignore[attr-defined]
    world.later(seconds=10)
    ready = row(world, 1)
    assert ready is not None
    assert (ready.state, ready.payments) == ("ready", 3)
    world.later(seconds=KEPT_FOR.total_seconds() + 60)
    assert row(world, 1) is None
