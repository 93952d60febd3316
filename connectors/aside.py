"""What else a thread does while it waits for an outside system: it lets others of its process work.

Who calls a connector knows how (`tasks/turns.py`), and the wire knows when. It is set for each thread, like the budget.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

_OF_THREAD = threading.local()


@contextmanager
def stepping_aside(aside: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """All exchanges of this thread happen within what `aside` gives, until this ends."""
    before = getattr(_OF_THREAD, "aside", nullcontext)
    _OF_THREAD.aside = aside
    try:
        yield
    finally:
        _OF_THREAD.aside = before


def aside() -> AbstractContextManager[None]:
    """For the time that this thread waits."""
    step: Callable[[], AbstractContextManager[None]] = getattr(_OF_THREAD, "aside", nullcontext)
    return step()
