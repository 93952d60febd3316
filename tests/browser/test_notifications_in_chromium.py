"""Notifications in a real browser, on a desk and on a phone: none, some, a refused form, the log and a letter."""

import pytest

from domain.notices.channels import PeopleChannel
from domain.notices.kinds import ALARM_KINDS
from settings import Settings
from tasks.context import Step
from tasks.sweep import sweep
from tests.browser.chromium import Chromium
from tests.browser.looking import Looking
from tests.browser.visiting import log_in
from tests.receiver import Receiver
from tests.world import World
from usecases.endpoints import Wanted, WithSecret, add_endpoint

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

PAGE = "/settings/notifications"
LONG = "Averyveryverylongnameforachannelwithoutanyblank"


def test_the_pages_about_notifications_can_be_used_by_everybody(
    world: World,
    stories: dict[str, str],
    settings: Settings,
    address: str,
    browser: Chromium,
    receiver: Receiver,
) -> None:
    looking = Looking(browser)
    log_in(world, settings, browser, address)
    browser.open(address + PAGE)
    looking.look("none")
    browser.run("document.querySelector('#add-name').value = 'Pager'")
    browser.run("document.querySelector('#add-channel').value = 'pagerduty'")
    browser.run("document.querySelector('#add-address').value = 'no key'")
    browser.press(f"form[action='{PAGE}'] button")
    assert "Write the integration key" in browser.text()
    looking.look("refused")
    added = add_endpoint(
        world.context, world.organization_id, Wanted(LONG, receiver.url, ALARM_KINDS, channel=PeopleChannel.SLACK)
    )
    assert isinstance(added, WithSecret)
    world.clock.move(minutes=1)
    sweep(world.context)
    world.settle(Step.WATCH, Step.NOTIFY)
    assert receiver.received
    browser.open(address + PAGE)
    looking.look("list")
    one = f"{address}{PAGE}/{added.endpoint.id}"
    browser.open(one)
    looking.look("one")
    for details in ("off", "remove", "change"):
        browser.run(f"document.getElementById('{details}').open = true")
    looking.look("opened")
    browser.open(f"{one}/notices/1")
    assert LONG in browser.text()
    looking.look("letter")
    assert looking.found == []
