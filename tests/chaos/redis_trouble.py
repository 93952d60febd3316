"""What happens to Redis while the accountants work: to one by itself, or to one with a replica and three Sentinels."""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import redis

from tests.sentinels import Replicated
from workers.redis_server import RedisServer, free_port

# Down for so long: the others notice, and try again more than once.
DOWN_SECONDS = 1.5


class RedisTrouble(Protocol):
    kinds: Sequence[str]

    def happen(self, kind: str) -> None:
        """Returns when Redis serves again, wherever it is by then."""


@dataclass(frozen=True)
class OneRedis:
    server: RedisServer
    kinds: Sequence[str] = ("Redis emptied", "Redis restarted", "Redis read-only")

    def happen(self, kind: str) -> None:
        match kind:
            case "Redis emptied":
                self.server.flush()
            case "Redis restarted":
                self.server.kill()
                wait_while_down()
                self.server.start()
            case "Redis read-only":
                # As behind an address that leads to a former master after a failover: it answers, and refuses to write.
                with contextlib.closing(redis.Redis.from_url(self.server.url)) as client:
                    client.replicaof("127.0.0.1", str(free_port()))
                    wait_while_down()
                    client.replicaof("NO", "ONE")


@dataclass(frozen=True)
class RedisBehindSentinels:
    """After each trouble the former master is a replica, for the next one to fall back on."""

    replicated: Replicated
    kinds: Sequence[str] = (
        "Redis' master killed",
        "Redis' master cut off",
        "Redis' master made a read-only replica",
        "Redis emptied",
    )

    def happen(self, kind: str) -> None:
        master = self.replicated.master()
        match kind:
            case "Redis' master killed":
                self.replicated.kill(master)
                self.replicated.wait_for_another_than(master)
                wait_while_down()
                # It comes back, believes to be what it was, and is made a replica.
                self.replicated.start_server(master)
            case "Redis' master cut off":
                self.replicated.freeze(master)
                try:
                    self.replicated.wait_for_another_than(master)
                    wait_while_down()
                finally:
                    self.replicated.thaw(master)
            case "Redis' master made a read-only replica":
                # Who is connected to it stays connected, and is refused.
                self.replicated.exchange()
            case "Redis emptied":
                with redis.Redis(port=master) as client:
                    client.flushall()
        self.replicated.agree()


def wait_while_down() -> None:
    threading.Event().wait(DOWN_SECONDS)
