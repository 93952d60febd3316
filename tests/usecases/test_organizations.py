from datetime import date

import pytest

from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from models.organizations import Organization
from tasks.context import Context, Step
from tests.contexts import RecordingNudge
from tests.world import World
from usecases.organizations import PreferenceChanges, change_preferences, create_organization
from usecases.results import Rejected


def waiting(context: Context) -> list[tuple[Step, int]]:
    assert isinstance(context.nudge, RecordingNudge)
    return list(context.nudge.waiting)


def create(context: Context) -> Organization:
    created = create_organization(context, "northwind", "Northwind MSP")
    assert isinstance(created, Organization)
    return created


def test_a_new_organization_syncs_nothing_until_it_is_switched_on(context: Context) -> None:
    created = create(context)
    assert (created.slug, created.name, created.sync_enabled) == ("northwind", "Northwind MSP", False)
    assert created.preferences.sync_mode is SyncMode.ALL_INVOICES
    assert created.created_at == context.clock.now()


@pytest.mark.parametrize("slug", ["", "North", "north wind", "-north", "north-", "north_wind", "n" * 65, "nörd", "a\n"])
def test_a_short_name_has_lower_case_letters_digits_and_dashes(context: Context, slug: str) -> None:
    refused = create_organization(context, slug, "Northwind MSP")
    assert isinstance(refused, Rejected)
    assert "lower-case letters, digits and dashes" in refused.message


@pytest.mark.parametrize("slug", ["n", "n1", "north-wind-2", "n" * 64, "4711"])
def test_these_are_short_names(context: Context, slug: str) -> None:
    assert isinstance(create_organization(context, slug, "Northwind MSP"), Organization)


@pytest.mark.parametrize("name", ["", "   ", "n" * 201])
def test_a_name_is_needed_and_not_endless(context: Context, name: str) -> None:
    assert isinstance(create_organization(context, "northwind", name), Rejected)


def test_a_short_name_is_given_once(context: Context) -> None:
    create(context)
    assert create_organization(context, "northwind", "Another") == Rejected(
        "There is already an organization 'northwind'."
    )


def test_preferences_change_one_by_one_and_the_others_stay(context: Context) -> None:
    organization_id = create(context).id
    change_preferences(context, organization_id, PreferenceChanges(sync_enabled=True, cut_off_on=date(2026, 1, 1)))
    changed = change_preferences(
        context,
        organization_id,
        PreferenceChanges(
            sync_tool_enabled=True,
            sync_mode=SyncMode.SYNCED_ONLY,
            correction_policy=CorrectionPolicy.HOLD,
            twin_policy=TwinPolicy.HOLD,
        ),
    )
    assert changed.sync_enabled
    assert changed.cut_off_on == date(2026, 1, 1)
    assert changed.preferences.sync_mode is SyncMode.SYNCED_ONLY
    assert changed.preferences.correction_policy is CorrectionPolicy.HOLD
    assert changed.preferences.twin_policy is TwinPolicy.HOLD


def test_the_cut_off_date_can_be_taken_away(context: Context) -> None:
    organization_id = create(context).id
    change_preferences(context, organization_id, PreferenceChanges(cut_off_on=date(2026, 1, 1)))
    assert change_preferences(context, organization_id, PreferenceChanges(cut_off_on=None)).cut_off_on is None


def test_a_change_is_looked_at_right_away_and_no_change_is_not(context: Context) -> None:
    organization_id = create(context).id
    change_preferences(context, organization_id, PreferenceChanges(sync_enabled=False))
    assert waiting(context) == []
    change_preferences(context, organization_id, PreferenceChanges(sync_enabled=True))
    assert waiting(context) == [(Step.MATCH, organization_id)]


def test_an_organization_that_does_not_exist_cannot_be_changed(context: Context) -> None:
    with pytest.raises(LookupError):
        change_preferences(context, 4711, PreferenceChanges(sync_enabled=True))


def test_what_was_skipped_is_synced_when_the_preference_allows_it(world: World) -> None:
    invoice = world.invoice("INV-1")
    change_preferences(world.context, world.organization_id, PreferenceChanges(cut_off_on=date(2026, 11, 21)))
    payment = world.pay("100", (invoice, "100"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "before_cut_off"
    change_preferences(world.context, world.organization_id, PreferenceChanges(cut_off_on=date(2026, 11, 20)))
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_nothing_is_sent_while_the_switch_is_off_and_all_of_it_afterwards(world: World) -> None:
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "switched_off"
    assert world.amounts_on(invoice) == []
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]
