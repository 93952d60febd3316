"""Gap statements, as a browser shows them: the list, one while it is counted, one with everything."""

import pytest

from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.test_reconciliation_in_chromium import seen
from tests.browser.visiting import LONG_NAME, log_in
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, gaps
from tests.quickbooks.test_gaps import busy_absence
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def test_every_page_can_be_used_by_everybody(world: World, settings: Settings, address: str, browser: Chromium) -> None:
    world.customer_id = world.quickbooks.add_customer(LONG_NAME)
    found: list[str] = []
    busy_absence(world, 2, *READERS)
    # A session does not last for the two days.
    log_in(world, settings, browser, address)
    browser.open(f"{address}/gaps")
    found += seen(browser, "no gap")
    reconnect(world)
    world.settle(*READERS)
    [gap] = gaps(world)
    browser.open(f"{address}/gaps/{gap.id}")
    assert "are being counted" in browser.text()
    found += seen(browser, "a gap that is being counted")
    world.later(*READERS, minutes=6)
    for page in ("gaps", f"gaps/{gap.id}", "overview", "integrations"):
        browser.open(f"{address}/{page}")
        assert "Nothing is missing" in browser.text()
        found += seen(browser, page)
    browser.open(f"{address}/gaps/{gap.id}")
    browser.press("form[action$=count] button")
    assert "The statement follows in a few minutes." in browser.text()
    found += seen(browser, "counted again")
    assert found == [], "\n".join(found)
    assert browser.complaints() == []
