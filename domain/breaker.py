"""A breaker: after several failures in a row of one kind of call, that kind rests; then one call tries.

Each kind of call of a connection has its own. A system may be well for reading and sick for writing, so the success of
one kind says nothing about another, and the rest of one kind stops no other.
"""

from datetime import datetime, timedelta
from enum import StrEnum

_DOUBLINGS_MAX = 16


class CallKind(StrEnum):
    """What is asked of a system, as far as it can fail by itself."""

    FIND = "find"  # a target's invoices
    LOOK = "look"  # the payments on one of them
    WRITE = "write"  # the only writes
    CATCH_UP = "catch_up"  # a source's changes
    SCAN = "scan"  # the stretches that these do not reach
    INGEST = "ingest"  # a source's payments and invoices by their ids


TARGET_CALLS = (CallKind.FIND, CallKind.LOOK, CallKind.WRITE)


class Admission(StrEnum):
    """How many calls of a kind may be made now."""

    ALL = "all"
    # The rest is over: one call tries, and what becomes of it decides for all others.
    ONE = "one"
    NONE = "none"


def admission(rests_until: datetime | None, probed_until: datetime | None, now: datetime) -> Admission:
    """What a breaker lets through.

    Args:
        rests_until: None while the breaker is closed.
        probed_until: until when to wait for the one trial call, if one is under way.
    """
    if rests_until is None:
        return Admission.ALL
    waits = rests_until > now or (probed_until is not None and probed_until > now)
    return Admission.NONE if waits else Admission.ONE


def rest_after(openings: int, shortest: timedelta, longest: timedelta) -> timedelta:
    """Doubles each time that the breaker opens again without having been closed."""
    return min(shortest * (1 << min(openings, _DOUBLINGS_MAX)), longest)
