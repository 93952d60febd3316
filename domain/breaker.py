"""A circuit breaker: after several failures in a row, calls of that kind rest; then a single call tries again.

Each kind of call of a connection has its own. A system may answer reads and fail on writes, so the success of one kind
says nothing about another, and the rest of one kind stops no other.
"""

from datetime import datetime, timedelta
from enum import StrEnum

_DOUBLINGS_MAX = 16


class CallKind(StrEnum):
    """The kinds of calls to a system that can fail independently of each other."""

    FIND = "find"  # a target's invoices
    LOOK = "look"  # the payments on one of them
    WRITE = "write"  # the only writes
    CATCH_UP = "catch_up"  # a source's changes
    SCAN = "scan"  # the stretches of time that catching up does not reach
    INGEST = "ingest"  # a source's payments and invoices by their ids
    COPY = "copy"  # whatever the Sync Tool reads and writes, in either system
    RECONCILE = "reconcile"  # whatever the reconciliation reads, in either system


TARGET_CALLS = (CallKind.FIND, CallKind.LOOK, CallKind.WRITE)


class Admission(StrEnum):
    """How many calls of a kind may be made now."""

    ALL = "all"
    # The rest is over: one trial call is made, and its result decides for all others.
    ONE = "one"
    NONE = "none"


def admission(rests_until: datetime | None, probed_until: datetime | None, now: datetime) -> Admission:
    """How many calls a breaker lets through.

    Args:
        rests_until: None while the breaker is closed.
        probed_until: until when to wait for the one trial call, if one is under way.
    """
    if rests_until is None:
        return Admission.ALL
    waits = rests_until > now or (probed_until is not None and probed_until > now)
    return Admission.NONE if waits else Admission.ONE


def rest_after(openings: int, shortest: timedelta, longest: timedelta) -> timedelta:
    """How long to rest: twice as long each time the breaker opens again without having closed."""
    return min(shortest * (1 << min(openings, _DOUBLINGS_MAX)), longest)
