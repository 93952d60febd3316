"""The forms for a partner's choices: what they show, and what somebody typed into them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import Depends, Form

from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy
from usecases.organizations import PreferenceChanges


@dataclass(frozen=True, slots=True)
class ShownPreferences:
    """The values in the form."""

    sync_enabled: bool
    sync_mode: str
    cut_off_on: str
    correction_policy: str
    twin_policy: str
    find_by_number: bool


def shown(preferences: Preferences) -> ShownPreferences:
    return ShownPreferences(
        sync_enabled=preferences.sync_enabled,
        sync_mode=preferences.sync_mode.value,
        cut_off_on=preferences.cut_off_on.isoformat() if preferences.cut_off_on else "",
        correction_policy=preferences.correction_policy.value,
        twin_policy=preferences.twin_policy.value,
        find_by_number=preferences.find_by_number,
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """The values of the fields that both pages may have.

    Attributes:
        cut_off_on: as it was typed.
        problem: a sentence if the values are not acceptable.
    """

    changes: PreferenceChanges
    cut_off_on: str = ""
    has_fields: bool = False
    problem: str | None = None

    def over(self, stored: ShownPreferences, **more: object) -> ShownPreferences:
        """The form as it was sent, over the values that are stored: a refused form loses nothing."""
        named = {
            "correction_policy": self.changes.correction_policy,
            "twin_policy": self.changes.twin_policy,
            "find_by_number": self.changes.find_by_number,
            **more,
        }
        typed = {name: value for name, value in named.items() if value is not None}
        if self.has_fields:
            typed["cut_off_on"] = self.cut_off_on
        return replace(stored, **typed)  # type: ignore[arg-type]  # each value has the type of its field


def _typed(
    has_payment_preferences: Annotated[str, Form()] = "",
    cut_off_on: Annotated[str, Form()] = "",
    correction_policy: Annotated[CorrectionPolicy | None, Form()] = None,
    twin_policy: Annotated[TwinPolicy | None, Form()] = None,
    find_by_number: Annotated[str, Form()] = "",
) -> Typed:
    """The marker shows that the form had these fields; otherwise an emptied date would look like a missing one."""
    if not has_payment_preferences:
        return Typed(PreferenceChanges())
    changes = PreferenceChanges(
        correction_policy=correction_policy,
        twin_policy=twin_policy,
        # A browser leaves out a switch that is off.
        find_by_number=bool(find_by_number),
    )
    try:
        cut_off = date.fromisoformat(cut_off_on.strip()) if cut_off_on.strip() else None
    except ValueError:
        problem = f"'{cut_off_on}' is not a date. Write it as year-month-day, such as 2026-01-31."
        return Typed(changes, cut_off_on, has_fields=True, problem=problem)
    return Typed(replace(changes, cut_off_on=cut_off), cut_off_on, has_fields=True)


def _switch(typed: Annotated[Typed, Depends(_typed)], sync_enabled: Annotated[str, Form()] = "") -> Typed:
    # A browser leaves out a switch that is off.
    return replace(typed, changes=replace(typed.changes, sync_enabled=bool(sync_enabled)))


def _mode(typed: Annotated[Typed, Depends(_typed)], sync_mode: Annotated[SyncMode | None, Form()] = None) -> Typed:
    return replace(typed, changes=replace(typed.changes, sync_mode=sync_mode))


# The form under Integrations > Preferences, and the one under Sync Invoices > Preferences.
TypedSwitch = Annotated[Typed, Depends(_switch)]
TypedMode = Annotated[Typed, Depends(_mode)]
