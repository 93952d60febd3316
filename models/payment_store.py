"""Stores a payment as the source has it now: the newest version wins, the allocations become the diff.

An unreliable picture (`SourcePayment.flaw`) never replaces a reliable one: our record stays as it is, and beside it we
note that a newer picture has come that tells us nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from domain.ingest.deletions import Standing, replaces, tells_of_a_change
from domain.match.allocations import AllocationKey, AllocationValue, diff_allocations
from domain.money import is_storable
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourcePayment
from models.former_pictures import FormerPicture, former_picture
from models.payments import Allocation, Payment, payments_by_external_id

_CUSTOMER_CHARACTERS_MAX = 500
_REFERENCE_CHARACTERS_MAX = 100
# The version of a payment that has had no whole picture so far; below any version of a source.
_NEVER_WHOLE = -1


@dataclass(frozen=True, slots=True)
class Stored:
    """How many payments were new, how many changed, and how many were older than what we have.

    Attributes:
        news: the source's ids of those that were new or have changed.
    """

    new: int
    changed: int
    stale: int
    news: frozenset[str] = field(default=frozenset(), compare=False)


def store_payments(
    session: Session,
    organization_id: int,
    connection_id: int,
    payments: Sequence[SourcePayment],
    now: datetime,
    heard: Mapping[str, datetime] = MappingProxyType({}),
    traces: Mapping[str, str | None] = MappingProxyType({}),
    unheld: Collection[str] = (),
) -> Stored:
    """Stores each payment unless our record of it stands, and makes changed ones due for match.

    Args:
        heard: when the source reported each, by its id there; one that is not named was heard of now.
        traces: where the trace of each goes on, by its id there.
        unheld: payments, by their ids there, of which we certainly have no record.
    """
    maybe_known = {payment.external_id for payment in payments}.difference(unheld)
    known = payments_by_external_id(session, connection_id, maybe_known)
    former: dict[str, FormerPicture | None] = {}
    news: set[str] = set()
    new = changed = stale = 0
    for payment in sorted(payments, key=lambda one: (one.state is PaymentState.DELETED, one.version)):
        row = known.get(payment.external_id)
        if row is None:
            row = _new_row(organization_id, connection_id, payment, heard.get(payment.external_id, now), now)
            session.add(row)
            known[payment.external_id] = row
            new += 1
        elif payment.flaw is not None:
            before = _before_change(row, former, now)
            is_news = _note_flaw(row, payment, now)
            if is_news:
                former[row.external_id], row.trace = before, traces.get(row.external_id)
                news.add(row.external_id)
            changed, stale = changed + is_news, stale + (not is_news)
            continue
        elif not replaces(_standing(payment, now), row.standing):
            _note_seen(row, payment, now)
            stale += 1
            continue
        elif row.standing.deleted and payment.state is PaymentState.DELETED:
            # The source now reports the deletion that we had inferred: nothing else changes or is decided again.
            row.deletion_inferred = False
            stale += 1
            continue
        else:
            former[row.external_id] = _before_change(row, former, now)
            changed += 1
        _store(row, payment, now)
        row.trace = traces.get(row.external_id)
        news.add(row.external_id)
    session.add_all(one for one in former.values() if one is not None)
    session.flush()
    return Stored(new, changed, stale, frozenset(news))


def _before_change(row: Payment, former: Mapping[str, FormerPicture | None], now: datetime) -> FormerPicture | None:
    """The payment before this transaction: what it said only within it, nobody ever knew. None for one that is new."""
    if row.external_id in former:
        return former[row.external_id]
    return former_picture(row, now) if inspect(row).has_identity else None


def is_news(payment: SourcePayment, row: Payment | None) -> bool:
    """Whether an unreliable picture shows that something newer exists than our record."""
    if row is None:
        return True
    if row.flawed_version is not None and payment.version <= row.flawed_version:
        return False
    return tells_of_a_change(_standing(payment, row.updated_at), row.standing)


def _standing(payment: SourcePayment, now: datetime) -> Standing:
    return Standing(payment.version, payment.state is PaymentState.DELETED, payment.inferred, payment.seen_at or now)


def _note_seen(row: Payment, payment: SourcePayment, now: datetime) -> None:
    """Seen unchanged, later than we knew: an earlier failure to find it no longer counts."""
    is_the_same = payment.version == row.version and PaymentState.DELETED not in (payment.state, row.state)
    if is_the_same:
        row.seen_at = max(row.seen_at or now, payment.seen_at or now)


def _note_flaw(row: Payment, payment: SourcePayment, now: datetime) -> bool:
    """Notes that a newer picture shows too little; its content changes nothing. False if that was known."""
    if payment.flaw is None or not tells_of_a_change(_standing(payment, now), row.standing):
        return False
    before = row.state, row.flaw, row.flawed_version
    # We could not find it before, and it is there after all.
    row.state = PaymentState.LIVE.value if row.state == PaymentState.DELETED else row.state
    row.deletion_inferred, row.seen_at = False, payment.seen_at or now
    known = row.flawed_version
    row.flawed_version = payment.version if known is None else max(known, payment.version)
    row.flaw = payment.flaw.value
    if before == (row.state, row.flaw, row.flawed_version):
        return False
    row.updated_at = now
    for allocation in row.allocations:
        allocation.match_due_at = now
    return True


def _new_row(
    organization_id: int, connection_id: int, payment: SourcePayment, heard_at: datetime, now: datetime
) -> Payment:
    return Payment(
        organization_id=organization_id,
        connection_id=connection_id,
        external_id=payment.external_id,
        version=payment.version,
        total=Decimal(0),
        live_total=Decimal(0),
        unapplied=Decimal(0),
        first_seen_at=now,
        heard_at=heard_at,
        allocations=[],
    )


def _store(row: Payment, payment: SourcePayment, now: datetime) -> None:
    after = diff_allocations(_known_values(row), payment)
    row.state, row.changed_at, row.updated_at = payment.state.value, payment.changed_at, now
    row.deletion_inferred, row.seen_at = payment.inferred, payment.seen_at or now
    if payment.flaw is not None:
        # We have nothing whole of it yet: any whole picture, of this version or a later one, replaces this.
        row.flaw, row.flawed_version, row.version = payment.flaw.value, payment.version, _NEVER_WHOLE
    else:
        if _is_as_new(payment, row):
            row.flaw = row.flawed_version = None
        row.version = max(row.version, payment.version)
    if payment.state is not PaymentState.DELETED or row.customer_id is None:
        # A tombstone has no fields: the last known values stay readable.
        row.paid_on, row.currency = payment.paid_on, payment.currency
        row.listed_on = payment.paid_on or row.first_seen_at.date()
        row.total = payment.total if is_storable(payment.total) else Decimal(0)
        if payment.state is not PaymentState.VOIDED:
            row.live_total = row.total
        row.unapplied = payment.unapplied if is_storable(payment.unapplied) else Decimal(0)
        row.customer_id, row.customer_name = payment.customer_id, payment.customer_name[:_CUSTOMER_CHARACTERS_MAX]
        row.reference, row.note = payment.reference[:_REFERENCE_CHARACTERS_MAX], payment.note
    _store_allocations(row, after, now)


def _is_as_new(payment: SourcePayment, row: Payment) -> bool:
    flawed = row.flawed_version
    return payment.state is PaymentState.DELETED or flawed is None or payment.version >= flawed


def _known_values(row: Payment) -> dict[AllocationKey, AllocationValue]:
    return {
        (AllocationKind(one.kind), one.document_id): AllocationValue(
            one.amount, Reason(one.problem) if one.problem else None, one.removed
        )
        for one in row.allocations
    }


def _store_allocations(row: Payment, after: Mapping[AllocationKey, AllocationValue], now: datetime) -> None:
    rows = {(AllocationKind(one.kind), one.document_id): one for one in row.allocations}
    for key, value in after.items():
        allocation = rows.get(key)
        if allocation is None:
            allocation = Allocation(organization_id=row.organization_id, kind=key[0].value, document_id=key[1])
            row.allocations.append(allocation)
        allocation.amount = value.amount
        allocation.problem = value.problem.value if value.problem else None
        allocation.removed = value.removed
        # Unchanged allocations too: the payment's date, state or currency may have changed.
        allocation.match_due_at = now
