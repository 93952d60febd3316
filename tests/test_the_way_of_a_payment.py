"""ARCHITECTURE.md opens with a payment's way: the functions are called, and in that order."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from starlette.testclient import TestClient

from settings import Settings
from tests.web.hooks import cloud_event, deliver
from tests.world import World, open_world
from web.app import create_app

ROOT = Path(__file__).parent.parent
STOP = re.compile(r"^\d\. \[`(\w+)`\]\(([\w/]+\.py)\)", re.MULTILINE)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@contextmanager
def calls_noted() -> Iterator[dict[tuple[str, str], None]]:
    """Functions of ours in the order in which they were called first, in whatever thread."""
    order: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(ROOT)):
            order.setdefault((code.co_name, str(Path(code.co_filename).relative_to(ROOT))))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield order
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def stops() -> list[tuple[str, str]]:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    return STOP.findall(text[: text.index("## Processes")])


def test_the_list_names_five_functions() -> None:
    assert len(stops()) == 5


def test_a_payment_passes_the_stops_in_this_order(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    with calls_noted() as order:
        with TestClient(create_app(world.context, Settings(_env_file=None))) as door:
            assert deliver(door, [cloud_event(int(payment))]) == 200
        world.settle()
    assert world.reason(payment) == "synced"
    on_the_way = [one for one in order if one in stops()]
    assert on_the_way == stops()
