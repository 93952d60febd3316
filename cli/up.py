"""`up`: all processes of the Procfile, on this machine, until Ctrl-C."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.opening import public_address, read_settings
from cli.output import examples, say

if TYPE_CHECKING:
    from settings import Settings
    from workers.processes import Processes

ROOT = Path(__file__).parent.parent
READY_SECONDS = 240
TELL_EVERY_SECONDS = 15


def up(
    scale: Annotated[
        list[str] | None, typer.Option(metavar="NAME=COUNT", help="So many of this process; may be repeated.")
    ] = None,
    logs: Annotated[
        bool, typer.Option("--logs", help="Print every line of every process, not only warnings and errors.")
    ] = False,
) -> None:
    """Runs all processes here until Ctrl-C, with an embedded Redis and SQLite where no URL is set.

    Reads .env; what the environment says goes before it. The processes' logs are kept in STATE_DIR/logs.
    """
    from models.database import upgrade
    from workers.redis_client import redis_client
    from workers.redis_server import RedisUnavailable, find_or_start

    settings = read_settings()
    public_address(settings)
    counts = _counts(scale or [])
    for port in (settings.port, settings.flower_port):
        _check_free(settings.host, port)
    say("Starting. This takes some seconds; the addresses follow.")
    try:
        redis = find_or_start(settings.redis_url, settings.state_dir, redis_client(settings))
    except RedisUnavailable as error:
        raise Refusal(str(error)) from None
    log_folder = settings.state_dir / "logs"
    try:
        upgrade(settings.effective_database_url)
        processes = _processes(environment_for(settings, redis.url), counts, None if logs else log_folder)
        announcement = _Announcement(settings, processes.names, None if logs else log_folder)
        threading.Thread(target=announcement.make, daemon=True).start()
        processes.run_forever()
    finally:
        redis.stop()
    say("Stopped.")


UP_EPILOG = examples("up", "up --scale push=2", "up --logs")


def environment_for(settings: Settings, redis_url: str) -> dict[str, str]:
    """The children's environment: the file, overridden by the environment, plus the servers found or started here."""
    from honcho.environ import parse

    file = Path(".env")
    from_file: Mapping[str, str] = parse(file.read_text("utf-8")) if file.exists() else {}
    # An empty line in the file means "not set", for the children as for us.
    given = {name: value for name, value in from_file.items() if value} | os.environ
    # What stood in a file has been read, and is set below; both at once would be refused.
    read = {"REDIS_URL_FILE", "DATABASE_URL_FILE"}
    return {
        **{name: value for name, value in given.items() if name not in read},
        "REDIS_URL": redis_url,
        "DATABASE_URL": settings.effective_database_url,
        "STATE_DIR": str(settings.state_dir.resolve()),
    }


def _processes(environment: Mapping[str, str], counts: Mapping[str, int], keep_in: Path | None) -> Processes:
    from workers.processes import Processes

    try:
        return Processes(ROOT / "Procfile", environment, concurrency=counts, keep_in=keep_in)
    except ValueError as error:
        raise Refusal(str(error)) from None


def _counts(scale: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in scale:
        name, _, count = one.partition("=")
        if not name or not (count.isascii() and count.isdigit()):
            raise Refusal(f"'{one}' is not NAME=COUNT, such as push=2")
        counts[name] = int(count)
    return counts


def _check_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        # As the servers do: a port that was just closed is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            what = "is in use; set PORT or FLOWER_PORT to another" if taken else f"cannot be used: {error.strerror}"
            raise Refusal(f"port {port} on {host} {what}") from None


@dataclass(frozen=True)
class _Announcement:
    """Prints the addresses once the servers answer: last, so that nothing scrolls them away."""

    settings: Settings
    names: Sequence[str]
    log_folder: Path | None

    def make(self) -> None:
        began = time.monotonic()
        for what, address in self._awaited():
            if not self._is_there(what, address):
                return
        lines = [
            "",
            f"Everything runs, after {time.monotonic() - began:.0f} s.",
            "",
            *(f"  {name:<18} {where}" for name, where in self._places().items()),
            "",
            *(["Only warnings and errors are shown here; --logs shows all lines."] if self.log_folder else []),
            "To log in: python -m cli user login-link EMAIL",
            "Ctrl-C stops everything.",
            "",
        ]
        for line in lines:
            say(line)
        sys.stdout.flush()

    def _awaited(self) -> Iterator[tuple[str, str]]:
        if "web" in self.names:
            yield "The web process", f"{self._web}/healthz"
        if "flower" in self.names:
            yield "Flower", f"{self._flower}/healthcheck"

    def _is_there(self, what: str, address: str) -> bool:
        from workers.waiting import wait_for_http

        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                wait_for_http(address, TELL_EVERY_SECONDS)
            except TimeoutError as error:
                if time.monotonic() > deadline:
                    say(f"{what} is not ready: {error}")
                    return False
                say(f"{what} is still starting.")
                sys.stdout.flush()
            else:
                return True

    def _places(self) -> dict[str, str]:
        from workers.flower_view import flower_logins

        door = f"{self.settings.public_address}/webhooks/quickbooks"
        places = {
            "Partner Dashboard": self._web,
            "Webhooks": door,
            "Health": f"{self._web}/healthz",
            "Metrics": f"{self._web}/metrics",
        }
        if "web" not in self.names:
            places = {}
        if "flower" in self.names:
            user, _, password = flower_logins(self.settings)[0].partition(":")
            given = self.settings.flower_basic_auth.get_secret_value()
            places["Flower"] = self._flower if given else f"{self._flower} (user {user}, password {password})"
        if self.log_folder is not None:
            places["Logs"] = f"{self.log_folder}/*.log"
        return places

    @property
    def _web(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    @property
    def _flower(self) -> str:
        prefix = self.settings.flower_url_prefix.strip("/")
        return f"http://{self.settings.host}:{self.settings.flower_port}{f'/{prefix}' if prefix else ''}"
