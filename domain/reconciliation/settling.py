"""What becomes of the known breaks after a run: new, changed, opened again, explained, resolved, or still accepted.

A run speaks only for the invoices that it has compared; the breaks of the others stay as they are. Nothing is ever
closed by a run that could not read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.reconciliation.breaks import Break, BreakKind
from domain.reconciliation.roll_forward import Standing


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's word that a difference may stay.

    Attributes:
        share_max: up to how much, in the break's currency, either way; never a blanket word.
        until: the last day on which it holds; None: until a number changes.
        source_amount, target_amount: what both sides said when it was accepted.
    """

    share_max: Decimal
    until: date | None
    source_amount: Decimal | None
    target_amount: Decimal | None

    def covers(self, found: Break, today: date) -> bool:
        """Any other number opens the break again, and so does the end of its time."""
        same = (self.source_amount, self.target_amount) == (found.source_amount, found.target_amount)
        return same and abs(found.share) <= self.share_max and (self.until is None or today <= self.until)


@dataclass(frozen=True, slots=True)
class KnownBreak:
    """A break as an earlier run left it, or a person."""

    found: Break
    standing: Standing
    acceptance: Acceptance | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be stored about one break; `is_step`: this is news, and becomes an entry of its history."""

    found: Break
    standing: Standing
    is_step: bool


def standing_of(found: Break) -> Standing:
    return Standing.EXPLAINED if found.is_explained else Standing.OPEN


def settle(
    known: Mapping[str, KnownBreak], found: Iterable[Break], gone: Collection[str], today: date
) -> tuple[Settled, ...]:
    """Compares what a run found with what was known.

    Args:
        known: by subject, those of the compared invoices; resolved ones as well.
        gone: subjects that the run has looked at and did not find any more.
    """
    settled = [_settle(known.get(one.subject), one, today) for one in found]
    for subject in sorted(gone):
        before = known.get(subject)
        if before is not None and before.standing is not Standing.GONE:
            settled.append(Settled(before.found, Standing.GONE, is_step=True))
    return tuple(settled)


def _settle(before: KnownBreak | None, found: Break, today: date) -> Settled:
    standing = standing_of(found)
    if before is None:
        return Settled(found, standing, is_step=True)
    if before.standing is Standing.ACCEPTED and before.acceptance is not None and _still_holds(before, found, today):
        standing = Standing.ACCEPTED
    changed = (before.standing, *_numbers(before.found)) != (standing, *_numbers(found))
    return Settled(found, standing, is_step=changed)


def _numbers(found: Break) -> tuple[object, ...]:
    """What is news if it changes: the amounts as well, for both may move by the same."""
    return found.kind, found.share, found.source_amount, found.target_amount


def _still_holds(before: KnownBreak, found: Break, today: date) -> bool:
    if before.acceptance is None or found.kind is BreakKind.NOT_COMPARABLE:
        return False
    return before.found.kind is found.kind and before.acceptance.covers(found, today)
