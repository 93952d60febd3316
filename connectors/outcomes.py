"""What became of a write that got no success: the part that is the same at every vendor."""

from datetime import timedelta

from connectors.base import Failure, FailureKind, NotSent, Paced, Refused, Throttled, Unknown
from connectors.copying import NotDone
from connectors.http import Limited, NeverSent, NoAnswer


def without_answer(exchange: Limited | NeverSent | NoAnswer) -> NotDone:
    """Only the last of the three may have been carried out."""
    match exchange:
        case Limited(wait):
            return Paced("our own limit", wait)
        case NeverSent(detail):
            return NotSent(detail)
        case NoAnswer(detail):
            return Unknown(detail)


def not_even_sent(failure: Failure, default_wait: timedelta) -> NotDone:
    """The write needed something first, such as a token or the API's address, and that failed.

    Args:
        default_wait: how long the vendor wants us to wait if it names no time.
    """
    wait = failure.retry_after or default_wait
    match failure.kind:
        case FailureKind.THROTTLED:
            return Throttled(failure.detail, wait)
        case FailureKind.PACED:
            return Paced(failure.detail, wait)
        case FailureKind.UNAVAILABLE:
            return NotSent(failure.detail)
        case _:
            return Refused(failure.kind, failure.detail)
