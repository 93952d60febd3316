"""A Redis with a replica and three Sentinels that agree on who is the master, all real servers."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.sentinel import MasterNotFoundError, Sentinel

from tests.until import wait_until
from workers.redis_server import free_port, server_programs, signal_group, spawn

MASTER = "payments"


@dataclass
class Replicated:
    """Two servers and their Sentinels; tests stop, freeze and exchange them."""

    folder: Path
    program: str
    servers: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    sentinels: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return ";".join(f"sentinel://127.0.0.1:{port}/0" for port in self.sentinels)

    def master(self) -> int:
        """The port of the master, as the Sentinels agree."""
        asked = Sentinel([("127.0.0.1", port) for port in self.sentinels], socket_timeout=2)  # type: ignore[no-untyped-call]
        with contextlib.closing(asked):
            return int(asked.discover_master(MASTER)[1])

    def start_server(self, port: int, replica_of: int | None = None) -> None:
        command = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--protected-mode",
            "no",
        ]
        command += ["--repl-diskless-sync-delay", "0"]
        if replica_of is not None:
            command += ["--replicaof", "127.0.0.1", str(replica_of)]
        self.servers[port] = self._started(f"server-{port}", command)
        wait_until(lambda: self._answers(port), f"the server at {port} answers")

    def start_sentinel(self, master: int) -> None:
        port = free_port()
        configuration = self.folder / f"sentinel-{port}.conf"
        configuration.write_text(
            f"port {port}\nbind 127.0.0.1\nprotected-mode no\n"
            f"sentinel monitor {MASTER} 127.0.0.1 {master} 2\n"
            f"sentinel down-after-milliseconds {MASTER} 1500\n"
            f"sentinel failover-timeout {MASTER} 10000\n"
        )
        self.sentinels[port] = self._started(f"sentinel-{port}", [str(configuration), "--sentinel"])
        wait_until(lambda: self._answers(port), f"the sentinel at {port} answers")

    def agree(self, replicas: int = 1) -> None:
        """Waits until every Sentinel knows the two others and the replica."""

        def knows(port: int) -> bool:
            with redis.Redis(port=port, socket_timeout=2) as one:
                told = one.sentinel_masters().get(MASTER, {})  # type: ignore[union-attr]
                good = [slave for slave in one.sentinel_slaves(MASTER) if slave["flags"] == "slave"]  # type: ignore[union-attr]
            up = [slave for slave in good if slave.get("master-link-status") == "ok"]
            return told.get("num-other-sentinels") == 2 and len(up) >= replicas

        wait_until(lambda: all(knows(port) for port in self.sentinels), "the Sentinels know each other and the replica")

    def exchange(self) -> None:
        """An operator makes the replica the master; the former one lives on and refuses to be written to."""
        before = self.master()
        with redis.Redis(port=next(iter(self.sentinels))) as one:
            one.execute_command("SENTINEL", "FAILOVER", MASTER)
        self.wait_for_another_than(before)

    def kill(self, port: int) -> None:
        signal_group(self.servers[port], signal.SIGKILL)
        self.servers[port].wait()

    def freeze(self, port: int) -> None:
        """Its connections stay open and nothing comes of them, as from a host that was cut off."""
        signal_group(self.servers[port], signal.SIGSTOP)

    def thaw(self, port: int) -> None:
        signal_group(self.servers[port], signal.SIGCONT)

    def wait_for_another_than(self, port: int) -> None:
        def is_another() -> bool:
            try:
                return self.master() != port
            except MasterNotFoundError:
                return False

        wait_until(is_another, "there is another master")

    def _started(self, name: str, arguments: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            return spawn([self.program, *arguments], stdout=log, stderr=log, cwd=self.folder)

    @staticmethod
    def _answers(port: int) -> bool:
        try:
            with redis.Redis(port=port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        for process in (*self.sentinels.values(), *self.servers.values()):
            signal_group(process, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def replicated(folder: Path) -> Iterator[Replicated]:
    folder.mkdir(parents=True, exist_ok=True)
    opened = Replicated(folder, next(server_programs()))
    first, second = free_port(), free_port()
    try:
        opened.start_server(first)
        opened.start_server(second, replica_of=first)
        for _ in range(3):
            opened.start_sentinel(first)
        opened.agree()
        yield opened
    finally:
        opened.stop()
