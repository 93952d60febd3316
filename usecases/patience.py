"""A person at a terminal waits for a place in our own limiter, where a worker would come back later."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from connectors.base import Failure, FailureKind, ReadResult
from tasks.calls import SHORT_WAIT
from tasks.context import Context

# The longest window of a limit is the minute.
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
