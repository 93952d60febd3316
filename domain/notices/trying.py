"""When a notice is tried again, when we give up, and when an endpoint is switched off. Pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

# After the first try, the second, ...; the last one repeats until the time is over.
_PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
TRIED_FOR = timedelta(days=3)
# So much longer a pause can be: endpoints that failed together are not tried again together.
_JITTER = 0.2
PAUSE_MAX = _PAUSES[-1] * (1 + _JITTER)
# An endpoint that has failed rests for a pause of its own, so that a thousand waiting notices do not each find it out.
REST_MAX = timedelta(minutes=5)
# How long the log is kept.
KEPT_FOR = timedelta(days=30)


class NoticeState(StrEnum):
    WAITING = "waiting"  # to be sent, or sent again
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; a person can have it sent again
    REPLACED = "replaced"  # newer news about the same payment came before it was delivered


STATE_LABELS = {
    NoticeState.WAITING: "Waiting",
    NoticeState.DELIVERED: "Delivered",
    NoticeState.FAILED: "Failed",
    NoticeState.REPLACED: "Replaced",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one try.

    Attributes:
        status: the HTTP status; None if there was no answer.
        detail: what went wrong, in a few words; "" if nothing did.
        text: the beginning of the answer.
        pause: our own limit refused it, and nothing was sent; try again after this.
    """

    status: int | None
    detail: str = ""
    text: str = ""
    milliseconds: int = 0
    pause: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def told(self) -> str:
        """The outcome in a few words, for a person."""
        if self.status is None:
            return f"No answer: {self.detail}" if self.detail else "No answer"
        return f"{self.status}: {self.detail}" if self.detail else f"Answered {self.status}"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint has taken it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Later; the endpoint rests until then, or for a while of its own."""

    at: datetime
    rests_until: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing was sent, and this was no try."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No try is left.

    Attributes:
        switch_off: why the endpoint is switched off as well, as a sentence; "" if it stays on.
    """

    switch_off: str = ""


Verdict = Delivered | TryAgain | Postponed | GiveUp

GONE = "It answered 410 Gone: it wants no more news."
FAILED_FOR_LONG = "Nothing could be delivered for three days."


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known when the reply has come.

    Attributes:
        tries: of this notice, this one included.
        first_at: the moment of its first try.
        failing_since: since when the endpoint has taken nothing; None if the last try was a success.
        failures: the endpoint's tries in a row that failed, before this one.
        jitter: between 0 and 1, by chance.
    """

    tries: int
    first_at: datetime
    failing_since: datetime | None
    failures: int
    now: datetime
    jitter: float = 0


def judge(reply: Reply, tried: Tried) -> Verdict:
    """What becomes of the notice, and of its endpoint."""
    if reply.pause is not None:
        return Postponed(tried.now + reply.pause)
    if reply.is_success:
        return Delivered()
    if reply.status == HTTPStatus.GONE:
        return GiveUp(GONE)
    over_at = tried.first_at + TRIED_FOR
    if tried.now >= over_at:
        has_failed_all_along = tried.failing_since is not None and tried.now - tried.failing_since >= TRIED_FOR
        return GiveUp(FAILED_FOR_LONG if has_failed_all_along else "")
    # The last try is at the end of the time, whatever the pause is.
    at = min(tried.now + _pause(tried.tries, tried.jitter), over_at)
    return TryAgain(at, tried.now + min(_pause(tried.failures + 1, tried.jitter), REST_MAX))


def _pause(tries: int, jitter: float) -> timedelta:
    return _PAUSES[min(tries, len(_PAUSES)) - 1] * (1 + _JITTER * jitter)
