"""A call that may be a repetition of an earlier one, by its idempotency key: what to do with it. Pure.

Called by: `usecases/idempotent_calls.py`, with what is known about the key, before anything is done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clocks import CLOCKS_APART_MAX

KEPT_FOR = timedelta(hours=24)
# Longer than any call lasts: each call to another system has a deadline, and a retry makes a few of them. Nothing rests
# on it but how soon a lost call is told from a running one: an act that may not be repeated never is.
CALL_LASTS_MAX = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered."""

    status: int
    media_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The call that came first with a key.

    Attributes:
        request: a hash of its method, address and body.
        began_at: when it was claimed last.
        answer: None if it has none yet, or never got one that was kept.
    """

    request: str
    began_at: datetime
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class DoIt:
    """Nothing stands against it."""


@dataclass(frozen=True, slots=True)
class AnswerAgain:
    """It was done; this was the answer."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The first call may still be running."""


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The first call is over and left no answer, and doing it twice is not the same as doing it once."""


Verdict = DoIt | AnswerAgain | OtherRequest | UnderWay | OutcomeUnknown


def judge(earlier: Earlier, request: str, *, repeatable: bool, now: datetime) -> Verdict:
    """What to do with a call whose key is known.

    Args:
        repeatable: doing it twice is the same as doing it once.
    """
    age = now - earlier.began_at
    if age >= KEPT_FOR:
        return DoIt()
    if earlier.request != request:
        return OtherRequest()
    if earlier.answer is not None:
        return AnswerAgain(earlier.answer)
    # A beginning in the future was written by a clock that has been set back since.
    if -CLOCKS_APART_MAX <= age < CALL_LASTS_MAX:
        return UnderWay()
    return DoIt() if repeatable else OutcomeUnknown()
