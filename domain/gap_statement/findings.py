"""The payments of a stretch of time: what happened to each, who told us of it first, and how late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.gaps import CHANGES_REACH, GapKind

# A webhook can take five minutes (Intuit webhooks page); what comes later is late.
LATE_AFTER = timedelta(minutes=5)


class Happened(StrEnum):
    """What happened to a payment in the stretch, seen from what we knew before it."""

    NEW = "new"
    CHANGED = "changed"
    DELETED = "deleted"


class FoundBy(StrEnum):
    """Who told us of it first."""

    WEBHOOK = "webhook"
    CATCH_UP = "catch_up"
    # Listed or missed where change data capture does not reach, or had cut its answer off.
    SCAN = "scan"
    # The look that follows two counts that differ.
    COUNT = "count"
    RECONCILIATION = "reconciliation"
    # A look back that a person has asked for.
    PERSON = "person"


HAPPENED_LABELS = {Happened.NEW: "New", Happened.CHANGED: "Changed", Happened.DELETED: "Deleted"}
FOUND_BY_LABELS = {
    FoundBy.WEBHOOK: "Webhook",
    FoundBy.CATCH_UP: "Catch-up",
    FoundBy.SCAN: "Scan",
    FoundBy.COUNT: "Look after a count",
    FoundBy.RECONCILIATION: "Reconciliation",
    FoundBy.PERSON: "Look back that a person asked for",
}


class Teller(StrEnum):
    """Where a message about a payment came from, as the inbox has it."""

    WEBHOOK = "webhook"
    CATCH_UP = "catch_up"
    BACKFILL = "backfill"
    COUNT = "count"
    RECONCILIATION = "reconciliation"


@dataclass(frozen=True, slots=True)
class Message:
    """One message about a payment.

    Attributes:
        happened_at: when the change was made, by the source's clock; None where nothing says so.
        is_absence: nobody reported the deletion; the payment was not found when we asked for it.
    """

    teller: Teller
    heard_at: datetime
    happened_at: datetime | None
    is_absence: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """A payment whose record was changed since the stretch began.

    Attributes:
        messages: those since then, in the order in which they came.
    """

    first_seen_at: datetime
    is_deleted: bool
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch, as far as it matters for what belongs to it.

    Attributes:
        opened_at: since when we were not listening, by our clock.
        scan_began_at: when we began to list what change data capture could not tell; None if it told everything.
    """

    kind: GapKind
    from_at: datetime
    until_at: datetime
    opened_at: datetime
    scan_began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One payment of a stretch."""

    happened: Happened
    found_by: FoundBy
    happened_at: datetime | None
    heard_at: datetime

    @property
    def late_by(self) -> timedelta | None:
        """How long after the change we heard of it; None if nothing says when it was made."""
        return None if self.happened_at is None else max(self.heard_at - self.happened_at, timedelta(0))

    @property
    def is_late(self) -> bool:
        """A deletion without a moment counts as late: it was found because the payment was gone."""
        return self.late_by is None or self.late_by > LATE_AFTER


def finding_of(touched: Touched, span: Span) -> Finding | None:
    """The payment as part of the stretch; None if nothing happened to it there, or it was heard of as always."""
    messages = [one for one in touched.messages if _is_within(one, span)]
    if not messages or not _is_meant(messages, span.kind):
        return None
    first = messages[0]
    if touched.is_deleted:
        happened = Happened.DELETED
    else:
        happened = Happened.NEW if touched.first_seen_at >= span.opened_at else Happened.CHANGED
    return Finding(happened, _found_by(first, span), first.happened_at, first.heard_at)


def _is_within(message: Message, span: Span) -> bool:
    # Clocks differ, and catch-up asks for some minutes more than the stretch.
    return message.happened_at is None or span.from_at - LATE_AFTER <= message.happened_at <= span.until_at


def _is_meant(messages: Sequence[Message], kind: GapKind) -> bool:
    match kind:
        case GapKind.BACKFILL:
            return messages[0].teller is Teller.BACKFILL
        case GapKind.LOST_WEBHOOKS:
            return not any(_is_webhook_in_time(one) for one in messages)
        case GapKind.RECONNECT | GapKind.TOO_OLD | GapKind.CUT | GapKind.OUTAGE | GapKind.SWITCHED_OFF:
            return True


def _is_webhook_in_time(message: Message) -> bool:
    if message.teller is not Teller.WEBHOOK:
        return False
    return message.happened_at is None or message.heard_at - message.happened_at <= LATE_AFTER


def _found_by(message: Message, span: Span) -> FoundBy:
    match message.teller:
        case Teller.WEBHOOK:
            return FoundBy.WEBHOOK
        case Teller.CATCH_UP:
            return FoundBy.SCAN if _only_a_scan_tells(message, span) else FoundBy.CATCH_UP
        case Teller.BACKFILL:
            return FoundBy.PERSON
        case Teller.COUNT:
            return FoundBy.COUNT
        case Teller.RECONCILIATION:
            return FoundBy.RECONCILIATION


def _only_a_scan_tells(message: Message, span: Span) -> bool:
    began = span.scan_began_at
    if began is None or message.heard_at < began:
        return False
    is_out_of_reach = message.happened_at is None or message.happened_at < began - CHANGES_REACH
    return span.kind is GapKind.CUT or message.is_absence or is_out_of_reach


# --- numbers ---


@dataclass(frozen=True, slots=True)
class Group:
    """Payments of a stretch that have all of this in common; `latest_by` as in `Sums`."""

    happened: Happened
    found_by: FoundBy
    is_late: bool
    currency: str | None
    payments: int
    amount: Decimal
    latest_by: timedelta | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Some of the payments of a stretch.

    Attributes:
        amounts: by currency, the currencies in their order; None stands for payments without one.
        latest_by: how late we heard of the latest; None if nothing says so for any of them.
    """

    payments: int
    amounts: tuple[tuple[str | None, Decimal], ...]
    latest_by: timedelta | None


def sums_of(groups: Iterable[Group]) -> Sums:
    """The groups together; amounts of different currencies are never added to each other."""
    payments, amounts, latest = 0, dict[str | None, Decimal](), None
    for one in groups:
        payments += one.payments
        amounts[one.currency] = amounts.get(one.currency, Decimal(0)) + one.amount
        if one.latest_by is not None and (latest is None or one.latest_by > latest):
            latest = one.latest_by
    return Sums(payments, tuple(sorted(amounts.items(), key=lambda one: one[0] or "")), latest)
