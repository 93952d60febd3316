"""Our own limiter's pauses: a moment is waited out where we are, anything longer ends the slice."""

from datetime import timedelta

from connectors.base import Failure, FailureKind
from tasks.context import Context

# Longer than the windows of the limits per second, and far below a slice.
SHORT_WAIT = timedelta(seconds=1)


def waited_out(context: Context, failure: Failure, at_least: timedelta = timedelta(0)) -> bool:
    """Waits if it is only for a moment; True if the same work may be tried again now.

    Args:
        at_least: for work of several calls, which must not spend each place that comes free on its first call again.
    """
    if failure.kind is not FailureKind.PACED or failure.retry_after is None or failure.retry_after > SHORT_WAIT:
        return False
    context.clock.sleep(max(failure.retry_after, at_least))
    return True
