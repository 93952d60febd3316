"""What a thread does while it waits, for an outside system or for a moment to come: it lets others of its process work.

Whoever gave the thread its work knows how (`tasks/turns.py`), and whoever waits knows when: `with aside()`. It is set
for each thread, like the budget of an exchange.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

_OF_THREAD = threading.local()


@contextmanager
def stepping_aside(aside: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """The waits of this thread happen within what `aside` gives, until this ends."""
    before = getattr(_OF_THREAD, "aside", nullcontext)
    _OF_THREAD.aside = aside
    try:
        yield
    finally:
        _OF_THREAD.aside = before


def aside() -> AbstractContextManager[None]:
    """Around whatever keeps this thread waiting; it must hold no transaction then."""
    step: Callable[[], AbstractContextManager[None]] = getattr(_OF_THREAD, "aside", nullcontext)
    return step()
