"""Which payments belong together: by our ledger first; what is left by amount and date, and then only perhaps."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.comparing.parts import Nature, SourcePart, parts_of, stored_parts
from domain.comparing.rows import Row, RowKind
from domain.comparing.sides import KnownPart, NotRead, TargetSide
from domain.records import InvoiceStatement, TargetPayment
from domain.status import PaymentStatus

_NOTHING = Decimal(0)


def paired(
    parts: Sequence[SourcePart],
    unread_ids: Sequence[str],
    payments: Sequence[TargetPayment],
    known: Sequence[KnownPart],
    *,
    by_amount: bool,
) -> tuple[Row, ...]:
    """All parts and payments, each in exactly one row.

    Args:
        unread_ids: payments of the source that could not be read.
        by_amount: whether an equal amount means anything (it does not between two currencies).
    """
    left = _left(parts, payments, known)
    rows = [*_by_ledger(left, known)]
    settled = tuple(row.target for row in rows if row.target is not None)
    if by_amount:
        rows += _perhaps_same(left)
    rows += [_at_source(part, left.known.get(part.payment_id)) for part in left.parts]
    rows += [Row(RowKind.UNREADABLE, unread_id=one, known=left.known_of(one)) for one in unread_ids]
    rows += [_at_target(payment, settled) for payment in left.payments]
    return tuple(sorted(rows, key=_by_day))


def rows_of_one_side(
    source: InvoiceStatement | NotRead, target: TargetSide | NotRead, known: Sequence[KnownPart]
) -> tuple[Row, ...]:
    """What can be shown while a side is missing; what we have stored stands in for the source, and compares nothing."""
    parts = stored_parts(known) if isinstance(source, NotRead) else parts_of(source)
    payments = () if isinstance(target, NotRead) else target.payments
    left = _left(parts, payments, known)
    rows = [Row(RowKind.NOT_COMPARED, (part,), known=left.known_of(part.payment_id)) for part in left.parts]
    claimed = {one.claim.target_payment_id: one for one in known if one.claim is not None}
    rows += [
        Row(RowKind.NOT_COMPARED, target=one, known=(claimed[one.external_id],) if one.external_id in claimed else ())
        for one in left.payments
    ]
    return tuple(sorted(rows, key=_by_day))


@dataclass
class _Left:
    """What is in no row yet."""

    parts: list[SourcePart]
    payments: list[TargetPayment]
    known: dict[str, KnownPart] = field(default_factory=dict)

    def known_of(self, payment_id: str) -> tuple[KnownPart, ...]:
        return (self.known[payment_id],) if payment_id in self.known else ()

    def take_parts(self, ids: Iterable[str]) -> tuple[SourcePart, ...]:
        wanted = set(ids)
        taken = tuple(one for one in self.parts if one.payment_id in wanted)
        self.parts = [one for one in self.parts if one.payment_id not in wanted]
        return taken

    def take_payment(self, payment_id: str) -> TargetPayment | None:
        taken = next((one for one in self.payments if one.external_id == payment_id), None)
        self.payments = [one for one in self.payments if one is not taken]
        return taken


def _left(parts: Sequence[SourcePart], payments: Sequence[TargetPayment], known: Sequence[KnownPart]) -> _Left:
    # A payment may have two parts here: one that it was moved away from, and one that is on the invoice now.
    by_payment = {one.payment_id: one for one in sorted(known, key=lambda one: one.live)}
    return _Left(list(parts), list(payments), by_payment)


def _by_ledger(left: _Left, known: Sequence[KnownPart]) -> Iterable[Row]:
    claims: dict[str, list[KnownPart]] = defaultdict(list)
    for one in known:
        if one.claim is not None:
            claims[one.claim.target_payment_id].append(one)
    for payment_id, claiming in claims.items():
        parts = left.take_parts(one.payment_id for one in claiming if left.known[one.payment_id] is one)
        target = left.take_payment(payment_id)
        if target is not None:
            yield Row(_kind_of_pair(parts, target), parts, target, tuple(claiming))
        elif parts:
            yield Row(RowKind.MISSING_AT_TARGET, parts, None, tuple(claiming), missing_id=payment_id)


def _kind_of_pair(parts: Sequence[SourcePart], target: TargetPayment) -> RowKind:
    if not parts:
        return RowKind.LEFT_AT_TARGET
    if sum((part.amount for part in parts), _NOTHING) != target.amount:
        return RowKind.AMOUNT_DIFFERS
    # One payment for several parts can have the date of only one of them.
    return RowKind.SAME if target.paid_on in {part.paid_on for part in parts} else RowKind.DATE_DIFFERS


def _perhaps_same(left: _Left) -> Iterable[Row]:
    """Money by amount and date. Credits by their amount: each system applies them on a day of its own."""
    yield from _perhaps(
        left,
        lambda part: (part.amount, part.paid_on) if part.nature is Nature.MONEY and part.paid_on else None,
        lambda payment: None if payment.foreign else (payment.amount, payment.paid_on),
    )
    yield from _perhaps(
        left,
        lambda part: part.amount if part.nature is Nature.CREDIT else None,
        lambda payment: payment.amount if payment.credit else None,
    )


def _perhaps(
    left: _Left,
    mark_of_part: Callable[[SourcePart], Hashable | None],
    mark_of_payment: Callable[[TargetPayment], Hashable | None],
) -> Iterable[Row]:
    for part in list(left.parts):
        mark = mark_of_part(part)
        alike = [one for one in left.payments if mark is not None and mark_of_payment(one) == mark]
        if alike:
            left.take_parts([part.payment_id])
            left.take_payment(alike[0].external_id)
            yield Row(RowKind.PERHAPS_SAME, (part,), alike[0], left.known_of(part.payment_id))


def _at_source(part: SourcePart, known: KnownPart | None) -> Row:
    if part.nature is not Nature.MONEY:
        return Row(RowKind.CREDIT_AT_SOURCE, (part,), known=(known,) if known else ())
    if known is None:
        return Row(RowKind.NOT_HEARD_OF, (part,))
    return Row(_kind_without_counterpart(known), (part,), known=(known,))


def _kind_without_counterpart(known: KnownPart) -> RowKind:
    match known.status:
        case PaymentStatus.SKIPPED:
            return RowKind.SKIPPED
        case PaymentStatus.NEEDS_ATTENTION | PaymentStatus.WAITING:
            return RowKind.HELD
        case PaymentStatus.ON_ITS_WAY | PaymentStatus.SYNCED:
            # "Synced" without a payment at the target: it was taken back, and the source has it again since.
            return RowKind.ON_ITS_WAY


def _at_target(payment: TargetPayment, settled: Sequence[TargetPayment]) -> Row:
    if payment.credit:
        return Row(RowKind.CREDIT_AT_TARGET, target=payment)
    if payment.foreign:
        return Row(RowKind.OF_TARGETS_OWN_PRODUCT, target=payment)
    alike = any((one.amount, one.paid_on) == (payment.amount, payment.paid_on) for one in settled)
    return Row(RowKind.PERHAPS_TWICE if alike else RowKind.TYPED_AT_TARGET, target=payment)


def _by_day(row: Row) -> tuple[str, str]:
    """The oldest date first; the ids only keep the order the same each time."""
    days = [one.paid_on for one in (*row.parts, *((row.target,) if row.target else ())) if one.paid_on is not None]
    ids = [*(part.payment_id for part in row.parts), row.target.external_id if row.target else "", row.unread_id]
    return (min(days).isoformat() if days else "9999", " ".join(ids))
