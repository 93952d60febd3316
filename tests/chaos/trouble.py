"""What happens to the processes, to Redis and to the database while the accountants work, and the count of it."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Fault
from sandbox.stack import OutsideSystems, Stack
from tests.chaos.redis_trouble import RedisTrouble, wait_while_down
from tests.servers import PostgresqlServer

WRITES = {"POST": r"/payments$", "PATCH": r"/payments/\d+$", "DELETE": r"/payments/\d+$"}
WEBHOOKS_LOST = WEBHOOKS_DOUBLED = 0.2


def target_faults() -> Iterator[Fault]:
    """ConnectWise's bad days, for every kind of write."""
    for method, path in WRITES.items():
        where = {"method": method, "path": path, "times": None}
        yield Fault(kind="commit_then_drop", probability=0.05, **where)  # type: ignore[arg-type]
        yield Fault(kind="error_after_commit", probability=0.05, **where)  # type: ignore[arg-type]
        yield Fault(kind="late_commit", probability=0.05, seconds=1, **where)  # type: ignore[arg-type]
        yield Fault(kind="throttle", probability=0.10, retry_after=1, **where)  # type: ignore[arg-type]


@dataclass
class Trouble:
    """Every second or two something dies or forgets everything; each kind of it once before any kind again."""

    stack: Stack
    redis: RedisTrouble
    postgresql: PostgresqlServer | None
    chance: random.Random
    every_seconds: tuple[float, float]
    happened: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def make(self) -> None:
        """Until it is over, but every kind has its turn at least once."""
        for number, kind in enumerate(self._kinds()):
            if self.over.is_set() and number >= len(self._deck()):
                return
            self.over.wait(self.chance.uniform(*self.every_seconds))
            self._happen(kind)
            self.happened[kind] += 1

    def _deck(self) -> list[str]:
        workers = [f"{name} killed" for name in ("ingest", "match", "push", "push", "web", "beat")]
        database = ["PostgreSQL stopped fast", "PostgreSQL stopped at once"] if self.postgresql else []
        flower = ["flower killed"] if "flower" in self.stack.processes.names else []
        return [*workers, *flower, *self.redis.kinds, *database]

    def _kinds(self) -> Iterator[str]:
        while True:
            deck = self._deck()
            self.chance.shuffle(deck)
            yield from deck

    def _happen(self, kind: str) -> None:
        match kind.split(" ", maxsplit=1)[0]:
            case "Redis" | "Redis'":
                self.redis.happen(kind)
            case "PostgreSQL":
                assert self.postgresql is not None
                self.postgresql.stop(signal.SIGINT if kind.endswith("fast") else signal.SIGQUIT)
                wait_while_down()
                self.postgresql.start()
            case worker:
                self.stack.processes.kill(worker)
                self.stack.processes.start(worker)


def faults_fired(systems: OutsideSystems) -> Counter[str]:
    """How often each kind of fault has met a write."""
    fired: Counter[str] = Counter()
    with systems.connectwise() as connectwise:
        for planned in connectwise.faults():
            fired[f"{planned['kind']}"] += int(planned["fired"])
    return fired


def webhooks(systems: OutsideSystems) -> Counter[str]:
    """What became of the webhooks, and how the door answered them."""
    told: Counter[str] = Counter()
    with systems.quickbooks() as quickbooks:
        told["lost"] = len(quickbooks.lost_webhooks())
        deliveries = quickbooks.webhook_deliveries()
    sent = Counter(event for delivery in deliveries for event in delivery["event_ids"])
    told["doubled"] = sum(times > 1 for times in sent.values())
    for delivery in deliveries:
        for attempt in delivery["attempts"]:
            told[_answer(attempt)] += 1
    return told


def _answer(attempt: Mapping[str, Any]) -> str:
    if attempt["status"]:
        return f"answered {attempt['status']}"
    # Refused while the web process is down, or cut with it; a silence would be one of its own.
    return "no process there" if "Refused" in attempt["error"] else "cut or silent"
