"""A partner's choices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class SyncMode(StrEnum):
    """Applies only if the Sync Tool is enabled; the words on the page are in `SYNC_MODE_LABELS`."""

    DISABLED = "disabled"
    ALL_INVOICES = "all_invoices"
    SYNCED_ONLY = "synced_only"


SYNC_MODE_LABELS = {
    SyncMode.DISABLED: "Disabled",
    SyncMode.ALL_INVOICES: "All Invoices",
    SyncMode.SYNCED_ONLY: "Synced Invoices Only",
}


# The names of the choices, as the pages show them; the keys are the fields of an organization.
PREFERENCE_LABELS = {
    "sync_enabled": "Enable external payments sync",
    "sync_tool_enabled": "Sync Tool",
    "sync_mode": "Sync mode",
    "cut_off_on": "Cut-off date",
    "correction_policy": "Corrections",
    "twin_policy": "Payments already entered by hand",
    "find_by_number": "Find invoices by their number",
}


class InvoiceOrigin(StrEnum):
    """How an invoice came into the platform."""

    PARTNER_DASHBOARD = "partner_dashboard"
    SYNC_TOOL = "sync_tool"
    # A payment came for it, and both systems had it with the same number, total, currency and customer.
    MATCHED = "matched"


class CorrectionPolicy(StrEnum):
    """What happens when a payment changes in the source after it was synced."""

    AUTOMATIC = "automatic"
    HOLD = "hold"


class TwinPolicy(StrEnum):
    """What happens when the target already has a payment of the same amount and date that we did not create."""

    ADOPT = "adopt"
    HOLD = "hold"


_POLICY_WORDS = {
    CorrectionPolicy.AUTOMATIC: "automatic",
    CorrectionPolicy.HOLD: "wait for your approval",
}
_TWIN_WORDS = {
    TwinPolicy.ADOPT: "link it",
    TwinPolicy.HOLD: "wait for a person",
}


def preference_words(field: str, value: str | bool | date | None) -> str:
    """The value of a choice as a person reads it.

    Args:
        field: one of `PREFERENCE_LABELS`.
        value: as an organization stores it.
    """
    match field, value:
        case "sync_mode", str():
            return SYNC_MODE_LABELS[SyncMode(value)]
        case "correction_policy", str():
            return _POLICY_WORDS[CorrectionPolicy(value)]
        case "twin_policy", str():
            return _TWIN_WORDS[TwinPolicy(value)]
        case _, bool():
            return "on" if value else "off"
        case _, date():
            return value.isoformat()
        case _:
            return value or "none"


def preference_from_words(field: str, words: str) -> Any:
    """The value that `preference_words` has put into these words.

    Raises:
        ValueError: no value of this choice is called so.
    """
    if field == "cut_off_on":
        return None if words == "none" else date.fromisoformat(words)
    options: Iterable[Any] = _OPTIONS.get(field, (True, False))
    for option in options:
        if preference_words(field, option) == words:
            return option
    raise ValueError(f"{field} is never {words!r}")


_OPTIONS = {"sync_mode": SyncMode, "correction_policy": CorrectionPolicy, "twin_policy": TwinPolicy}


@dataclass(frozen=True, slots=True)
class Preferences:
    """One organization's choices.

    Attributes:
        cut_off_on: payments dated before this day are never synced; None syncs all.
        find_by_number: an invoice that the platform has never heard of is looked up in the target by its number.
    """

    sync_enabled: bool
    sync_tool_enabled: bool
    sync_mode: SyncMode
    cut_off_on: date | None
    correction_policy: CorrectionPolicy
    twin_policy: TwinPolicy
    find_by_number: bool = True

    @property
    def may_sync(self) -> bool:
        """Whether anything is written to the target at all."""
        return self.sync_enabled and not (self.sync_tool_enabled and self.sync_mode is SyncMode.DISABLED)

    @property
    def only_synced(self) -> bool:
        """Only invoices that the Sync Tool has copied take part."""
        return self.sync_tool_enabled and self.sync_mode is SyncMode.SYNCED_ONLY
