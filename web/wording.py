"""How values are written on a page: money with its currency, moments with their zone, days without one."""

from datetime import date, datetime
from decimal import Decimal

from domain.money import money_text
from domain.reasons import Reason
from domain.preferences import InvoiceOrigin
from domain.records import AllocationKind
from domain.status import PaymentStatus
from models.connections import ConnectionStatus, Role
from models.payment_rows import PaymentRow

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

KIND_LABELS = {
    AllocationKind.INVOICE: "Invoice",
    AllocationKind.CREDIT_MEMO: "Credit memo",
    AllocationKind.JOURNAL_ENTRY: "Journal entry",
    AllocationKind.REFUND: "Refund",
    AllocationKind.UNAPPLIED: "Not applied",
    AllocationKind.UNREADABLE: "Unreadable line",
    AllocationKind.NOTHING: "Nothing",
}

# One organization has one connection in each role, and the sentences of the reasons name the two systems as well.
ROLE_LABELS = {Role.SOURCE: "QuickBooks Online", Role.TARGET: "ConnectWise PSA"}
ORIGIN_LABELS = {InvoiceOrigin.PARTNER_DASHBOARD: "Partner Dashboard", InvoiceOrigin.SYNC_TOOL: "Sync Tool"}
CONNECTION_LABELS = {
    ConnectionStatus.ACTIVE: "Connected",
    ConnectionStatus.NEEDS_RECONNECT: "Needs reconnecting",
    ConnectionStatus.DISCONNECTED: "Disconnected",
}


def money(amount: Decimal, currency: str | None) -> str:
    return money_text(amount, currency)


def day(value: date | None) -> str:
    """The month as a word: 3/4/2026 is two different days to two bookkeepers."""
    return "no date" if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime) -> str:
    return f"{value.day} {value:%b %Y, %H:%M:%S} UTC"


def duration(seconds: float | None) -> str:
    """How long something took, in the two units that matter."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def ago(value: datetime, now: datetime) -> str:
    if value > now:
        return f"in {duration((value - now).total_seconds())}"
    return f"{duration((now - value).total_seconds())} ago"


def kind_label(kind: str) -> str:
    return KIND_LABELS[AllocationKind(kind)]


def pause_sentence(role: Role, reason: Reason | None) -> str:
    """Why nobody calls this system for a while. The reasons' own sentences speak of the target."""
    name = ROLE_LABELS[role]
    if reason is Reason.TARGET_THROTTLED:
        return f"{name} asked us to slow down."
    return f"{name} could not be reached; we try again by ourselves."


def invoice_labels(row: PaymentRow) -> list[str]:
    """What the payment was applied to, in words: the numbers of invoices, the kinds of everything else."""
    return [
        (part.invoice_number or f"QuickBooks id {part.document_id}")
        if part.kind is AllocationKind.INVOICE
        else KIND_LABELS[part.kind]
        for part in row.allocations
        if part.kind is not AllocationKind.NOTHING
    ]


def synced_seconds(row: PaymentRow) -> float | None:
    """How long the slowest part of a synced payment took."""
    if row.status is not PaymentStatus.SYNCED:
        return None
    return max((part.synced_seconds for part in row.allocations if part.synced_seconds is not None), default=None)
