"""A burst, from its webhooks until all of it is in ConnectWise."""

import time
from collections.abc import Callable, Sequence

from benchmarks.books import Book
from benchmarks.counting import delivered
from benchmarks.fairness import send_all
from sandbox.stack import Stack
from tasks.context import Context

PATIENCE_SECONDS = 1_200
POLL_SECONDS = 0.25


def bring(stack: Stack, context: Context, books: Sequence[Book]) -> None:
    """Tells the door of all these payments, and waits until they are there."""
    target_ids = [book.tenant.target_id for book in books]

    def arrived() -> int:
        return delivered(context, *target_ids)

    wanted = arrived() + sum(len(book.payment_ids) for book in books)
    send_all(stack, *books)
    wait_until(lambda: arrived() >= wanted)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all payments were there within {PATIENCE_SECONDS} s")
        time.sleep(POLL_SECONDS)
