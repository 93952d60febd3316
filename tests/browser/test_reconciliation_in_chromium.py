"""Reconciliation, as a browser shows it: compared while one looks, a difference accepted, a statement signed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from settings import Settings
from tasks.context import Step
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import LONG_NAME, log_in, until
from tests.flow.tampering import type_in
from tests.reconciling import add_signers, breaks, reconciled, signed, today
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def look_through(world: World, browser: Chromium, address: str, look: Callable[[str], None]) -> None:
    """Goes through every page, as a person does."""
    world.customer_id = world.quickbooks.add_customer(LONG_NAME)
    invoice = world.invoice("INVOICE-2026-01", "1234567.89", customer=LONG_NAME)
    world.invoice("INV-2", "300.00", in_connectwise=False, origin=None)
    type_in(world, invoice, "1004.50")
    browser.open(f"{address}/reconciliation")
    look("before the first comparison")
    browser.press("form[action$=compare] button")
    assert "A comparison is under way" in browser.text()
    look("while it is compared")
    world.settle(Step.RECONCILE)
    # Nobody reloads.
    until(lambda: "in all, QuickBooks is 1,004.50 USD higher" in browser.text())
    look("compared")
    (difference,) = [one for one in breaks(world) if one.standing == "open"]
    browser.open(f"{address}/reconciliation/breaks/{difference.id}")
    look("a difference")
    browser.fill("#reason", "Agreed with the bank on the phone")
    browser.press("form[action$=accept] button")
    assert "The difference is accepted." in browser.text()
    look("an accepted difference")
    for page in ("runs", f"runs/{difference.last_run_id}", "statements"):
        browser.open(f"{address}/reconciliation/{page}")
        look(page)
    days = f"first={today(world) - timedelta(days=10)}&last={today(world)}"
    browser.open(f"{address}/reconciliation/statements/draft?{days}")
    look("a draft")


def seen(browser: Chromium, page: str) -> list[str]:
    """What is wrong with the page, once it is there with its style sheet."""
    until(lambda: browser.run("document.readyState") == "complete")
    return problems(browser, page)


def test_every_page_can_be_used_by_everybody(world: World, settings: Settings, address: str, browser: Chromium) -> None:
    found: list[str] = []
    log_in(world, settings, browser, address)
    look_through(world, browser, address, lambda page: found.extend(seen(browser, page)))
    assert found == [], "\n".join(found)
    assert browser.complaints() == []


def test_a_signed_statement_that_needs_attention_can_be_read_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice, "7.00")
    add_signers(world)
    reconciled(world)
    statement = signed(world)
    type_in(world, invoice, "9.00")
    reconciled(world)
    log_in(world, settings, browser, address)
    browser.open(f"{address}/reconciliation/statements/{statement}")
    assert "Attention required" in browser.text()
    assert seen(browser, "a signed statement") == []
    browser.press("form[action$=review] button")
    assert "The period is closed." in browser.text()
    assert seen(browser, "a closed period") == []
