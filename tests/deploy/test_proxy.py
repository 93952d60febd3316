"""Compose's proxy holds callers while the door's container is replaced; a real Caddy with the file that compose gives it."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.deploy.installations import DEPLOY
from tests.servers import wait_until_listening
from workers.redis_server import free_port, signal_group, spawn

AWAY_SECONDS = 2.0
# https://github.com/caddyserver/caddy/pull/7547
KEEPS_BODIES = (2, 11, 2)

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None and not os.environ.get("CI"), reason="Caddy is not here")


class Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def version() -> tuple[int, ...]:
    said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:3]))


@pytest.fixture
def door() -> int:
    """The port at which the door answers, once it is there."""
    return free_port()


@pytest.fixture
def proxy(door: int, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    written = (DEPLOY / "compose/Caddyfile").read_text()
    if version() < KEEPS_BODIES:
        # It closes the body when the first attempt fails; compose has a newer one.
        written = written.replace("lb_try_duration", "buffer_requests\n\t\t\tlb_try_duration")
    assert written.count("web:8000") == 1
    (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n}\n" + written.replace("web:8000", f"127.0.0.1:{door}"))
    environment = {"PATH": os.environ["PATH"], "SITE": f"http://127.0.0.1:{port}", "HOME": str(tmp_path)}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    with (tmp_path / "caddy.log").open("wb") as log:
        running = spawn(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_listening("127.0.0.1", port, 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        signal_group(running, 9)
        running.wait()


def test_a_delivery_waits_until_the_door_is_there_again(door: int, proxy: str) -> None:
    opened: list[ThreadingHTTPServer] = []

    def open_later() -> None:
        time.sleep(AWAY_SECONDS)
        opened.append(ThreadingHTTPServer(("127.0.0.1", door), Door))
        opened[0].serve_forever()

    opening = threading.Thread(target=open_later)
    opening.start()
    try:
        began = time.monotonic()
        answer = requests.post(f"{proxy}/webhooks/quickbooks", data=b"{}", timeout=60)
        assert answer.status_code == 200
        assert time.monotonic() - began >= AWAY_SECONDS / 2
    finally:
        opening.join(timeout=0.1)
        while not opened:
            time.sleep(0.05)
        opened[0].shutdown()
        opening.join()
        opened[0].server_close()
