"""Waiting for what another process or thread brings about, and no longer."""

import time
from collections.abc import Callable

# A busy machine makes a test slow and not wrong.
PATIENCE_SECONDS = 250.0


def wait_until(
    is_so: Callable[[], bool],
    what: str | Callable[[], str],
    seconds: float = PATIENCE_SECONDS,
    every_seconds: float = 0.02,
) -> None:
    """Returns as soon as it is so.

    Args:
        what: is waited for; a function where only the end of the wait shows what there was instead.
        every_seconds: how often it is asked, which is less where the question itself is work.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(what() if callable(what) else f"waited in vain until {what}")
        time.sleep(every_seconds)
