"""Refused credentials: when we believe several refusals in a row, and how rarely we try refused credentials again.

One refusal proves nothing: a gateway, a failover or a deployment at the vendor answers 401 to keys that are good a
second later. So the verdict needs several in a row, spread over some minutes. Before we call on a person to act, we ask
the vendor once more, with the cheapest question there is.
"""

from datetime import datetime, timedelta

# A restart or a failover at a vendor lasts minutes; a revoked key stays refused.
REFUSALS_MIN = 4
REFUSED_FOR_MIN = timedelta(minutes=5)
_FIRST_WAIT = timedelta(seconds=30)
_WAIT_MAX = timedelta(minutes=4)
_DOUBLINGS_MAX = 10
# People activate keys again and repair roles without telling us.
_TRY_AGAIN_MIN = timedelta(hours=1)
TRY_AGAIN_MAX = timedelta(hours=24)


def are_believed(refusals: int, since: datetime, now: datetime) -> bool:
    """Whether this many refusals in a row, the first one at `since`, are enough to ask for the verdict."""
    return refusals >= REFUSALS_MIN and now - since >= REFUSED_FOR_MIN


def wait_after(refusals: int) -> timedelta:
    """The pause after this many refusals in a row: half a minute at first, then twice as long each time, with a cap."""
    return min(_FIRST_WAIT * (1 << min(max(refusals - 1, 0), _DOUBLINGS_MAX)), _WAIT_MAX)


def next_try_after(since: datetime, now: datetime) -> timedelta:
    """How long we leave credentials alone that are refused for good: as long again as they have been refused."""
    return min(max(now - since, _TRY_AGAIN_MIN), TRY_AGAIN_MAX)
