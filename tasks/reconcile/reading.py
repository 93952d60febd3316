"""The lists of both sides: everything that is open, and the next piece of the history. It decides nothing."""

from dataclasses import dataclass
from datetime import date

from connectors.reconciling import ReconciledSource, ReconciledTarget
from domain.reconciliation.documents import BooksOpen, Evidence, SourceStanding, TargetOpen, TargetStanding
from models.invoice_links import links_between
from tasks.reconcile.asking import Side, Trouble


@dataclass(frozen=True, slots=True)
class Sides:
    """Both systems, as one run asks them."""

    source: Side[ReconciledSource]
    target: Side[ReconciledTarget]

    @property
    def organization_id(self) -> int:
        return self.source.connection.organization_id


@dataclass(frozen=True, slots=True)
class Lists:
    """What both sides say.

    Attributes:
        history: the next invoices of the whole history, paid or not, and their counterparts.
        history_after: where the next run goes on; None: with the first invoice again.
    """

    source: BooksOpen
    target: TargetOpen
    history: tuple[SourceStanding, ...]
    history_targets: tuple[TargetStanding, ...]
    history_after: str | None
    metered_reads: int
    calls: int


def read_lists(sides: Sides, today: date, history_after: str | None, history_invoices: int) -> Lists | Trouble:
    """Reads both sides, the one right after the other.

    Args:
        history_invoices: how many of the history to read; zero for none.
    """
    source = sides.source.ask(lambda system: system.read_open(today))
    if isinstance(source, Trouble):
        return source
    target = sides.target.ask(lambda system: system.read_open())
    if isinstance(target, Trouble):
        return target
    spent = [source.evidence, target.evidence]
    if not history_invoices:
        return Lists(source, target, (), (), history_after, *_sums(spent))
    part = sides.source.ask(lambda system: system.read_invoice_slice(history_after, history_invoices))
    if isinstance(part, Trouble):
        return part
    spent.append(part.evidence)
    ids = {one.external_id for one in part.invoices}
    with sides.source.context.database.reading() as session:
        links = links_between(session, sides.organization_id, ids, ())
    numbers = {one.number for one in part.invoices if one.external_id not in links and one.number}
    counterparts = sides.target.ask(lambda system: system.read_standings(set(links.values()), numbers))
    if isinstance(counterparts, Trouble):
        return counterparts
    spent.append(counterparts.evidence)
    return Lists(source, target, part.invoices, counterparts.invoices, part.next_after, *_sums(spent))


def _sums(spent: list[Evidence]) -> tuple[int, int]:
    return sum(one.metered_reads for one in spent), sum(one.calls for one in spent)
