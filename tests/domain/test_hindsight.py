"""What was in force at an earlier moment: told backwards from now, it is what it was."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as some

from domain.activity import Change
from domain.hindsight import as_preferences, preferences_then
from domain.preference_changes import in_words
from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy

PREFERENCES = some.builds(
    Preferences,
    sync_enabled=some.booleans(),
    sync_tool_enabled=some.booleans(),
    sync_mode=some.sampled_from(SyncMode),
    cut_off_on=some.none() | some.dates(min_value=date(2000, 1, 1)),
    correction_policy=some.sampled_from(CorrectionPolicy),
    twin_policy=some.sampled_from(TwinPolicy),
    find_by_number=some.booleans(),
)


@given(some.lists(PREFERENCES, min_size=1, max_size=8), some.data())
def test_replayed_backwards_the_changes_lead_to_what_was_in_force(
    story: list[Preferences], data: some.DataObject
) -> None:
    moment = data.draw(some.integers(min_value=0, max_value=len(story) - 1))
    since = [
        Change(one.label, one.before, one.after)
        for former, later in reversed(list(zip(story[moment:], story[moment + 1 :], strict=False)))
        for one in in_words(former, later)
    ]
    assert as_preferences(preferences_then(story[-1], since)) == story[moment]


def test_a_break_in_the_record_is_said_and_nothing_is_decided_by_it() -> None:
    now = Preferences(
        sync_enabled=True,
        sync_tool_enabled=False,
        sync_mode=SyncMode.ALL_INVOICES,
        cut_off_on=None,
        correction_policy=CorrectionPolicy.HOLD,
        twin_policy=TwinPolicy.ADOPT,
    )
    changes = [Change("Cut-off date", "2026-01-01", "2026-02-01")]
    then = preferences_then(now, changes)
    assert [(one.then, one.is_sure) for one in then if one.field == "cut_off_on"] == [("2026-01-01", False)]
    assert as_preferences(then) is None
    known = preferences_then(replace(now, cut_off_on=date(2026, 2, 1)), changes)
    assert as_preferences(known) == replace(now, cut_off_on=date(2026, 1, 1))


def test_words_that_nobody_uses_any_more_are_not_guessed_at() -> None:
    now = Preferences(
        sync_enabled=True,
        sync_tool_enabled=False,
        sync_mode=SyncMode.ALL_INVOICES,
        cut_off_on=None,
        correction_policy=CorrectionPolicy.HOLD,
        twin_policy=TwinPolicy.ADOPT,
    )
    then = preferences_then(now, [Change("Corrections", "ask the accountant", "wait for your approval")])
    assert as_preferences(then) is None
