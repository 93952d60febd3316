"""Doing the Sync Tool's work here and now, and waiting for it: in this process, or in the worker that has the lane.

As `catch-up run --wait` does, a command works off the lane itself, so that it needs no running worker. If one has the
lane already, that worker does the work and the command watches; whatever is left over, the workers do later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cli.failures import Refusal
from cli.output import note

if TYPE_CHECKING:
    from models.database import Session
    from tasks.context import Context

POLL_SECONDS = 0.2
# How long the lane is left alone once nothing in it is due right now.
REST_SECONDS = 0.5
# Shorter work ends before anybody wonders.
FIRST_NEWS_SECONDS = 2.0
# Why a run waits may be an old story that ends at this moment.
WAITS_SECONDS = 3.0
# Beyond the times after which a lost answer is looked for and a dead worker's lane is free.
PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the work is.

    Attributes:
        text: tells a person, and changes whenever something has moved.
        waits_for: why it does not go on, in words; "" while it does.
    """

    done: bool
    text: str
    waits_for: str = ""


def work_until(context: Context, organization_id: int, look: Callable[[Session], Seen], later: str) -> None:
    """Works until `look` sees that it is done.

    Args:
        look: reads from the database how far the work is.
        later: what becomes of the work if it cannot be finished now, as a sentence.
    """
    patience = (context.timing.settle + context.timing.lease + PATIENCE).total_seconds()
    progress = _Progress()
    with _working(context, organization_id) as worker:
        try:
            while True:
                with context.database.reading() as session:
                    seen = look(session)
                if seen.done:
                    return
                worker.raise_failure()
                quiet = progress.tell(seen.text)
                if seen.waits_for and quiet > WAITS_SECONDS:
                    raise Refusal(f"it cannot go on at the moment. {seen.waits_for} {later}")
                if quiet > patience:
                    raise Refusal(f"nothing has moved for {quiet:.0f} seconds. {later}")
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            note(f"note: {later}")
            raise


class _Progress:
    """Says beside the result how far the work is, now and then."""

    def __init__(self) -> None:
        self._moved_at = self._told_at = time.monotonic()
        self._seen = self._told = ""

    def tell(self, text: str) -> float:
        """Returns for how many seconds nothing has moved."""
        now = time.monotonic()
        if text != self._seen:
            self._seen, self._moved_at = text, now
        if text != self._told and now - self._told_at > FIRST_NEWS_SECONDS:
            self._told, self._told_at = text, now
            note(text)
        return now - self._moved_at


@dataclass
class _Worker:
    """A thread that works off the lane until it is told to end."""

    context: Context
    organization_id: int
    over: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None

    def run(self) -> None:
        from tasks.copying.step import copy
        from tasks.step import Drained

        try:
            while not self.over.is_set():
                if copy(self.context, self.organization_id) is not Drained.MORE:
                    self.over.wait(REST_SECONDS)
        except Exception as error:  # noqa: BLE001 - the command's own thread tells of it
            self.failure = error

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure


@contextmanager
def _working(context: Context, organization_id: int) -> Iterator[_Worker]:
    """A thread of its own does the work: Ctrl-C then lets it finish what is on the wire and give the lane back."""
    worker = _Worker(context, organization_id)
    thread = threading.Thread(target=worker.run, name="sync-tool", daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.over.set()
        context.stopping.set()
        # Longer than any exchange. A thread that does not end dies with the process, and its lease runs out.
        thread.join(context.timing.lease.total_seconds())
        # The command may have more to do, after a question for instance.
        context.stopping.clear()
