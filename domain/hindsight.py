"""What was in force at an earlier moment, told from what has changed since. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.activity import Change
from domain.preferences import PREFERENCE_LABELS, Preferences, preference_from_words, preference_words


@dataclass(frozen=True, slots=True)
class PreferenceThen:
    """One choice, then and now, as a person reads it.

    Attributes:
        field: its name in `Preferences`.
        is_sure: the changes since then lead without a break from this value to the one now in force.
    """

    field: str
    label: str
    then: str
    now: str
    is_sure: bool


def preferences_then(now: Preferences, since: Sequence[Change]) -> tuple[PreferenceThen, ...]:
    """The choices before these changes, in the order of the forms.

    Args:
        since: every change since then, the newest first.
    """
    return tuple(_before(field, label, now, since) for field, label in PREFERENCE_LABELS.items())


def _before(field: str, label: str, now: Preferences, since: Sequence[Change]) -> PreferenceThen:
    words = preference_words(field, getattr(now, field))
    then, is_sure = words, True
    for change in since:
        if change.what == label:
            is_sure = is_sure and change.after == then
            then = change.before
    return PreferenceThen(field, label, then, words, is_sure)


def as_preferences(then: Sequence[PreferenceThen]) -> Preferences | None:
    """The choices to decide by; None if one of them is not known for sure."""
    if not all(one.is_sure for one in then):
        return None
    try:
        return Preferences(**{one.field: preference_from_words(one.field, one.then) for one in then})
    except ValueError:
        # Written down in words that nobody uses any more.
        return None
