"""Few requests of the dashboard may call another system at once.

Such a call can last a minute, and the threads that wait for it are the ones that also store webhooks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from fastapi import Request

# Of the forty threads that Starlette works with.
PLACES = 4


def make_wire_places() -> BoundedSemaphore:
    return BoundedSemaphore(PLACES)


@contextmanager
def wire_place(request: Request) -> Iterator[bool]:
    """True if there is a place; the caller says to come back later if not."""
    places: BoundedSemaphore = request.app.state.wire_places
    free = places.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            places.release()
