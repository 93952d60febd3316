"""Our own limiter's pauses: a moment is waited out where we are, anything longer ends the slice."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from connectors.base import Failure, FailureKind, ReadResult
from tasks.context import Context

# Longer than the windows of the limits per second, and far below a slice.
SHORT_WAIT = timedelta(seconds=1)


# A person at a terminal waits longer than a worker: for a place in the longest window of a limit, the minute.
PATIENCE = timedelta(seconds=90)

T = TypeVar("T")


def patiently(context: Context, ask: Callable[[], ReadResult[T]]) -> ReadResult[T]:
    """Asks again for as long as it is only our own limiter that says no, within a person's patience."""
    ends = context.clock.monotonic() + PATIENCE.total_seconds()
    while True:
        result = ask()
        if not (isinstance(result, Failure) and result.kind is FailureKind.PACED):
            return result
        wait = max(result.retry_after or SHORT_WAIT, timedelta(milliseconds=100))
        if context.clock.monotonic() + wait.total_seconds() > ends:
            return result
        context.clock.sleep(wait)


def waited_out(context: Context, failure: Failure, at_least: timedelta = timedelta(0)) -> bool:
    """Waits if it is only for a moment; True if the same work may be tried again now.

    Args:
        at_least: for work of several calls, which must not spend each place that comes free on its first call again.
    """
    if failure.kind is not FailureKind.PACED or failure.retry_after is None or failure.retry_after > SHORT_WAIT:
        return False
    context.clock.sleep(max(failure.retry_after, at_least))
    return True
