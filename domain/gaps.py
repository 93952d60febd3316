"""Stretches of time in which news did not come as it should, and the sentence that reports what was found in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Intuit's change data capture looks back 30 days; a day less leaves room for clocks and for a slow scan.
CHANGES_REACH = timedelta(days=29)


class GapKind(StrEnum):
    # The connection was cut or refused and has been connected again.
    RECONNECT = "reconnect"
    # The cursor is older than change data capture reaches back.
    TOO_OLD = "too_old"
    # Change data capture cut its answer off: there were more changes than it can return.
    CUT = "cut"
    # The connection was in order, and for a while we did not ask: we were down, or not allowed to call.
    OUTAGE = "outage"
    # An operator wants everything since a date.
    BACKFILL = "backfill"
    # The organization had switched the sync off, or chosen the mode Disabled.
    SWITCHED_OFF = "switched_off"
    # We asked in time, and found what no webhook had reported.
    LOST_WEBHOOKS = "lost_webhooks"

    @property
    def holds_cursor(self) -> bool:
        """Whether the cursor waits until the gap is closed."""
        return self in _HOLD_THE_CURSOR


GAP_KIND_LABELS = {
    GapKind.RECONNECT: "Not connected",
    GapKind.TOO_OLD: "Not asked for a month",
    GapKind.CUT: "More changes than one answer holds",
    GapKind.OUTAGE: "Not asked for a while",
    GapKind.BACKFILL: "Look back that a person asked for",
    GapKind.SWITCHED_OFF: "Sync switched off",
    GapKind.LOST_WEBHOOKS: "Lost webhooks",
}
_HOLD_THE_CURSOR = frozenset({GapKind.RECONNECT, GapKind.TOO_OLD, GapKind.CUT, GapKind.OUTAGE})
# Nothing is looked through for these; they end when their cause does.
WAITED_OUT = frozenset({GapKind.SWITCHED_OFF, GapKind.LOST_WEBHOOKS})
# A shorter silence is no outage: a restart, a deployment, a pause that a system has asked for.
_OUTAGE_MIN = timedelta(hours=1)
_MISSED_ASKS = 3


def was_out(caught_up_at: datetime | None, now: datetime, catch_up_every: timedelta) -> bool:
    """Whether we have not asked for so long that the stretch since then deserves a statement of its own."""
    return caught_up_at is not None and now - caught_up_at > max(_OUTAGE_MIN, _MISSED_ASKS * catch_up_every)


class ScanStage(StrEnum):
    """The steps of a scan where change data capture does not reach.

    Invoices come first, so that payments find theirs in our database.
    """

    NONE = ""
    LIST_INVOICES = "list_invoices"
    LIST_PAYMENTS = "list_payments"
    CHECK_PAYMENTS = "check_payments"
    CHECK_INVOICES = "check_invoices"
    COUNT_PAYMENTS = "count_payments"
    COUNT_INVOICES = "count_invoices"

    @property
    def entity(self) -> str:
        return "invoice" if self.value.endswith("invoices") else "payment"

    @property
    def is_listing(self) -> bool:
        return self in (ScanStage.LIST_INVOICES, ScanStage.LIST_PAYMENTS)

    @property
    def is_counting(self) -> bool:
        return self in (ScanStage.COUNT_PAYMENTS, ScanStage.COUNT_INVOICES)


_STAGES = tuple(stage for stage in ScanStage if stage is not ScanStage.NONE)


def first_stage(entities: frozenset[str]) -> ScanStage:
    return next(stage for stage in _STAGES if stage.entity in entities)


def stage_after(stage: ScanStage, entities: frozenset[str], *, counts: bool = False) -> ScanStage:
    """The next stage for these entities; NONE when the scan is through.

    Args:
        counts: whether objects are counted; then only those that cannot be counted are checked by their ids.
    """
    later = _STAGES[_STAGES.index(stage) + 1 :]
    return next((one for one in later if one.entity in entities and (counts or not one.is_counting)), ScanStage.NONE)


@dataclass(frozen=True, slots=True)
class Found:
    """How many payments we had not heard of, by what happened to them."""

    new: int = 0
    changed: int = 0
    deleted: int = 0

    @property
    def payments(self) -> int:
        return self.new + self.changed + self.deleted


def gap_sentence(kind: GapKind, from_at: datetime, until_at: datetime | None, found: Found) -> str:
    """The sentence about a gap on the command line, the page and in the log."""
    start, end = _moment(from_at), _moment(until_at) if until_at else "now"
    if until_at is None and kind is GapKind.SWITCHED_OFF:
        # What came meanwhile is listed when it is over; until then no number would be true.
        return f"{_OPEN[kind]} since {start}."
    if until_at is None:
        return f"{_OPEN[kind]} from {start} on: {_numbers(found)} found so far."
    if kind is GapKind.LOST_WEBHOOKS and not found.payments:
        return f"Webhooks seemed to be lost from {start} to {end}; all of them have come since, in time."
    return f"{_CLOSED[kind]} from {start} to {end}: {_numbers(found)} found."


_CLOSED = dict.fromkeys(GapKind, "Gap closed") | {
    GapKind.BACKFILL: "Everything checked again",
    GapKind.SWITCHED_OFF: "The sync was switched off",
    GapKind.LOST_WEBHOOKS: "Webhooks were lost",
}
_OPEN = dict.fromkeys(GapKind, "Closing the gap") | {
    GapKind.BACKFILL: "Checking everything again",
    GapKind.SWITCHED_OFF: "The sync is switched off",
    GapKind.LOST_WEBHOOKS: "Webhooks are being lost",
}


def _numbers(found: Found) -> str:
    new = "1 new payment" if found.new == 1 else f"{found.new} new payments"
    return f"{new}, {found.changed} changed, {found.deleted} deleted"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
