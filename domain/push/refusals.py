"""Refused credentials: when several refusals in a row are believed, and how rarely the refused ones are tried again.

One refusal proves nothing: a gateway, a failover or a deployment at the vendor answers 401 to keys that are good a
second later. So the verdict needs several in a row, spread over some minutes, and the vendor is asked once more by the
cheapest question that there is before anybody is called to act.
"""

from datetime import datetime, timedelta

# A restart or a failover at a vendor lasts minutes; a key that was taken back stays refused.
REFUSALS_MIN = 4
REFUSED_FOR_MIN = timedelta(minutes=5)
_FIRST_WAIT = timedelta(seconds=30)
_WAIT_MAX = timedelta(minutes=4)
_DOUBLINGS_MAX = 10
# Keys are made active again, and roles repaired, without anybody's telling us.
_TRY_AGAIN_MIN = timedelta(hours=1)
TRY_AGAIN_MAX = timedelta(hours=24)


def are_believed(refusals: int, since: datetime, now: datetime) -> bool:
    """Whether so many refusals in a row, the first one then, are enough to ask for the verdict."""
    return refusals >= REFUSALS_MIN and now - since >= REFUSED_FOR_MIN


def wait_after(refusals: int) -> timedelta:
    """The pause after so many refusals in a row: half a minute at first, then twice as long each time."""
    return min(_FIRST_WAIT * (1 << min(max(refusals - 1, 0), _DOUBLINGS_MAX)), _WAIT_MAX)


def next_try_after(since: datetime, now: datetime) -> timedelta:
    """How long credentials that are refused for good are left alone: as long again as they have been refused."""
    return min(max(now - since, _TRY_AGAIN_MIN), TRY_AGAIN_MAX)
