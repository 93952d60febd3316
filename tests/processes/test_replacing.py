"""The processes that are no workers end in time with exit code 0, and the door refuses nobody while it is replaced."""

import contextlib
import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import upgrade
from sandbox.stack import ROOT, Stack, running_stack
from tests.fleet import Fleet, open_fleet

# Of the door: five for what is under way, and its last sign of life.
GRACE_SECONDS = 30.0

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path / "stack") as running:
        yield running


@pytest.fixture
def fleet(stack: Stack) -> Iterator[Fleet]:
    with open_fleet(stack.environment, stack.state_dir / "logs", GRACE_SECONDS) as opened:
        yield opened


def address(stack: Stack) -> tuple[str, int]:
    return stack.environment["HOST"], int(stack.environment["PORT"])


def test_the_door_flower_and_the_clock_end_by_themselves_whoever_holds_on_to_them(stack: Stack, fleet: Fleet) -> None:
    fleet.start(ROOT, ["web", "beat", "flower"])
    with contextlib.ExitStack() as held:
        # One browser sends half a request, another one keeps its connection for the next.
        half = held.enter_context(socket.create_connection(address(stack)))
        half.sendall(b"POST /webhooks/quickbooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        idle = http.client.HTTPConnection(*address(stack), timeout=60)
        idle.request("GET", "/healthz")
        assert idle.getresponse().read()
        flower = ("127.0.0.1", int(stack.environment["FLOWER_PORT"]))
        held.enter_context(socket.create_connection(flower)).sendall(b"GET / HTTP/1.1\r\n")
        for line in ("web", "flower", "beat"):
            fleet.stop(line)
        idle.close()
    assert [(one.name, one.exit_code) for one in fleet.ended if one.exit_code] == []
    assert len(fleet.ended) == 3


def test_nobody_is_refused_while_the_door_is_replaced(stack: Stack, fleet: Fleet) -> None:
    """With a successor beside it, and with none until it has ended: callers wait in the socket that stays open."""
    fleet.start(ROOT, ["web"])
    over, answers = threading.Event(), Counter[str]()
    callers = [threading.Thread(target=call_until, args=(stack, over, answers)) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for successor_first in (True, False):
            fleet.replace("web", ROOT, successor_first=successor_first)
            seen = answers.total()
            deadline = time.monotonic() + 60
            while answers.total() < seen + 20:
                assert time.monotonic() < deadline, answers
                time.sleep(0.05)
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(answers) == {"200"}
    assert [one.exit_code for one in fleet.ended] == [0, 0]


def call_until(stack: Stack, over: threading.Event, answers: Counter[str]) -> None:
    """A new connection each time, as a sender of webhooks does it."""
    while not over.is_set():
        connection = http.client.HTTPConnection(*address(stack), timeout=120)
        try:
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            answers[str(connection.getresponse().status)] += 1
        except (OSError, http.client.HTTPException) as error:
            answers[type(error).__name__] += 1
        finally:
            connection.close()


def test_a_process_does_not_begin_on_a_schema_that_is_too_old_and_says_what_to_do(tmp_path: Path) -> None:
    with (
        running_stack(tmp_path / "stack", prepare=lambda url: upgrade(url, to="undo")) as stack,
        open_fleet(stack.environment, stack.state_dir / "logs", GRACE_SECONDS) as fleet,
    ):
        for line in ("web", "push", "beat"):
            with pytest.raises(AssertionError, match="ended with 1") as refused:
                fleet.start(ROOT, [line])
            said = str(refused.value)
            assert "error: The schema is undo; this release needs" in said
            assert "Run: python -m cli database upgrade" in said
            assert "Traceback" not in said
