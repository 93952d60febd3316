"""What the lists of both sides settle by themselves, and what has to be read in depth."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.comparing.sides import KnownPart
from domain.reconciliation.breaks import Break
from domain.reconciliation.from_lists import agree_by_sums, explained_by_sums
from domain.reconciliation.pairing import Pair
from domain.reconciliation.standings import source_invoice, target_invoice


@dataclass(frozen=True, slots=True)
class Sifted:
    """Every pair in exactly one place.

    Attributes:
        agreed: total, balance and currency are the same on both sides.
        explained: they differ, and our own decisions explain every cent of it.
        unclear: to be read in depth: they differ, or only one side is in the lists.
    """

    agreed: tuple[Pair, ...]
    explained: tuple[tuple[Pair, tuple[Break, ...]], ...]
    unclear: tuple[Pair, ...]


def differ_by_sums(pairs: Iterable[Pair], read_at: datetime) -> tuple[Pair, ...]:
    """Those that are whole and do not agree: only about these our own records have to be asked."""
    return tuple(one for one in pairs if one.is_whole and not _agrees(one, read_at))


def sift(pairs: Iterable[Pair], known: Callable[[Pair], Sequence[KnownPart]], read_at: datetime) -> Sifted:
    """Puts each pair where it belongs.

    Args:
        known: what our own records say about the payments of an invoice; asked only where the sums differ.
        read_at: when the lists were read.
    """
    agreed, explained, unclear = [], [], []
    for pair in pairs:
        if _agrees(pair, read_at):
            agreed.append(pair)
            continue
        breaks = _explained(pair, known, read_at)
        if breaks is None:
            unclear.append(pair)
        else:
            explained.append((pair, breaks))
    return Sifted(tuple(agreed), tuple(explained), tuple(unclear))


def _agrees(pair: Pair, read_at: datetime) -> bool:
    if pair.source is None or pair.target is None:
        return False
    return agree_by_sums(source_invoice(pair.source, read_at), target_invoice(pair.target))


def _explained(pair: Pair, known: Callable[[Pair], Sequence[KnownPart]], read_at: datetime) -> tuple[Break, ...] | None:
    if pair.source is None or pair.target is None:
        return None
    source, target = source_invoice(pair.source, read_at), target_invoice(pair.target)
    return explained_by_sums(source, target, known(pair), pair.name, read_at)
