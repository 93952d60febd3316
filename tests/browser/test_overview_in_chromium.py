"""The overview in a real browser: from nothing to the first synced payment, and full of two weeks of payments."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from domain.daily_numbers import WITHIN_SECONDS
from models.connections import Connection
from models.ledger import LedgerEntry
from models.payments import Payment
from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import log_in, until
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def look_at(browser: Chromium, address: str, name: str) -> list[str]:
    """What is wrong with the page, its tables open."""
    browser.open(f"{address}/overview")
    browser.run("document.querySelectorAll('details.folded').forEach((one) => { one.open = true; })")
    return problems(browser, name)


def no_connections(world: World) -> None:
    with world.context.database.writing() as session:
        session.execute(delete(Connection))


def two_weeks(world: World) -> None:
    """Payments of the last two weeks in every state; the numbers of each day differ."""
    for number in range(30):
        on = world.clock.now().date() - timedelta(days=number % 13)
        invoice = world.invoice(f"INV-{number}", "120.00", in_connectwise=number % 5 != 0)
        if number % 7 == 3 and invoice.connectwise_id is not None:
            world.connectwise.type_payment(invoice.connectwise_id, "60.00", payment_date=on + timedelta(days=1))
        world.pay("60.00", (invoice, "60.00"), on=on.isoformat())
    world.pay("15.00")
    world.notice()
    with world.context.database.writing() as session:
        for number, entry in enumerate(session.scalars(select(LedgerEntry).order_by(LedgerEntry.id))):
            entry.entered_on -= timedelta(days=number % 12)
            entry.within_seconds = WITHIN_SECONDS[number % 24]
            entry.currency = "CAD" if number % 9 == 0 else "USD"


def test_the_overview_can_be_used_by_everybody_in_each_state(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    found = look_at(browser, address, "half-done")
    assert "To the first synced payment" in browser.text()
    two_weeks(world)
    found += look_at(browser, address, "full")
    assert "To the first synced payment" not in browser.text()
    assert browser.complaints() == []
    assert found == [], "\n".join(found)


def test_an_overview_without_connections_can_be_used_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    world.choose(sync_enabled=False)
    no_connections(world)
    log_in(world, settings, browser, address)
    found = look_at(browser, address, "empty")
    assert "QuickBooks is not connected yet." in browser.text()
    assert found == [], "\n".join(found)


def step(browser: Chromium, number: int) -> str:
    """What a line of the checklist says now."""
    return str(browser.run(f"document.querySelectorAll('.checklist li')[{number - 1}]?.innerText ?? ''"))


def press_step(browser: Chromium, number: int) -> None:
    browser.press(f".checklist li:nth-child({number}) form button")


def test_a_partner_comes_from_nothing_to_the_first_synced_payment(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    world.choose(sync_enabled=False)
    source, target = connected_before(world)
    no_connections(world)
    log_in(world, settings, browser, address)
    assert "To do" in step(browser, 1)
    assert browser.run("document.querySelector('.checklist a.button').getAttribute('href')") == (
        "/integrations/quickbooks/connect"
    )
    assert "Later" in step(browser, 3)
    with world.context.database.reading() as session:
        assert session.scalars(select(Connection)).all() == []
        assert session.scalars(select(Payment)).all() == []

    # What the consent page and the command line leave behind; the open page notices.
    connect_again(world, source)
    until(lambda: "Done" in step(browser, 1))
    connect_again(world, target)
    until(lambda: "Done" in step(browser, 2) and "To do" in step(browser, 3))

    press_step(browser, 3)
    assert "QuickBooks: the test succeeded." in browser.text()
    assert "ConnectWise: the test succeeded." in browser.text()
    assert "Done" in step(browser, 3)

    assert "switched off" in step(browser, 4)
    browser.press(".checklist li:nth-child(4) a.button")
    browser.run("document.querySelector('input[name=sync_enabled]').click()")
    browser.press("form.card button")
    browser.open(f"{address}/overview")
    assert "External payments sync is switched on." in step(browser, 4)

    invoice = world.invoice("INV-1")
    world.pay("100.00", (invoice, "100.00"))
    assert world.amounts_on(invoice) == []
    press_step(browser, 5)
    assert "is being asked for payments now" in browser.text()
    world.settle()
    until(lambda: "To the first synced payment" not in browser.text())
    assert "100.00 USD" in browser.text()
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.balance_of(invoice) == "0.00"
    assert browser.complaints() == []


def connected_before(world: World) -> tuple[dict[str, object], dict[str, object]]:
    with world.context.database.reading() as session:
        source, target = session.scalars(select(Connection).order_by(Connection.id))
    names = [column.name for column in Connection.__table__.columns if column.name != "tested_at"]
    return tuple({name: getattr(one, name) for name in names} for one in (source, target))  # type: ignore[return-value]


def connect_again(world: World, values: dict[str, object]) -> None:
    with world.context.database.writing() as session:
        session.add(Connection(**values))
