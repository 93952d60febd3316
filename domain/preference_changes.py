"""A change of preferences: as it is stored, and in words, with what is dangerous about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import Enum
from typing import Any

from domain.preferences import (
    PREFERENCE_LABELS,
    CorrectionPolicy,
    Preferences,
    SyncMode,
    TwinPolicy,
    preference_words,
)


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    """One preference that changes.

    Attributes:
        warning: what a person should know before saving it, written like the sentences of reasons ({source}, {target});
            "" if there is nothing.
    """

    label: str
    before: str
    after: str
    warning: str = ""


def as_stored(preferences: Preferences) -> dict[str, Any]:
    """The preferences as JSON."""
    return {name: _plain(value) for name, value in asdict(preferences).items()}


def preferences_from(stored: Mapping[str, Any]) -> Preferences:
    """The preferences that `as_stored` has written."""
    cut_off = stored["cut_off_on"]
    return Preferences(
        sync_enabled=bool(stored["sync_enabled"]),
        sync_tool_enabled=bool(stored["sync_tool_enabled"]),
        sync_mode=SyncMode(stored["sync_mode"]),
        cut_off_on=date.fromisoformat(cut_off) if cut_off is not None else None,
        correction_policy=CorrectionPolicy(stored["correction_policy"]),
        twin_policy=TwinPolicy(stored["twin_policy"]),
        find_by_number=bool(stored["find_by_number"]),
    )


def changed_values(before: Preferences, after: Preferences) -> dict[str, Any]:
    """The values that differ, as they are afterwards."""
    names = [one.name for one in fields(Preferences)]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}


def in_words(before: Preferences, after: Preferences) -> tuple[ChangeInWords, ...]:
    """Each preference that changes, from what to what, in the order of the forms."""
    changed = changed_values(before, after)
    return tuple(
        ChangeInWords(
            label,
            preference_words(name, getattr(before, name)),
            preference_words(name, getattr(after, name)),
            _warning(name, before, after),
        )
        for name, label in PREFERENCE_LABELS.items()
        if name in changed
    )


def _warning(name: str, before: Preferences, after: Preferences) -> str:
    match name:
        case "sync_enabled" if not after.sync_enabled:
            return (
                "From then on nothing is created, changed or removed in {target}. What is on its way is taken out of "
                "the queue; only what is being sent at that moment still arrives. Payments that are in {target} stay "
                "there, even if they are voided or deleted in {source}."
            )
        case "sync_mode" if after.sync_mode is SyncMode.DISABLED and after.sync_tool_enabled:
            return (
                "From then on nothing is created, changed or removed in {target}. Payments that are in {target} stay "
                "there, even if they are voided or deleted in {source}."
            )
        case "cut_off_on" if _is_earlier(after.cut_off_on, before.cut_off_on):
            since = f"since {after.cut_off_on.isoformat()}" if after.cut_off_on else "of any age"
            return (
                f"Payments {since} are then synced as well. If they were entered in {{target}} by hand, look at "
                "“Payments already entered by hand” first: it decides what becomes of them."
            )
        case "correction_policy" if after.correction_policy is CorrectionPolicy.AUTOMATIC:
            return "Corrections that wait for a person now are then made in {target} without asking."
        case "twin_policy" if after.twin_policy is TwinPolicy.ADOPT:
            return (
                "Payments that wait beside one of the same amount and date are then taken for the same money, and "
                "nothing is created for them."
            )
        case _:
            return ""


def _is_earlier(after: date | None, before: date | None) -> bool:
    return before is not None and (after is None or after < before)


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case _:
            return value
