"""Which workers answer, and what they take: asked of the workers themselves, over the broker."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from celery import Celery

# An idle worker answers within milliseconds; a busy one has threads for its work and another for answers.
PATIENCE_SECONDS = 1.5
_BEAT = "celerybeat@"


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answered.

    Attributes:
        queues: how many workers take from each queue.
        beats: how many clocks there are.
    """

    queues: Mapping[str, int]
    beats: int


def who_answers(celery: Celery, patience_seconds: float = PATIENCE_SECONDS) -> Answering:
    """Asks all of them; takes as long as the patience lasts, twice."""
    inspect = celery.control.inspect(timeout=patience_seconds)
    pinged = inspect.ping() or {}
    taken = inspect.active_queues() or {}
    queues = Counter(queue["name"] for of_worker in taken.values() for queue in of_worker or ())
    return Answering(dict(queues), sum(name.startswith(_BEAT) for name in pinged))
