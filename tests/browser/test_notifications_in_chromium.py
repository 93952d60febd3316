"""Notifications in a real browser, on a desk and on a phone: none, some, a refused form, the log and a letter."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.notices.channels import PeopleChannel
from domain.notices.kinds import ALARM_KINDS
from settings import Settings
from tasks.context import Step
from tasks.sweep import sweep
from tests.browser.chromium import Chromium
from tests.browser.visiting import log_in
from tests.receiver import Receiver, receiving
from tests.world import World
from usecases.endpoints import Wanted, WithSecret, add_endpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LOOK = (Path(__file__).parent / "problems.js").read_text()
PHOTOGRAPHS = os.environ.get("PHOTOGRAPHS")
PAGE = "/settings/notifications"
LONG = "Averyveryverylongnameforachannelwithoutanyblank"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1440, False)])
def test_the_pages_about_notifications_can_be_used_by_everybody(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
    receiver: Receiver,
    width: int,
    dark: bool,
) -> None:
    found: list[str] = []

    def look(name: str) -> None:
        if PHOTOGRAPHS:
            browser.photograph(Path(PHOTOGRAPHS) / f"{name}-{width}-{'dark' if dark else 'light'}.png")
        found.extend(f"{name}: {one}" for one in browser.run(LOOK))

    browser.show(width, dark=dark)
    log_in(world, settings, browser, address)
    browser.open(address + PAGE)
    look("none")
    browser.run("document.querySelector('#add-name').value = 'Pager'")
    browser.run("document.querySelector('#add-channel').value = 'pagerduty'")
    browser.run("document.querySelector('#add-address').value = 'no key'")
    browser.press(f"form[action='{PAGE}'] button")
    assert "Write the integration key" in browser.text()
    look("refused")
    added = add_endpoint(
        world.context, world.organization_id, Wanted(LONG, receiver.url, ALARM_KINDS, channel=PeopleChannel.SLACK)
    )
    assert isinstance(added, WithSecret)
    world.clock.move(minutes=1)
    sweep(world.context)
    world.settle(Step.WATCH, Step.NOTIFY)
    assert receiver.received
    browser.open(address + PAGE)
    look("list")
    one = f"{address}{PAGE}/{added.endpoint.id}"
    browser.open(one)
    look("one")
    for details in ("off", "remove", "change"):
        browser.run(f"document.getElementById('{details}').open = true")
    look("opened")
    browser.open(f"{one}/notices/1")
    assert LONG in browser.text()
    look("letter")
    assert found == []
