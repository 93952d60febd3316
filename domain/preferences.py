"""A partner's choices."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


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
    def only_synced(self) -> bool:
        """Only invoices that the Sync Tool has copied take part."""
        return self.sync_tool_enabled and self.sync_mode is SyncMode.SYNCED_ONLY
