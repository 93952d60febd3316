"""Waiting for what another process or thread brings about, and no longer."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 200) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.02)
