"""What a call of push came back with, and what that says about the connection."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Changed, Conflict, Created, Failure, Refused, Removed, WriteOutcome
from domain.breaker import CallKind
from tasks.calls import ABOUT_THE_CONNECTION
from tasks.push.results import Answered, Looked, LookRefused, NotBegun, ReadBack, Unseen


@dataclass(frozen=True, slots=True)
class NotReadBack:
    """The owed look failed; it stays owed."""

    failure: Failure


Came = Looked | Unseen | LookRefused | Answered | ReadBack | NotReadBack


def is_alarming(came: Came) -> bool:
    """Whether this must be dealt with before any further call starts."""
    match came:
        case Unseen() | NotReadBack():
            return True
        case ReadBack(_, harm):
            return bool(harm)
        case Answered(intended, outcome):
            # We check that the older payments are unchanged before we write to further invoices.
            return intended.may_harm or isinstance(outcome, NotBegun) or is_a_bad_sign(outcome)
        case Looked() | LookRefused():
            return False


def is_a_bad_sign(outcome: WriteOutcome) -> bool:
    """Whether the outcome concerns the whole connection and not only its payment."""
    match outcome:
        case Created() | Changed() | Removed() | Conflict():
            return False
        case Refused(kind):
            return kind in ABOUT_THE_CONNECTION
        case _:
            return True


def kinds_answered(came: Sequence[Came]) -> frozenset[CallKind]:
    """The kinds of call that the target answered as it should."""
    looked = any(isinstance(one, ReadBack | Looked) for one in came)
    written = any(
        isinstance(one, Answered) and isinstance(one.outcome, Created | Changed | Removed | Conflict) for one in came
    )
    return frozenset([CallKind.LOOK] * looked + [CallKind.WRITE] * written)
