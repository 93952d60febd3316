"""Waits for a place in our own limiter for a person at a terminal; a worker would come back later instead."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from connectors.base import Failure, FailureKind
from tasks.calls import SHORT_WAIT
from tasks.context import Context

# The longest window of any limit is one minute.
PATIENCE = timedelta(seconds=90)

Answer = TypeVar("Answer")


def patiently(context: Context, ask: Callable[[], Answer]) -> Answer:
    """Asks again while only our own limiter refuses, within a person's patience."""
    ends = context.clock.monotonic() + PATIENCE.total_seconds()
    while True:
        result = ask()
        if not (isinstance(result, Failure) and result.kind is FailureKind.PACED):
            return result
        wait = max(result.retry_after or SHORT_WAIT, timedelta(milliseconds=100))
        if context.clock.monotonic() + wait.total_seconds() > ends:
            return result
        context.clock.sleep(wait)
