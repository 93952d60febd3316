"""The roll-forward of a period, one for each currency, as accountants write it.

    opening difference + new + changed + reopened - explained - accepted - resolved = closing difference

It is made of the recorded history of each break. Nothing is estimated: the closing difference is what is open at the
end of the period, and must equal the sum of the lines above it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

_NOTHING = Decimal(0)


class Standing(StrEnum):
    """Where a break is in its life."""

    # Not seen yet, or no longer there.
    GONE = "gone"
    # A person has to do something.
    OPEN = "open"
    # Our own decision says why, and what ends it.
    EXPLAINED = "explained"
    # A person took it as it is, with a reason, up to an amount or a day.
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a break's history.

    Attributes:
        subject: names the break.
        at: UTC.
        share: what the break adds to the difference from now on; zero once it is gone.
    """

    subject: str
    at: datetime
    standing: Standing
    share: Decimal
    currency: str | None


class Movement(StrEnum):
    """The lines between the opening and the closing difference; each is added."""

    NEW = "new"
    CHANGED = "changed"
    REOPENED = "reopened"
    EXPLAINED = "explained"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many breaks moved, and by how much that changed the difference that is open."""

    breaks: int = 0
    amount: Decimal = _NOTHING

    def plus(self, amount: Decimal) -> "Moved":
        return Moved(self.breaks + 1, self.amount + amount)


@dataclass(frozen=True, slots=True)
class RollForward:
    """One currency's period; amounts are in that currency (None: neither system names one)."""

    currency: str | None
    opening: Moved
    movements: dict[Movement, Moved]
    closing: Moved

    @property
    def adds_up(self) -> bool:
        moved = sum((one.amount for one in self.movements.values()), _NOTHING)
        return self.opening.amount + moved == self.closing.amount


@dataclass(frozen=True, slots=True)
class _State:
    standing: Standing = Standing.GONE
    share: Decimal = _NOTHING
    was_seen: bool = False


def roll_forward(steps: Iterable[Step], since: datetime, until: datetime) -> tuple[RollForward, ...]:
    """The period from `since` (included) to `until` (not included), one for each currency that has a break.

    Args:
        steps: the whole history up to `until`, in any order.
    """
    states: dict[tuple[str | None, str], _State] = {}
    openings: dict[tuple[str | None, str], _State] = {}
    movements: dict[str | None, dict[Movement, Moved]] = defaultdict(lambda: {kind: Moved() for kind in Movement})
    for step in sorted(steps, key=lambda one: one.at):
        if step.at >= until:
            continue
        key = (step.currency, step.subject)
        before = states.get(key, _State())
        after = _State(step.standing, step.share if step.standing is not Standing.GONE else _NOTHING, was_seen=True)
        states[key] = after
        if step.at < since:
            openings[key] = after
            continue
        for movement, amount in _moved(before, after):
            movements[step.currency][movement] = movements[step.currency][movement].plus(amount)
    currencies = sorted({currency for currency, _ in states}, key=lambda one: one or "")
    return tuple(RollForward(one, _open_in(openings, one), movements[one], _open_in(states, one)) for one in currencies)


def _open_in(states: dict[tuple[str | None, str], _State], currency: str | None) -> Moved:
    open_ = [state for (of, _), state in states.items() if of == currency and state.standing is Standing.OPEN]
    return Moved(len(open_), sum((one.share for one in open_), _NOTHING))


def _moved(before: _State, after: _State) -> Iterable[tuple[Movement, Decimal]]:
    """What one entry of the history adds to the lines; together by how much it changed what is open."""
    match before.standing, after.standing:
        case Standing.GONE, Standing.GONE:
            return
        case Standing.GONE, _:
            yield (Movement.REOPENED if before.was_seen else Movement.NEW), after.share
        case Standing.OPEN, Standing.GONE:
            yield Movement.RESOLVED, -before.share
            return
        case ((Standing.EXPLAINED | Standing.ACCEPTED), Standing.GONE):
            # It was not in the open difference any more.
            return
        case ((Standing.EXPLAINED | Standing.ACCEPTED), Standing.OPEN):
            yield Movement.REOPENED, after.share
            return
        case Standing.OPEN, _ if before.share != after.share:
            yield Movement.CHANGED, after.share - before.share
        case _:
            pass
    is_in_difference = before.standing in (Standing.GONE, Standing.OPEN)
    if is_in_difference and after.standing is Standing.EXPLAINED:
        yield Movement.EXPLAINED, -after.share
    if is_in_difference and after.standing is Standing.ACCEPTED:
        yield Movement.ACCEPTED, -after.share
