"""How many payments both sides have in a stretch of time, and when two counts may be called the same.

The source counts its payments whose last change is in the stretch; we count those that we hold. Both change while we
look: a payment that is changed or deleted after the stretch leaves it on both sides, but not at the same moment. So one
count is three numbers: ours, the source's, and ours once more after the next catch-up has told us everything up to a
later moment than the source's count. Only if all three are the same was nothing on its way.

What the source counted is what we hold, plus what left the stretch meanwhile, plus what we do not know, minus what we
hold although it is gone. With our own two numbers the same, nothing that we knew has left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A stretch that does not hold still is counted so often, and then said to be undecided.
COUNTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Count:
    """One count of both sides.

    Attributes:
        counted_at: when the source was asked, by our clock.
        source: how many payments the source counted.
        held_before: how many we held just before; `held_after`: after the next catch-up, None until then.
        incomplete: how many of ours came in a newer picture that shows too little: in which second it was changed is
            not known.
        heard_until: the source's clock up to which that catch-up brought everything.
    """

    counted_at: datetime
    source: int
    held_before: int
    incomplete: int
    heard_until: datetime | None = None
    held_after: int | None = None
    compared_at: datetime | None = None

    @property
    def outcome(self) -> "CountOutcome":
        if self.held_after is None:
            return CountOutcome.PENDING
        if self.held_before != self.held_after:
            return CountOutcome.MOVED
        return CountOutcome.AGREES if self.source == self.held_after else CountOutcome.DIFFERS

    @property
    def more_at_source(self) -> int:
        """How many more the source has than we hold; below zero if it has fewer."""
        return self.source - (self.held_before if self.held_after is None else self.held_after)


class CountOutcome(StrEnum):
    # The next catch-up has not come yet.
    PENDING = "pending"
    # Our own number changed meanwhile: the count says nothing.
    MOVED = "moved"
    AGREES = "agrees"
    DIFFERS = "differs"


COUNT_LABELS = {
    CountOutcome.PENDING: "waits for the next catch-up",
    CountOutcome.MOVED: "ours changed meanwhile; counted again",
    CountOutcome.AGREES: "the same",
    CountOutcome.DIFFERS: "not the same",
}


class AfterCount(StrEnum):
    """What follows a count."""

    # Ask the source which payments it has there; unknown ones are read.
    LOOK = "look"
    COUNT_AGAIN = "count_again"
    DONE = "done"


def after_count(counts: Sequence[Count]) -> AfterCount:
    """What follows the last of these counts, all of one round and oldest first; the last one was compared."""
    match counts[-1].outcome:
        case CountOutcome.AGREES | CountOutcome.PENDING:
            return AfterCount.DONE
        case CountOutcome.DIFFERS if _is_confirmed(counts):
            return AfterCount.DONE
        case CountOutcome.DIFFERS if sum(one.outcome is CountOutcome.DIFFERS for one in counts) == 1:
            return AfterCount.LOOK
        case CountOutcome.DIFFERS | CountOutcome.MOVED:
            return AfterCount.COUNT_AGAIN if len(counts) < COUNTS_MAX else AfterCount.DONE


@dataclass(frozen=True, slots=True)
class Agreed:
    """Both sides have the same number."""

    count: Count


@dataclass(frozen=True, slots=True)
class Differs:
    """Two counts in a row, with a look between them, have shown the same difference."""

    count: Count


@dataclass(frozen=True, slots=True)
class Undecided:
    """The numbers changed each time."""

    count: Count


@dataclass(frozen=True, slots=True)
class NotCounted:
    """There is no count that was compared."""


Counted = Agreed | Differs | Undecided | NotCounted


def counted(counts: Sequence[Count]) -> Counted:
    """What the counts of one round say, oldest first."""
    if not counts or counts[-1].outcome is CountOutcome.PENDING:
        return NotCounted()
    if counts[-1].outcome is CountOutcome.AGREES:
        return Agreed(counts[-1])
    return Differs(counts[-1]) if _is_confirmed(counts) else Undecided(counts[-1])


def _is_confirmed(counts: Sequence[Count]) -> bool:
    """Whether the last two show the same difference, so that it is no matter of the moment."""
    last = counts[-2:]
    differ = [one.more_at_source for one in last if one.outcome is CountOutcome.DIFFERS]
    return len(differ) == len(last) > 1 and differ[0] == differ[1]
