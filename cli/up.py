"""`up`: everything that the Procfile names, on this machine, until Ctrl-C."""

import errno
import os
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from honcho.environ import parse

from cli.failures import Refusal
from cli.opening import public_address, read_settings
from cli.output import examples
from models.database import upgrade
from settings import Settings
from workers.processes import Processes, wait_for_http
from workers.redis_server import RedisUnavailable, find_or_start

ROOT = Path(__file__).parent.parent
READY_SECONDS = 60


def up(
    scale: Annotated[
        list[str] | None, typer.Option(metavar="NAME=COUNT", help="So many of this process; may be repeated.")
    ] = None,
) -> None:
    """Runs all processes here until Ctrl-C, with an embedded Redis and SQLite where no URL is set.

    Reads .env; what the environment says goes before it.
    """
    settings = read_settings()
    public_address(settings)
    counts = _counts(scale or [])
    for port in (settings.port, settings.flower_port):
        _check_free(settings.host, port)
    try:
        redis = find_or_start(settings.redis_url, settings.state_dir)
    except RedisUnavailable as error:
        raise Refusal(str(error)) from None
    try:
        upgrade(settings.effective_database_url)
        processes = _processes(environment_for(settings, redis.url), counts)
        threading.Thread(target=_announce, args=(settings,), daemon=True).start()
        processes.run_forever()
    finally:
        redis.stop()


UP_EPILOG = examples("up", "up --scale push=2")


def environment_for(settings: Settings, redis_url: str) -> dict[str, str]:
    """What the children see: the file, what the environment says instead, and what was found or started here."""
    file = Path(".env")
    from_file: Mapping[str, str] = parse(file.read_text("utf-8")) if file.exists() else {}
    # An empty line in the file means "not set", for the children as for us.
    given = {name: value for name, value in from_file.items() if value}
    return {
        **given,
        **os.environ,
        "REDIS_URL": redis_url,
        "DATABASE_URL": settings.effective_database_url,
        "STATE_DIR": str(settings.state_dir.resolve()),
    }


def _processes(environment: Mapping[str, str], counts: Mapping[str, int]) -> Processes:
    try:
        return Processes(ROOT / "Procfile", environment, concurrency=counts)
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
        # As the servers do: a port that was closed a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            what = "is in use; set PORT or FLOWER_PORT to another" if taken else f"cannot be used: {error.strerror}"
            raise Refusal(f"port {port} on {host} {what}") from None


def _announce(settings: Settings) -> None:
    """Says where to look as soon as there is something to see."""
    web = f"http://{settings.host}:{settings.port}"
    try:
        wait_for_http(f"{web}/healthz", READY_SECONDS)
    except TimeoutError as error:
        sys.stdout.write(f"\nThe web process is not ready: {error}\n\n")
    else:
        sys.stdout.write(
            f"\nPartner Dashboard  {web}\n"
            f"Flower             http://{settings.host}:{settings.flower_port}\n"
            f"Webhooks           {settings.public_address}/webhooks/quickbooks\n"
            "Ctrl-C stops everything.\n\n"
        )
    sys.stdout.flush()
