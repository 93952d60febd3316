"""Limits slow work of the dashboard: few requests at once, and only some of the slots for one partner.

A call to another system can last a minute, and comparing a password takes memory and both cores. A request that finds
no slot gets a 503 at once: a thread that waits for its turn would be missing for all other requests.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from fastapi import Request, Response

# Of the forty threads that Starlette works with; the door has threads of its own (`web/threads.py`).
CALL_SLOTS, CALL_SLOTS_OF_ONE = 8, 2
LOGIN_SLOTS, LOGIN_SLOTS_OF_ONE = 8, 4
COME_BACK_SECONDS = 30


class PartnerSemaphore(BoundedSemaphore):
    """A limited number of slots, and a lower limit for each holder."""

    def __init__(self, total: int, of_one: int) -> None:
        super().__init__(total)
        self._of_one = of_one
        self._lock = Lock()
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def slot(self, who: Hashable) -> Iterator[bool]:
        """True if there is a slot; otherwise the caller answers "come back later"."""
        with self._lock:
            free = self._taken[who] < self._of_one and self.acquire(blocking=False)
            self._taken[who] += free
        try:
            yield free
        finally:
            with self._lock:
                self._taken[who] -= free
                if not self._taken[who]:
                    del self._taken[who]
                if free:
                    self.release()


def make_call_semaphore() -> PartnerSemaphore:
    return PartnerSemaphore(CALL_SLOTS, CALL_SLOTS_OF_ONE)


def make_login_semaphore() -> PartnerSemaphore:
    return PartnerSemaphore(LOGIN_SLOTS, LOGIN_SLOTS_OF_ONE)


@contextmanager
def call_slot(request: Request, organization_id: int | None) -> Iterator[bool]:
    """A slot for a call to another system, on behalf of this organization."""
    semaphore: PartnerSemaphore = request.app.state.call_semaphore
    with semaphore.slot(organization_id) as free:
        yield free


def come_back_later(response: Response) -> Response:
    response.headers["Retry-After"] = str(COME_BACK_SECONDS)
    return response
