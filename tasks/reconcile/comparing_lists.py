"""Compares the lists of both sides by their sums and by what is stored; only reads the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.reconciliation.breaks import Break, number_not_unique
from domain.reconciliation.pairing import Pair, pair_up
from domain.reconciliation.sifting import Sifted, differ_by_sums, sift
from domain.reconciliation.standings import open_invoices
from models.invoice_facts import stored_parts_of
from models.invoice_links import links_between
from models.reconciliation_breaks import one_sided_before, open_elsewhere
from tasks.reconcile.reading import Lists
from tasks.reconcile.storing import Compared


@dataclass(frozen=True, slots=True)
class ListsCompared:
    """What the lists have led to.

    Attributes:
        settled: compared, with their breaks; none where both sides agree.
        unclear: to be read in depth. Also invoices with a known break that are in no list any more.
        pairs: every invoice of the lists.
    """

    settled: Sequence[Compared]
    unclear: Sequence[Pair]
    pairs: Sequence[Pair]


def compare_lists(session: Session, organization_id: int, lists: Lists) -> ListsCompared:
    """Pairs the invoices, and asks our own records only about those whose sums differ."""
    read_at = lists.source.evidence.read_at
    # Where an invoice is in both, what is open counts, and not the history that was read a moment later.
    opened = open_invoices(lists.source.documents)
    ids, numbers = {one.external_id for one in opened}, {one.number for one in opened if not one.external_id}
    earlier = [one for one in lists.history if one.external_id not in ids and one.number not in numbers]
    sources = [*opened, *earlier]
    targets = {one.external_id: one for one in (*lists.history_targets, *lists.target.invoices)}
    links = links_between(session, organization_id, {one.external_id for one in sources}, targets.keys())
    pairs = pair_up(sources, targets.values(), links)
    different = differ_by_sums(pairs, read_at)
    stored = stored_parts_of(
        session,
        organization_id,
        {one.ids[0] for one in different if one.ids[0] is not None},
        {one.ids[1] for one in different if one.ids[1] is not None},
    )
    sifted = sift(pairs, lambda one: stored.of_invoice(*one.ids), read_at)
    settled, unclear = _settled(sifted, one_sided_before(session, organization_id), links, read_at)
    elsewhere = open_elsewhere(session, organization_id, {name for one in pairs for name in one.names})
    return ListsCompared(settled, [*unclear, *elsewhere], pairs)


def _settled(
    sifted: Sifted, before: Mapping[str, Break], links: Mapping[str, str], read_at: datetime
) -> tuple[list[Compared], list[Pair]]:
    """What needs no reading in depth, and the rest.

    An invoice of one side only that is paid, and was never linked, keeps nothing apart: the history is full of them
    where not everything is billed in both. One that is open, and was that before with the same balance, is looked for
    again once a week: there may be thousands of them, and a look is metered.
    """
    settled = [Compared(one, one.names, ()) for one in sifted.agreed]
    settled += [Compared(pair, pair.names, breaks) for pair, breaks in sifted.explained]
    unclear = []
    for pair in sifted.unclear:
        known = before.get(pair.name)
        if pair.rivals:
            settled.append(Compared(pair, pair.names, (number_not_unique(pair),)))
        elif _is_paid_on_its_own(pair, links):
            settled.append(Compared(pair, pair.names, ()))
        elif known is not None and _is_as_before(pair, known) and not _is_its_day(pair.name, read_at):
            settled.append(Compared(pair, pair.names, (known,)))
        else:
            unclear.append(pair)
    return settled, unclear


def _is_paid_on_its_own(pair: Pair, links: Mapping[str, str]) -> bool:
    source, target = pair.source, pair.target
    if source is not None and target is None:
        return not source.balance and source.external_id not in links
    if target is not None and source is None:
        return not target.balance and target.external_id not in links.values()
    return False


def _is_as_before(pair: Pair, known: Break) -> bool:
    return (known.source_amount, known.target_amount) == (
        pair.source.balance if pair.source is not None else None,
        pair.target.balance if pair.target is not None else None,
    )


def _is_its_day(name: str, day: datetime) -> bool:
    return sum(name.encode()) % 7 == day.weekday()
