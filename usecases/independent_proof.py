"""`prove`: do both systems say the same? Answered without our own tables, by reading the two systems alone.

Called by: the command line.
Does: reads what is open on both sides, and what was paid or changed since a day; then, in depth and by number on both
sides, only the invoices that do not simply agree or that have such a payment. It changes nothing in either system. Of
our database it takes the connections with their secrets, nothing else, and no rule of the engine decides anything.
If a side cannot be read as a whole, nothing is said about agreement.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeVar

from connectors.base import Failure, Got
from connectors.reconciling import Reading, ReconciledSource, ReconciledTarget, as_untrusted
from domain.reasons import Reason
from domain.reconciliation.documents import (
    DocumentKind,
    Evidence,
    OpenDocument,
    SourceStanding,
    TargetStanding,
)
from domain.reconciliation.independent import Disagreement, Nature, Part, Seen, compare, suspects
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.records import AllocationKind, SourcePayment, TargetPayment
from domain.words import Words
from models.organizations import organization_with_connections
from tasks.context import Context
from usecases.patience import patiently

T = TypeVar("T")

# How often a person hears how far a long reading has come.
_TELL_EVERY = 100
# Begins what stands in for the id of an invoice whose report tells none; no id has a blank in it.
_NO_ID = "number "


@dataclass(frozen=True, slots=True)
class OnAccount:
    """What customers owe or are owed in the source beside their invoices; no disagreement, and part of its total."""

    kind: DocumentKind
    currency: str | None
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of comparing.

    Attributes:
        disagreements: empty if the two systems agree.
        invoices: how many invoices were compared, by any side.
        in_depth: for how many of them every payment on both sides was read.
        reads: the metered reads of the source; `calls`: the answers of both systems.
    """

    disagreements: tuple[Disagreement, ...]
    invoices: int
    in_depth: int
    on_account: tuple[OnAccount, ...]
    reads: int
    calls: int
    words: Words


@dataclass(frozen=True, slots=True)
class NotComparable:
    """One system could not be read as a whole, so that nothing can be said.

    Attributes:
        system: its name.
    """

    system: str
    why: Untrusted


class _Stopped(Exception):
    def __init__(self, system: str, why: Untrusted) -> None:
        super().__init__(why.detail)
        self.outcome = NotComparable(system, why)


def prove_agreement(
    context: Context, organization_id: int, since: date, tell: Callable[[str], None]
) -> Proof | NotComparable:
    """Reads both systems and compares them.

    Args:
        since: payments dated or changed before this day are read only where the balances differ.
        tell: hears how far it has come.
    """
    with context.database.reading() as session:
        _, source, target = organization_with_connections(session, organization_id)
    words = context.words([source, target])
    one = context.reconciled_source(source) if source is not None and source.is_active else None
    other = context.reconciled_target(target) if target is not None and target.is_active else None
    if one is None or other is None:
        return NotComparable(words.source if one is None else words.target, Untrusted(WhyUntrusted.NOT_READABLE))
    try:
        return _Proving(context, one, other, words, since, tell).prove()
    except _Stopped as stopped:
        return stopped.outcome


