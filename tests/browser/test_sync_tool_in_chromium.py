"""A bookkeeper copies invoices in a real browser, on a desk and on a phone: list, preview, the word, the bar, the end."""

from datetime import timedelta

import pytest

from domain.reasons import Reason
from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import LONG_NAME, log_in, until
from tests.copying import Tool, set_up
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


class Visit:
    """One person's way through the pages, with what is wrong on each."""

    def __init__(self, browser: Chromium, address: str) -> None:
        self.browser, self.address = browser, address
        self.found: list[str] = []

    def open(self, page: str) -> None:
        self.browser.open(self.address + page)

    def look(self, name: str) -> None:
        self.found += problems(self.browser, name)

    def sees(self, words: str) -> bool:
        return words in self.browser.text()

    @property
    def place(self) -> str:
        return str(self.browser.run("location.pathname"))


@pytest.fixture
def tool(world: World) -> Tool:
    tool = set_up(world)
    today = world.clock.now().date()
    world.quickbooks.add_name_owner("vendor", "Harbor Print Shop")
    tool.bill("CW-1041", "1284.50", sales_tax="84.50", invoice_date=today - timedelta(days=6))
    tool.bill("CW-1042", "312.00", invoice_date=today - timedelta(days=5), invoice_type="Agreement")
    tool.bill(
        "CW-1043", "96.40", invoice_date=today - timedelta(days=4), company_name=LONG_NAME, company_identifier="Long"
    )
    tool.bill(
        "CW-1044",
        "845.00",
        invoice_date=today - timedelta(days=3),
        company_name="Harbor Print Shop",
        company_identifier="HarborPrint",
        location="Leeds",
    )
    tool.bill("CW-1045", "250.00", invoice_date=today - timedelta(days=2), invoice_type="CreditMemo")
    for number in range(3):
        tool.bill(f"CW-{100 + number}", "75.00", invoice_date=today - timedelta(days=300 + number))
    return tool


def test_invoices_go_from_the_list_into_the_books(
    tool: Tool, world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    log_in(world, settings, browser, address)
    visit = Visit(browser, address)
    visit.open("/sync-invoices")
    assert visit.sees("The list is being read from ConnectWise.")
    visit.look("1-being-read")
    world.settle()
    until(lambda: visit.sees("CW-1041"))

    # The first opening: old invoices are marked.
    visit.open("/sync-invoices")
    visit.look("2-first-opening")
    start = (world.clock.now().date() - timedelta(days=30)).isoformat()
    browser.fill("#start_on", start)
    browser.press("button[name=mark_older]")
    world.settle()
    until(lambda: visit.sees("Mark 3 invoices"))
    visit.look("3-marking")
    browser.press("form[action$='/confirm'] button")
    world.settle()
    until(lambda: visit.sees("Everything went through."))

    # All of the rest is chosen, and looked at before anything is written.
    visit.open("/sync-invoices")
    assert visit.sees("5 invoices")
    browser.run("document.querySelector('input[name=invoice]').click()")
    assert visit.sees("Preview copying 1 invoice")
    browser.run(
        "const which = document.querySelector('#which'); which.value = 'all';"
        "which.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert visit.sees("Preview copying 5 invoices")
    browser.run("document.activeElement.blur()")
    visit.look("4-list")
    browser.press("button[name=what][value=copy]")
    run = visit.place
    visit.look("5-being-checked")
    world.settle()
    until(lambda: visit.sees("It has not been chosen yet which customer"))
    visit.look("6-customers-missing")
    browser.press("form[action$='/use-proposals'] button")
    world.settle()
    until(lambda: visit.sees("Sync 3 invoices"))
    browser.run("document.querySelector('details[id^=lines]').open = true")
    visit.look("7-preview")

    browser.press("form[action$='/confirm'] button")
    assert visit.sees("0 of 3 invoices finished")
    visit.look("8-at-work")
    world.settle()
    until(lambda: browser.run("document.querySelector('#run-state').textContent") == "Result")
    visit.look("9-done")
    assert [tool.state(number) for number in ("CW-1041", "CW-1042", "CW-1043")] == ["copied"] * 3

    for page, name in (
        ("/sync-invoices/customers", "10-customers"),
        ("/sync-invoices/history", "11-history"),
        (f"/sync-invoices/invoices/{tool.row('CW-1041').id}", "12-invoice"),
        ("/sync-invoices/preferences", "13-preferences"),
        ("/sync-invoices?state=copied", "14-copied"),
        ("/sync-invoices?search=nothing", "15-nothing-matches"),
        (f"{run}?show=problem", "16-problems"),
    ):
        visit.open(page)
        visit.look(name)
    assert visit.found == [], "\n".join(visit.found)
    assert browser.complaints() == []


def test_what_is_ticked_stays_ticked_while_the_page_is_live(
    tool: Tool, world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    tool.refresh()
    log_in(world, settings, browser, address)
    browser.open(f"{address}/sync-invoices")
    browser.run("document.querySelector('input[name=invoice]').click()")
    browser.run("document.activeElement.blur()")
    ticked = browser.run("document.querySelector('input[name=invoice]:checked').value")
    tool.bill("CW-2000")
    world.clock.move(seconds=1)
    tool.refresh()
    until(lambda: "CW-2000" in browser.text())
    assert browser.run("document.querySelector('input[name=invoice]:checked').value") == ticked
    assert "Preview copying 1 invoice" in browser.text()


def test_without_scripts_the_same_buttons_work(
    tool: Tool, world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    tool.refresh()
    log_in(world, settings, browser, address)
    browser.allow_scripts(False)
    browser.open(f"{address}/sync-invoices")
    browser.allow_scripts(True)
    browser.run("document.querySelector('#which').value = 'all'")
    browser.press("button[name=what][value=mark]")
    assert "Mark as present in QuickBooks: 8 invoices" in browser.text()


def test_synced_invoices_only_lets_exactly_the_copied_ones_through(
    tool: Tool, world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    """The manual: "Syncs external payments only for invoices that were previously synced using the Sync Tool"."""
    tool.copy("CW-1041")
    copied = tool.in_books("CW-1041")[0]
    typed = world.quickbooks.add_invoice(world.customer_id, "312.00", "CW-1042")
    log_in(world, settings, browser, address)
    browser.open(f"{address}/sync-invoices/preferences")
    browser.run("document.querySelector('input[value=all_invoices]').click()")
    browser.run("document.querySelector('input[value=synced_only]').click()")
    browser.press("form[action='/sync-invoices/preferences'] button[type=submit]")
    on_copy = world.quickbooks.record_payment(copied.customer_id, "1284.50", [(copied.id, "1284.50")])
    elsewhere = world.quickbooks.record_payment(world.customer_id, "312.00", [(typed, "312.00")])
    world.notice()
    browser.open(f"{address}/payments/{on_copy}")
    assert "Synced" in browser.text()
    browser.open(f"{address}/payments/{elsewhere}")
    assert world.words.sentence(Reason.INVOICE_NOT_SYNCED) in browser.text()
    amounts = {
        number: [str(one.amount) for one in world.connectwise.invoice(tool.ids[number]).payments]
        for number in ("CW-1041", "CW-1042")
    }
    assert amounts == {"CW-1041": ["1284.50"], "CW-1042": []}
