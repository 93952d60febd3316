"""Reads some invoices in depth, in both systems: as they stand now, with every payment. It decides nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.base import Failure, Got
from connectors.reconciling import Reading
from domain.comparing.sides import BothSides, NotRead, TargetSide, WhyNotRead
from domain.reconciliation.documents import Evidence, SourceStanding, TargetStanding
from domain.reconciliation.pairing import Pair
from domain.reconciliation.standings import statement, target_invoice
from domain.reconciliation.untrusted import Untrusted
from domain.records import SourcePayment, TargetPayment
from models.invoice_facts import stored_parts_of
from models.invoice_links import links_between
from tasks.reconcile.asking import Trouble
from tasks.reconcile.reading import Sides


@dataclass(frozen=True, slots=True)
class Examined:
    """One invoice in depth.

    Attributes:
        listed: as the lists had it.
        pair: as it is now; a side that was not read is as it was listed.
        was_linked: our records say that both systems have, or had, this invoice.
    """

    listed: Pair
    pair: Pair
    sides: BothSides
    was_linked: bool

    @property
    def names(self) -> frozenset[str]:
        return self.listed.names | self.pair.names


@dataclass(slots=True)
class Depth:
    """What a batch has brought.

    Attributes:
        payments: every payment of the source to which one of the invoices is linked, by its id.
        taken_off: payments that we hold on one of the invoices, and that the source no longer links to it.
    """

    examined: list[Examined] = field(default_factory=list)
    payments: dict[str, SourcePayment] = field(default_factory=dict)
    taken_off: set[str] = field(default_factory=set)
    metered_reads: int = 0
    calls: int = 0

    def spent(self, evidence: Evidence) -> None:
        self.metered_reads += evidence.metered_reads
        self.calls += evidence.calls


def examine(sides: Sides, pairs: Sequence[Pair]) -> Depth | Trouble:
    """Reads these invoices in as few calls as possible; only the target's payments take one call for each invoice."""
    return _Examination(sides, pairs).read()


S = TypeVar("S", SourceStanding, TargetStanding)


class _Found(Generic[S]):
    """The invoices that one system gave."""

    def __init__(self, invoices: Iterable[S]) -> None:
        self._by_id: dict[str, S] = {one.external_id: one for one in invoices}
        self._by_number: dict[str, list[S]] = defaultdict(list)
        for one in self._by_id.values():
            self._by_number[one.number].append(one)

    def at(self, invoice_id: str | None, number: str, *, is_linked: bool) -> S | NotRead:
        """The invoice by its id, or the only one with the number. A link needs no number."""
        alike = self._by_number.get(number, []) if number else []
        if not is_linked and len(alike) > 1:
            return NotRead(WhyNotRead.AMBIGUOUS)
        if invoice_id is not None:
            return self._by_id.get(invoice_id) or NotRead(WhyNotRead.GONE)
        return alike[0] if alike else NotRead(WhyNotRead.NOT_FOUND)


