"""Messages go through a real RabbitMQ instead of Redis. It takes a server that is not installed with the tests:

TEST_RABBITMQ=1 make proofs ARGS=tests/processes/test_rabbitmq.py
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contexts import CLIENT_ID, CLIENT_SECRET, RunningClock
from tests.servers import wait_until_listening
from tests.until import wait_until
from tests.world import World, open_world
from workers.processes import Processes
from workers.redis_server import free_port, signal_group, spawn

ROOT = Path(__file__).parents[2]
# The script on the PATH changes to a user of its own; this is the program itself, which runs as whoever starts it.
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.proof,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("processes"),
    pytest.mark.skipif(not os.environ.get("TEST_RABBITMQ"), reason="set TEST_RABBITMQ where a RabbitMQ is installed"),
]


class RabbitMQ:
    """A server of our own, which is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        }

    def start(self) -> None:
        with (self._folder / "output").open("ab") as output:
            self._process = spawn([SERVER], env=self._environment, stdout=output, stderr=output, cwd=self._folder)
        wait_until_listening("127.0.0.1", self.port, 120)

    def kill(self) -> None:
        signal_group(self._process, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self.kill()
        # Erlang's names of nodes: a daemon that each server starts where there is none, and leaves behind.
        end = ["epmd", "-port", self._environment["ERL_EPMD_PORT"], "-kill"]
        subprocess.run(end, env=self._environment, capture_output=True, check=False)


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[RabbitMQ]:
    folder = tmp_path / "rabbitmq"
    folder.mkdir()
    server = RabbitMQ(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url, clock=RunningClock()) as opened:
        yield opened


def test_payments_arrive_and_go_on_after_a_restart_of_rabbitmq(
    rabbitmq: RabbitMQ, world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(tmp_path / "state"),
        "DATABASE_URL": database_url,
        # It still counts the calls.
        "REDIS_URL": redis_url,
        "BROKER_URL": rabbitmq.url,
        "QUICKBOOKS_API_URL": world.quickbooks_url,
        "QUICKBOOKS_TOKEN_URL": f"{world.quickbooks_url}/oauth2/v1/tokens/bearer",
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
        "CONNECTWISE_CLIENT_ID": world.context.platform.vendors["connectwise"].settings.client_id,
        "SWEEP_SECONDS": "1",
        "CATCH_UP_SECONDS": "2",
        "CATCH_UP_SILENT_SECONDS": "2",
    }
    processes = Processes(ROOT / "Procfile", environment, tmp_path / "logs")

    def pay(number: str) -> None:
        invoice = world.invoice(number, "100.00")
        world.pay("100.00", (invoice, "100.00"))
        wait_until(lambda: world.balance_of(invoice) == "0.00", f"{number} is paid", 250)
        assert processes.deaths() == []

    try:
        for name in ("ingest", "match", "push", "beat"):
            processes.start(name)
        pay("INV-1")
        rabbitmq.kill()
        rabbitmq.start()
        pay("INV-2")
    finally:
        processes.stop_all()