@dataclass(slots=True)
class _Proving:
    """One proof. Seen invoices are kept by id, the latest reading of each."""

    context: Context
    source: ReconciledSource
    target: ReconciledTarget
    words: Words
    since: date
    tell: Callable[[str], None]
    evidence: list[Evidence] = field(default_factory=list)
    payments: dict[str, SourcePayment] = field(default_factory=dict)
    entered_calls: int = 0

    def prove(self) -> Proof:
        documents = self._open_documents()
        paid_ids = self._recent_payments()
        ours = {one.id: one for one in map(_seen_document, documents) if one is not None}
        known = {one.entity_id for one in documents}
        more = self._source_standings(ids=paid_ids - known)
        ours |= {one.external_id: _seen_source(one) for one in more}
        theirs = self._target_invoices()
        ours, theirs = self._with_counterparts(ours, theirs)
        paid_numbers = {one.number for one in ours.values() if one.id in paid_ids}
        deep = suspects(ours.values(), theirs.values()) | paid_numbers
        self.tell(f"{len({one.number for one in (*ours.values(), *theirs.values())})} invoices, {len(deep)} in depth")
        disagreements = self._in_depth(deep, ours, theirs)
        return Proof(
            disagreements=disagreements,
            invoices=len({one.number for one in (*ours.values(), *theirs.values())}),
            in_depth=len(deep),
            on_account=_on_account(documents),
            reads=sum(one.metered_reads for one in self.evidence),
            calls=sum(one.calls for one in self.evidence) + self.entered_calls,
            words=self.words,
        )

    # --- what is open, and what is recent ---

    def _open_documents(self) -> tuple[OpenDocument, ...]:
        self.tell(f"reading what is open in {self.words.source}")
        today = self.context.clock.now().date()
        read = self._ask(self.words.source, lambda: self.source.read_open(today))
        self.evidence.append(read.evidence)
        return read.documents

    def _recent_payments(self) -> set[str]:
        """The invoices that payments since the day are for."""
        self.tell(f"reading the payments since {self.since} in {self.words.source}")
        read = self._ask(self.words.source, lambda: self.source.read_payments_since(self.since))
        self.evidence.append(read.evidence)
        self._keep(read.payments, read.flawed_ids)
        return {
            part.document_id
            for payment in read.payments
            for part in payment.allocations
            if part.kind is AllocationKind.INVOICE and part.document_id
        }

    def _keep(self, payments: Iterable[SourcePayment], flawed_ids: Collection[str]) -> None:
        if flawed_ids:
            detail = f"payment {min(flawed_ids)}"
            raise _Stopped(self.words.source, Untrusted(WhyUntrusted.ROW_UNREADABLE, detail))
        self.payments |= {one.external_id: one for one in payments}

    def _target_invoices(self) -> dict[str, Seen]:
        self.tell(f"reading what is open or has changed in {self.words.target}")
        read = self._ask(self.words.target, self.target.read_open)
        moment = datetime.combine(self.since, time(), UTC)
        changed = self._ask(self.words.target, lambda: self.target.read_changed_since(moment))
        self.evidence += [read.evidence, changed.evidence]
        found = {one.external_id: one for one in (*read.invoices, *changed.invoices)}
        return {one.external_id: _seen_target(one) for one in found.values() if not one.is_credit_memo}

    def _with_counterparts(
        self, ours: Mapping[str, Seen], theirs: Mapping[str, Seen]
    ) -> tuple[dict[str, Seen], dict[str, Seen]]:
        """With the invoices that are closed on one side only."""
        numbers = {one.number for one in ours.values()}, {one.number for one in theirs.values()}
        self.tell("looking for the counterparts of invoices that are open on one side only")
        in_target = self._target_standings(numbers[0] - numbers[1] - {""})
        in_source = self._source_standings(numbers=numbers[1] - numbers[0] - {""})
        return (
            {**ours, **{one.external_id: _seen_source(one) for one in in_source}},
            {**theirs, **{one.external_id: _seen_target(one) for one in in_target}},
        )

    # --- in depth ---

    def _in_depth(
        self, numbers: Collection[str], ours: Mapping[str, Seen], theirs: Mapping[str, Seen]
    ) -> tuple[Disagreement, ...]:
        """Reads these invoices again, all that have one of the numbers, with everything that is on them."""
        wanted = set(numbers) - {""}
        # By id as well: a number may be one that nobody can ask for.
        standings = self._source_standings(_ids_of(ours, wanted), wanted)
        linked = {one for standing in standings for one in standing.payment_ids}
        self._read_payments(linked - self.payments.keys())
        seen = [_seen_source(one, self._parts_of(one)) for one in standings]
        others = []
        for number, standing in enumerate(self._target_standings(wanted, _ids_of(theirs, wanted)), start=1):
            if not standing.is_credit_memo:
                others.append(_seen_target(standing, self._entered_on(standing)))
            if number % _TELL_EVERY == 0:
                self.tell(f"{number} invoices of {self.words.target} in depth")
        if "" in numbers:
            seen += [one for one in ours.values() if not one.number]
            others += [one for one in theirs.values() if not one.number]
        return compare(seen, others, self.since)

    def _read_payments(self, ids: set[str]) -> None:
        if ids:
            read = self._ask(self.words.source, lambda: self.source.read_payments(ids))
            self.evidence.append(read.evidence)
            self._keep(read.payments, read.flawed_ids)
        absent = ids - self.payments.keys()
        if absent:
            detail = f"payment {min(absent)} is on an invoice and was not given"
            raise _Stopped(self.words.source, Untrusted(WhyUntrusted.COUNT_DIFFERS, detail))

    def _parts_of(self, standing: SourceStanding) -> tuple[Part, ...]:
        linked = [self.payments[one] for one in standing.payment_ids if one in self.payments]
        parts = [part for payment in linked for part in _parts_in(payment, standing.external_id)]
        if standing.deposit:
            # Money that was taken on the invoice form; it has no id.
            parts.append(Part("", standing.deposit, standing.dated))
        return tuple(parts)

    def _entered_on(self, standing: TargetStanding) -> tuple[Part, ...]:
        if standing.payments == 0 and standing.credits == 0 and standing.balance == standing.total:
            return ()
        payments = self._ask(self.words.target, lambda: self.target.list_payments(standing.external_id))
        self.entered_calls += 1
        return tuple(map(_part_entered, payments))

    # --- calls ---

    def _source_standings(self, ids: Collection[str] = (), numbers: Collection[str] = ()) -> tuple[SourceStanding, ...]:
        if not ids and not numbers:
            return ()
        read = self._ask(self.words.source, lambda: self.source.read_standings(ids, numbers))
        self.evidence.append(read.evidence)
        return read.invoices

    def _target_standings(self, numbers: Collection[str], ids: Collection[str] = ()) -> tuple[TargetStanding, ...]:
        """Those with exactly one of these numbers, or with one of these ids: some systems find more than that."""
        if not numbers and not ids:
            return ()
        read = self._ask(self.words.target, lambda: self.target.read_standings(ids, numbers))
        self.evidence.append(read.evidence)
        return tuple(one for one in read.invoices if one.number in numbers or one.external_id in ids)

    def _ask(self, system: str, call: Callable[[], Reading[T]]) -> T:
        """The value.

        Raises:
            _Stopped: there is none, and so there is no proof.
        """
        match patiently(self.context, call):
            case Got(value):
                return value
            case Untrusted() as why:
                raise _Stopped(system, why)
            case Failure() as failure:
                raise _Stopped(system, as_untrusted(failure))


