"""A bookkeeper at the pages of the Sync Tool: what tests of these pages read and press."""

import html
import re

from tests.copying import Tool
from tests.web.browser import Browser, forms_in

LIST, HISTORY, CUSTOMERS = "/sync-invoices", "/sync-invoices/history", "/sync-invoices/customers"
PREFERENCES = "/sync-invoices/preferences"


def words_on(page: str) -> str:
    """What can be read on the page, without its marks."""
    inside = page[page.index('<main id="main">') :] if "<main" in page else page
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", inside))).replace(" ,", ",").strip()


def press(browser: Browser, tool: Tool, what: str, *numbers: str, which: str = "ticked") -> str:
    """Chooses invoices in the list that is open, presses a button, and lets the worker check; the run's address."""
    action = next(form.action for form in forms_in(browser.page) if form.action.startswith("/sync-invoices/start"))
    ids = [str(tool.row(number).id) for number in numbers]
    answer = browser.send(action, {"what": what, "which": which, "invoice": ids})
    assert answer.status_code == 200, words_on(answer.text)
    tool.world.settle()
    return answer.url.path


def previewed(browser: Browser, tool: Tool, *numbers: str) -> str:
    """Invoices are listed, chosen and checked, with the proposed customers; the run's address."""
    tool.refresh()
    browser.get(LIST)
    address = press(browser, tool, "copy", *numbers)
    browser.get(address)
    browser.send(f"{address}/use-proposals")
    tool.world.settle()
    browser.get(address)
    return address


def copied(browser: Browser, tool: Tool, *numbers: str) -> str:
    address = previewed(browser, tool, *numbers)
    browser.send(f"{address}/confirm")
    tool.world.settle()
    browser.get(address)
    return address
