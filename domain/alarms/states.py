"""An alarm from its beginning to its end, and when an endpoint is told of it. Pure functions.

An alarm that goes away has not ended until it has stayed away for a while: what comes and goes is one alarm and not a
hundred. How much of it is new is counted, because a hundred payments that need a person are not a hundred messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.alarms.findings import Finding

# So long nothing must be found before an alarm is over.
CALM = timedelta(minutes=10)


class Phase(StrEnum):
    """What a message says of an alarm."""

    BEGAN = "began"
    MORE = "more"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Cause:
    """What was found, counted since the alarm began.

    Attributes:
        number: how many there are now; zero for what has gone away again.
        total: how many have come since the alarm began. It never goes down, so that what is new can be told.
    """

    code: str
    number: int
    total: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of an organization.

    Attributes:
        gone_since: since when nothing is found any more; None while something is.
        is_over: it has stayed away.
    """

    began_at: datetime
    causes: Sequence[Cause]
    gone_since: datetime | None = None
    is_over: bool = False

    @property
    def present(self) -> Sequence[Cause]:
        return [one for one in self.causes if one.number]

    @property
    def totals(self) -> Mapping[str, int]:
        return {one.code: one.total for one in self.causes}


def advanced(alarm: Alarm | None, found: Sequence[Finding], now: datetime) -> Alarm | None:
    """The alarm as it is now; None if there has never been one."""
    if not found:
        return None if alarm is None else _without(alarm, now)
    if alarm is None or alarm.is_over:
        return Alarm(now, tuple(Cause(one.code, one.number, one.number, one.detail) for one in found))
    known = {one.code: one for one in alarm.causes}
    there = [_counted(known.get(one.code), one) for one in found]
    codes = {one.code for one in found}
    gone = [replace(one, number=0) for one in alarm.causes if one.code not in codes]
    return replace(alarm, causes=(*there, *gone), gone_since=None)


def _without(alarm: Alarm, now: datetime) -> Alarm:
    if alarm.is_over:
        return alarm
    gone_since = alarm.gone_since or now
    # A clock that went back begins the wait anew.
    gone_since = min(gone_since, now)
    causes = tuple(replace(one, number=0) for one in alarm.causes)
    return Alarm(alarm.began_at, causes, gone_since, is_over=now - gone_since >= CALM)


def _counted(known: Cause | None, found: Finding) -> Cause:
    before, total = (known.number, known.total) if known is not None else (0, 0)
    return Cause(found.code, found.number, total + max(found.number - before, 0), found.detail)


@dataclass(frozen=True, slots=True)
class Told:
    """What an endpoint has been told of an alarm.

    Attributes:
        is_on: the last message said that it is there.
        at: when it was last told that it is there, or that there is more.
        totals: of the causes, at that moment.
    """

    is_on: bool = False
    at: datetime | None = None
    totals: Mapping[str, int] = field(default_factory=dict)


NOTHING_TOLD = Told()


def what_to_tell(alarm: Alarm | None, told: Told, distance: timedelta, now: datetime) -> Phase | None:
    """What the endpoint is to be told now; None for nothing.

    Args:
        distance: at least so long is between two messages that something is there.
    """
    if alarm is None:
        return None
    if alarm.is_over:
        return Phase.OVER if told.is_on else None
    if alarm.gone_since is not None:
        # Perhaps it is over, perhaps it comes again at once.
        return None
    # A moment that lies ahead was written by a clock that was wrong.
    is_soon = told.at is not None and told.at <= now < told.at + distance
    if is_soon or not has_news(alarm, told):
        return None
    return Phase.MORE if told.is_on else Phase.BEGAN


def has_news(alarm: Alarm, told: Told) -> bool:
    """Whether anything is there that the endpoint does not know of."""
    return not told.is_on or any(one.total > told.totals.get(one.code, 0) for one in alarm.present)


def told_by(phase: Phase, alarm: Alarm, told: Told, now: datetime) -> Told:
    """What the endpoint has been told once this message is written."""
    if phase is Phase.OVER:
        return Told(is_on=False, at=told.at)
    return Told(is_on=True, at=now, totals=alarm.totals)