class _Examination:
    """One batch, question by question: each method asks one of them, or says why it could not."""

    def __init__(self, sides: Sides, pairs: Sequence[Pair]) -> None:
        self._sides = sides
        self._pairs = pairs
        self._depth = Depth()
        self._database = sides.source.context.database
        source_ids = {one.ids[0] for one in pairs if one.ids[0] is not None}
        target_ids = {one.ids[1] for one in pairs if one.ids[1] is not None}
        with self._database.reading() as session:
            self._links = links_between(session, sides.organization_id, source_ids, target_ids)
        self._back: Mapping[str, str] = {target_id: source_id for source_id, target_id in self._links.items()}
        self._sources: _Found[SourceStanding] = _Found(())
        self._targets: _Found[TargetStanding] = _Found(())
        self._lists: dict[str, tuple[TargetPayment, ...]] = {}

    def read(self) -> Depth | Trouble:
        steps: tuple[Callable[[], Trouble | None], ...] = (
            self._read_sources,
            self._read_targets,
            self._read_payments,
            self._list_payments,
        )
        for step in steps:
            trouble = step()
            if trouble is not None:
                return trouble
        self._put_together()
        return self._depth

    # --- which invoices are meant ---

    def _source_id(self, pair: Pair) -> str | None:
        source_id, target_id = pair.ids
        return source_id or self._back.get(target_id or "")

    def _target_id(self, pair: Pair) -> str | None:
        source_id, target_id = pair.ids
        return target_id or self._links.get(source_id or "")

    def _is_linked(self, pair: Pair) -> bool:
        linked = self._links.get(self._source_id(pair) or "")
        return linked is not None and linked == self._target_id(pair)

    def _source(self, pair: Pair) -> SourceStanding | NotRead:
        return self._sources.at(self._source_id(pair), pair.number, is_linked=self._is_linked(pair))

    def _target(self, pair: Pair) -> TargetStanding | NotRead:
        return self._targets.at(self._target_id(pair), pair.number, is_linked=self._is_linked(pair))

    # --- the questions ---

    def _read_sources(self) -> Trouble | None:
        ids = {found for one in self._pairs if (found := self._source_id(one)) is not None}
        numbers = {one.number for one in self._pairs if self._source_id(one) is None} - {""}
        read = self._sides.source.ask(lambda system: system.read_standings(ids, numbers))
        if isinstance(read, Trouble):
            return read
        self._depth.spent(read.evidence)
        self._sources, self._source_read_at = _Found(read.invoices), read.evidence.read_at
        return None

    def _read_targets(self) -> Trouble | None:
        ids = {found for one in self._pairs if (found := self._target_id(one)) is not None}
        # Also of the pairs that only their number has brought together: another invoice may have it as well.
        numbers = {one.number for one in self._pairs if not self._is_linked(one)} - {""}
        read = self._sides.target.ask(lambda system: system.read_standings(ids, numbers))
        if isinstance(read, Trouble):
            return read
        self._depth.spent(read.evidence)
        self._targets = _Found([one for one in read.invoices if not one.is_credit_memo])
        self._target_read_at = read.evidence.read_at
        missing = ids - {one.external_id for one in read.invoices}
        if not missing:
            return None
        # Our records know them: are they gone, or does the target show us a part only?
        return self._sides.target.ask(lambda system: _answered(system.why_hidden(missing)))

    def _read_payments(self) -> Trouble | None:
        there = [one for one in map(self._source, self._pairs) if isinstance(one, SourceStanding)]
        linked = {payment_id for one in there for payment_id in one.payment_ids}
        if not linked:
            return None
        read = self._sides.source.ask(lambda system: system.read_payments(linked))
        if isinstance(read, Trouble):
            return read
        self._depth.spent(read.evidence)
        self._depth.payments = {one.external_id: one for one in read.payments}
        return None

    def _list_payments(self) -> Trouble | None:
        for target in map(self._target, self._pairs):
            if isinstance(target, NotRead) or target.external_id in self._lists or _is_untouched(target):
                continue
            invoice_id = target.external_id
            listed = self._sides.target.ask(lambda system, one=invoice_id: system.list_payments(one))  # type: ignore[misc]
            if isinstance(listed, Trouble):
                return listed
            self._depth.calls += 1
            self._lists[invoice_id] = listed
        return None

    # --- the answers ---

    def _put_together(self) -> None:
        source_ids = {found for one in self._pairs if (found := self._source_id(one)) is not None}
        target_ids = {found for one in self._pairs if (found := self._target_id(one)) is not None}
        sources = {one: self._source(one) for one in self._pairs}
        targets = {one: self._target(one) for one in self._pairs}
        source_ids |= {one.external_id for one in sources.values() if isinstance(one, SourceStanding)}
        target_ids |= {one.external_id for one in targets.values() if isinstance(one, TargetStanding)}
        with self._database.reading() as session:
            stored = stored_parts_of(session, self._sides.organization_id, source_ids, target_ids)
        for pair in self._pairs:
            source, target = sources[pair], targets[pair]
            now = Pair(
                source if isinstance(source, SourceStanding) else pair.source,
                target if isinstance(target, TargetStanding) else pair.target,
            )
            known = stored.of_invoice(now.ids[0] or self._source_id(pair), now.ids[1] or self._target_id(pair))
            both = BothSides(
                source
                if isinstance(source, NotRead)
                else statement(source, self._depth.payments.values(), self._source_read_at),
                target
                if isinstance(target, NotRead)
                else TargetSide(target_invoice(target), self._lists.get(target.external_id, ())),
                known,
                self._source_read_at,
                self._target_read_at,
            )
            if isinstance(source, SourceStanding):
                held = {one.payment_id for one in known if one.live}
                self._depth.taken_off |= held - set(source.payment_ids)
            was_linked = self._is_linked(pair) or any(one.claim is not None for one in known)
            self._depth.examined.append(Examined(pair, now, both, was_linked))


def _answered(hidden: Untrusted | Failure | None) -> Reading[None]:
    return Got(None) if hidden is None else hidden


def _is_untouched(target: TargetStanding) -> bool:
    """Nothing was ever applied to it: what it comes to is what is open."""
    return target.total == target.balance and not target.payments and not target.credits
