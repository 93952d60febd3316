"""Everything at once on free ports: Redis, both sandboxes, and every process of the Procfile.

The demo runs on it, and so do the tests that need whole processes. It ends everything that it starts.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.database import upgrade
from sandbox.connectwise.control import ConnectWiseControl
from sandbox.quickbooks.control import QuickBooksControl
from settings import Settings
from tasks.context import Context
from workers.composition import build_context
from workers.processes import Processes
from workers.redis_server import RedisServer, find_or_start, free_port
from workers.waiting import wait_for_http

ROOT = Path(__file__).parent.parent
CLIENT_ID, CLIENT_SECRET = "sandbox-client-id", "sandbox-client-secret"
CONNECTWISE_CLIENT_ID = "00000000-0000-4000-8000-000000000001"
# On a busy machine, starting everything takes minutes.
START_SECONDS = 240
TELL_EVERY_SECONDS = 10

# Short durations for the demo: waits of minutes in production take seconds here. The proportions are kept: nothing
# lands later than the settle time, and a lease outlives the longest exchange.
QUICK = {
    "CONNECT_TIMEOUT_SECONDS": "2",
    "READ_TIMEOUT_SECONDS": "3",
    "LEASE_SECONDS": "8",
    "SETTLE_SECONDS": "4",
    "RECHECK_SECONDS_MIN": "1",
    "RECHECK_SECONDS_MAX": "4",
    "BACKOFF_SECONDS_MIN": "0.5",
    "BACKOFF_SECONDS_MAX": "4",
    "BREAKER_SECONDS_MIN": "3",
    "BREAKER_SECONDS_MAX": "10",
    "SWEEP_SECONDS": "1",
    # A Redis that has just begun to count would slow down the first minute, and a sandbox does not throttle.
    "LIMIT_PROCESSES": "1",
    "CATCH_UP_SECONDS": "5",
}


class ProcessDied(Exception):
    """A process ended while the others waited for it; the message has its last lines."""


@dataclass(frozen=True)
class OutsideSystems:
    """The addresses of the two sandboxes."""

    quickbooks_url: str
    connectwise_url: str

    def quickbooks(self) -> QuickBooksControl:
        return QuickBooksControl(self.quickbooks_url)

    def connectwise(self, company_id: str = "acme") -> ConnectWiseControl:
        return ConnectWiseControl(self.connectwise_url, company_id)


@dataclass(frozen=True)
class Stack(OutsideSystems):
    """The running processes, and their addresses."""

    state_dir: Path
    environment: Mapping[str, str]
    settings: Settings
    redis: RedisServer
    processes: Processes
    web_url: str
    flower_url: str
    # The user and the password that Flower asks for.
    flower_login: tuple[str, str]
    verifier_token: str

    def context(self) -> Context:
        """A context of this process, for reading and administration; it sends no nudges, the sweep does."""
        return build_context(self.settings, None)

    def open_door(self) -> None:
        """From now on QuickBooks reports every change to our webhook door."""
        with self.quickbooks() as quickbooks:
            quickbooks.add_webhook(f"{self.web_url}/webhooks/quickbooks", self.verifier_token)

    def wait_until_ready(self, say: Callable[[str], None] = lambda _: None) -> None:
        self.wait_for(f"{self.web_url}/healthz", "the web process", say)

    def wait_for(self, url: str, what: str, say: Callable[[str], None]) -> None:
        """Returns when the address answers; reports now and then that it still waits.

        Raises:
            TimeoutError: it did not answer in time.
            ProcessDied: its process has ended.
        """
        began = time.monotonic()
        while True:
            try:
                wait_for_http(url, TELL_EVERY_SECONDS)
            except TimeoutError as error:
                if deaths := self.processes.deaths():
                    raise ProcessDied("\n".join(map(str, deaths))) from error
                waited = time.monotonic() - began
                if waited > START_SECONDS:
                    raise TimeoutError(f"{what} has not started within {waited:.0f} s") from error
                say(f"Waiting for {what}")
            else:
                return


@contextmanager
def running_stack(
    state_dir: Path,
    *,
    database_url: str = "",
    without: tuple[str, ...] = (),
    quick: Mapping[str, str] = QUICK,
    redis: RedisServer | None = None,
    say: Callable[[str], None] = lambda _: None,
    prepare: Callable[[str], None] = upgrade,
) -> Iterator[Stack]:
    """Starts Redis, the sandboxes and the database; `stack.processes` are there but not started.

    Args:
        without: names of Procfile lines that are left out.
        quick: durations for the processes, as environment variables.
        redis: one that runs already.
        prepare: makes the tables of the database at this address.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    if redis is None:
        say("Starting Redis")
        redis = find_or_start(None, state_dir)
    environment = environment_of(state_dir, redis.url, database_url, quick)
    say("Starting the QuickBooks and ConnectWise sandboxes")
    sandboxes = Processes(ROOT / "Procfile.sandbox", environment, state_dir / "logs")
    processes = Processes(ROOT / "Procfile", environment, state_dir / "logs", concurrency=dict.fromkeys(without, 0))
    try:
        sandboxes.start_all()
        stack = _stack(state_dir, environment, redis, processes)
        say("Preparing the database")
        prepare(stack.settings.effective_database_url)
        for url in (stack.quickbooks_url, stack.connectwise_url):
            wait_for_http(f"{url}/control/health", START_SECONDS)
        yield stack
    finally:
        processes.stop_all()
        sandboxes.stop_all()
        redis.stop()


