"""The partner's choices, made on the pages."""

from datetime import date

from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from models.organizations import organization_by_id
from tests.web.browser import Browser, forms_in
from tests.world import World

PREFERENCES, SYNC_INVOICES = "/integrations/preferences", "/sync-invoices/preferences"
SAVED = "Your changes are saved."


def chosen(world: World):
    with world.context.database.reading() as session:
        return organization_by_id(session, world.organization_id).preferences


def test_the_switch_turns_the_sync_on_and_what_was_skipped_is_synced(world: World, partner: Browser) -> None:
    world.choose(sync_enabled=False)
    invoice = world.invoice("INV-1001")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "switched_off"
    assert "is switched off" in partner.get("/overview").text

    partner.get(PREFERENCES)
    assert "Enable external payments sync" in partner.page
    assert SAVED in partner.send(PREFERENCES, {"sync_enabled": "on"}).text
    world.settle()

    assert chosen(world).sync_enabled
    assert world.amounts_on(invoice) == ["100.00"]


def test_the_switch_turns_the_sync_off(world: World, partner: Browser) -> None:
    partner.get(PREFERENCES)
    form = next(one for one in forms_in(partner.page) if one.action == PREFERENCES)
    assert form.fields["sync_enabled"] == "on"
    del form.fields["sync_enabled"]  # as a browser does with a switch that is off
    answer = partner.client.post(PREFERENCES, data=form.fields)
    assert SAVED in answer.text
    assert not chosen(world).sync_enabled


def test_without_the_sync_tool_cut_off_and_corrections_are_beside_the_switch(world: World, partner: Browser) -> None:
    partner.get(PREFERENCES)
    values = {"cut_off_on": "2026-01-31", "correction_policy": "hold", "twin_policy": "hold"}
    assert SAVED in partner.send(PREFERENCES, values).text
    now = chosen(world)
    assert now.cut_off_on == date(2026, 1, 31)
    assert (now.correction_policy, now.twin_policy) == (CorrectionPolicy.HOLD, TwinPolicy.HOLD)
    assert now.sync_enabled
    assert 'value="2026-01-31"' in partner.get(PREFERENCES).text


def test_an_emptied_cut_off_date_is_taken_away(world: World, partner: Browser) -> None:
    world.choose(cut_off_on=date(2026, 1, 31))
    partner.get(PREFERENCES)
    assert SAVED in partner.send(PREFERENCES, {"cut_off_on": ""}).text
    assert chosen(world).cut_off_on is None


def test_a_date_that_is_none_is_said_and_nothing_is_saved(world: World, partner: Browser) -> None:
    before = chosen(world)
    partner.get(PREFERENCES)
    answer = partner.send(PREFERENCES, {"cut_off_on": "31.1.2026", "correction_policy": "hold"})
    assert answer.status_code == 422
    assert "is not a date" in answer.text
    assert chosen(world) == before


def test_the_three_modes_stand_on_the_sync_tools_page_with_their_texts(world: World, partner: Browser) -> None:
    world.choose(sync_tool_enabled=True)
    page = partner.get(SYNC_INVOICES).text
    assert "External Payments" in page
    for text in (
        "<strong>Disabled</strong>",
        "No external payments will be synced.",
        "<strong>All Invoices</strong>",
        "for all invoices that exist in both QuickBooks and ConnectWise",
        "<strong>Synced Invoices Only</strong>",
        "only for invoices that were previously synced using the Sync Tool",
        "Save changes",
    ):
        assert text in page
    assert "Synced Invoices Only" not in partner.get(PREFERENCES).text


def test_a_mode_is_saved_and_the_rest_stays(world: World, partner: Browser) -> None:
    world.choose(sync_tool_enabled=True, cut_off_on=date(2026, 1, 31))
    partner.get(SYNC_INVOICES)
    answer = partner.send(SYNC_INVOICES, {"sync_mode": "synced_only"})
    assert SAVED in answer.text
    now = chosen(world)
    assert now.sync_mode is SyncMode.SYNCED_ONLY
    assert now.cut_off_on == date(2026, 1, 31)
    assert now.sync_enabled


def test_the_switch_alone_leaves_the_cut_off_date_of_the_other_page(world: World, partner: Browser) -> None:
    world.choose(sync_tool_enabled=True, cut_off_on=date(2026, 1, 31))
    partner.get(PREFERENCES)
    assert SAVED in partner.send(PREFERENCES).text
    assert chosen(world).cut_off_on == date(2026, 1, 31)


def test_a_mode_that_does_not_exist_is_refused(world: World, partner: Browser) -> None:
    world.choose(sync_tool_enabled=True)
    before = chosen(world)
    partner.get(SYNC_INVOICES)
    assert partner.send(SYNC_INVOICES, {"sync_mode": "everything"}).status_code == 400
    assert chosen(world) == before