def _seen_document(one: OpenDocument) -> Seen | None:
    if one.kind is not DocumentKind.INVOICE:
        return None
    # Where the report tells no ids, the number stands in: nothing but a key until it is read in depth.
    return Seen(one.entity_id or f"{_NO_ID}{one.number}", one.number, one.currency, one.total, one.open_balance)


def _seen_source(one: SourceStanding, parts: tuple[Part, ...] = ()) -> Seen:
    return Seen(one.external_id, one.number, one.currency, one.total, one.balance, parts)


def _seen_target(one: TargetStanding, parts: tuple[Part, ...] = ()) -> Seen:
    return Seen(one.external_id, one.number, one.currency, one.total, one.balance, parts)


def _ids_of(seen: Mapping[str, Seen], numbers: Collection[str]) -> set[str]:
    """The ids that are known for these numbers; what stands in for one is none."""
    return {one.id for one in seen.values() if one.number in numbers and not one.id.startswith(_NO_ID)}


def _parts_in(payment: SourcePayment, invoice_id: str) -> Iterator[Part]:
    """What the payment puts on the invoice; a payment that is linked to it without a line for it is mixed."""
    natures = {Reason.CREDIT_APPLIED: Nature.CREDIT, Reason.MIXED_WITH_CREDIT: Nature.MIXED, None: Nature.MONEY}
    own = [one for one in payment.allocations if one.kind is AllocationKind.INVOICE and one.document_id == invoice_id]
    for part in own:
        # A line that cannot be divided or read has a problem of another kind: it cannot be paired either.
        nature = natures.get(part.problem, Nature.MIXED)
        yield Part(payment.external_id, part.amount, payment.paid_on, nature)
    if not own:
        yield Part(payment.external_id, Decimal(0), payment.paid_on, Nature.MIXED)


def _part_entered(payment: TargetPayment) -> Part:
    nature = Nature.CREDIT if payment.credit else Nature.MONEY
    return Part(payment.external_id, payment.amount, payment.paid_on, nature)


def _on_account(documents: Iterable[OpenDocument]) -> tuple[OnAccount, ...]:
    grouped: dict[tuple[DocumentKind, str | None], list[Decimal]] = {}
    for one in documents:
        if one.kind is not DocumentKind.INVOICE:
            grouped.setdefault((one.kind, one.currency), []).append(one.open_balance)
    return tuple(
        OnAccount(kind, currency, len(amounts), sum(amounts, Decimal(0)))
        for (kind, currency), amounts in sorted(grouped.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    )