def environment_of(state_dir: Path, redis_url: str, database_url: str, quick: Mapping[str, str]) -> dict[str, str]:
    """The processes' whole environment; from outside only the variables that find programs and texts."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR") if name in os.environ}
    quickbooks_port, connectwise_port = free_port(), free_port()
    return {
        **kept,
        **quick,
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "development",
        "STATE_DIR": str(state_dir),
        "DATABASE_URL": database_url or f"sqlite:///{state_dir / 'payments.sqlite'}",
        "REDIS_URL": redis_url,
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "FLOWER_PORT": str(free_port()),
        "QUICKBOOKS_SANDBOX_PORT": str(quickbooks_port),
        "CONNECTWISE_SANDBOX_PORT": str(connectwise_port),
        "QUICKBOOKS_API_URL": f"http://127.0.0.1:{quickbooks_port}",
        "QUICKBOOKS_TOKEN_URL": f"http://127.0.0.1:{quickbooks_port}/oauth2/v1/tokens/bearer",
        "QUICKBOOKS_AUTHORIZE_URL": f"http://127.0.0.1:{quickbooks_port}/connect/oauth2",
        "QUICKBOOKS_REVOKE_URL": f"http://127.0.0.1:{quickbooks_port}/v2/oauth2/tokens/revoke",
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
        "QUICKBOOKS_VERIFIER_TOKENS": secrets.token_urlsafe(24),
        "CONNECTWISE_CLIENT_ID": CONNECTWISE_CLIENT_ID,
        "FLOWER_BASIC_AUTH": f"operator:{secrets.token_urlsafe(9)}",
        "LOG_LEVEL": "INFO",
    }


def settings_of(environment: Mapping[str, str]) -> Settings:
    """What a process with this environment would read from it."""
    return Settings.model_validate({name.lower(): value for name, value in environment.items()})


def _stack(state_dir: Path, environment: dict[str, str], redis: RedisServer, processes: Processes) -> Stack:
    settings = settings_of(environment)
    user, _, password = environment["FLOWER_BASIC_AUTH"].partition(":")
    return Stack(
        state_dir=state_dir,
        environment=environment,
        settings=settings,
        redis=redis,
        processes=processes,
        quickbooks_url=environment["QUICKBOOKS_API_URL"],
        connectwise_url=f"http://127.0.0.1:{environment['CONNECTWISE_SANDBOX_PORT']}",
        web_url=f"http://127.0.0.1:{environment['PORT']}",
        flower_url=f"http://127.0.0.1:{environment['FLOWER_PORT']}",
        flower_login=(user, password),
        verifier_token=environment["QUICKBOOKS_VERIFIER_TOKENS"],
    )
