"""Which invoice of the target is which of the source: by the stored link first, then by a number that is unique.

Only that decides what is compared with what; whether it is the same invoice, the comparison itself says.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain.reconciliation.documents import SourceStanding, TargetStanding


@dataclass(frozen=True, slots=True)
class Pair:
    """One invoice; None for a side on which it was not found.

    Attributes:
        rivals: other invoices of the same number, on either side: then nobody can tell which one is meant.
    """

    source: SourceStanding | None
    target: TargetStanding | None
    rivals: int = 0

    @property
    def number(self) -> str:
        return self.source.number if self.source is not None else self.target.number if self.target is not None else ""

    @property
    def name(self) -> str:
        """Names the invoice within the organization, the same in each run: by the source's id where it is known."""
        if self.source is not None:
            return f"source:{self.source.external_id}" if self.source.external_id else f"number:{self.source.number}"
        return f"target:{self.target.external_id}" if self.target is not None else ""

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """The source's id and the target's; None where one is not known. A report may tell an invoice's number only."""
        return (
            (self.source.external_id or None) if self.source is not None else None,
            self.target.external_id if self.target is not None else None,
        )

    @property
    def names(self) -> frozenset[str]:
        """Every name under which this invoice may have been known while only one side of it was."""
        at_target = {f"target:{self.target.external_id}"} if self.target is not None else set()
        return frozenset({self.name, *at_target} - {""})

    @property
    def is_whole(self) -> bool:
        return self.source is not None and self.target is not None


def pair_up(
    sources: Iterable[SourceStanding], targets: Iterable[TargetStanding], links: Mapping[str, str]
) -> tuple[Pair, ...]:
    """Every invoice of both sides, each in exactly one pair: the linked ones, then by number, then the rest.

    Args:
        links: the target's id by the source's id, as our records have it.
    """
    left_targets = {one.external_id: one for one in targets if not one.is_credit_memo}
    linked: list[Pair] = []
    left_sources: list[SourceStanding] = []
    for one in sources:
        target = left_targets.pop(links.get(one.external_id, ""), None)
        if target is None:
            left_sources.append(one)
        else:
            linked.append(Pair(one, target))
    return (*linked, *_by_number(left_sources, tuple(left_targets.values())))


def _by_number(sources: Sequence[SourceStanding], targets: Sequence[TargetStanding]) -> Iterable[Pair]:
    source_numbers, target_numbers = _numbered(sources), _numbered(targets)
    for number, here in source_numbers.items():
        there = target_numbers.get(number, []) if number else []
        rivals = len(here) + len(there) - 2 if there else 0
        if len(here) == len(there) == 1:
            yield Pair(here[0], there[0])
        else:
            yield from (Pair(one, None, rivals) for one in here)
    for number, there in target_numbers.items():
        here = source_numbers.get(number, []) if number else []
        if len(here) == len(there) == 1:
            continue
        rivals = len(here) + len(there) - 2 if here else 0
        yield from (Pair(None, one, rivals) for one in there)


T = TypeVar("T", SourceStanding, TargetStanding)


def _numbered(invoices: Iterable[T]) -> dict[str, list[T]]:
    """By number, as it is: the case of a letter or a blank may tell two invoices apart."""
    found: dict[str, list[T]] = defaultdict(list)
    for one in invoices:
        found[one.number].append(one)
    return dict(found)
