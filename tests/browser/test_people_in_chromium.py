"""A colleague is invited, joins, and turns a second factor on, in a real browser, on a desk and on a phone."""

import re
from typing import Any

import pytest

from domain.users import UserRole
from settings import Settings
from tests.browser.chromium import Chromium
from tests.browser.looking import problems
from tests.browser.visiting import BOOKKEEPER, LONG_NAME, log_in
from tests.copying import set_up
from tests.web.browser import PASSWORD, add_user
from tests.world import World
from usecases.logins import create_login_link
from usecases.one_time_codes import code_at

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

PEOPLE, ACCOUNT = "/settings/people", "/settings/account"
NEW = "a-rather-long-address-of-a-new-colleague@northwind.example"


class Visit:
    """One person's way through the pages, with what is wrong on each."""

    def __init__(self, browser: Chromium, address: str) -> None:
        self.browser, self.address = browser, address
        self.found: list[str] = []

    def open(self, page: str) -> None:
        self.browser.open(self.address + page)

    def look(self, name: str) -> None:
        self.found += problems(self.browser, name)

    def press(self, form: str) -> None:
        """The button of the last such form."""
        self.browser.run(f"[...document.querySelectorAll(\"{form} button\")].at(-1).id = 'pressed'")
        self.browser.press("#pressed")

    def complaints(self) -> list[str]:
        """What the browser says of its own; that a refused form was refused is known."""
        return [one for one in self.browser.complaints() if not re.search("status of (401|403|422)", one)]

    def open_all(self) -> None:
        """Everything that can be unfolded."""
        self.browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    def sees(self, words: str) -> bool:
        return words in self.browser.text()

    def value(self, selector: str) -> Any:
        return self.browser.run(f"document.querySelector('{selector}').value")

    @property
    def place(self) -> str:
        return str(self.browser.run("location.pathname"))


def test_a_colleague_is_invited_joins_and_turns_a_second_factor_on(
    world: World, settings: Settings, address: str, browser: Chromium
) -> None:
    visit = Visit(browser, address)
    add_user(world.context, "owner@northwind.example", "northwind")
    log_in(world, settings, browser, address)
    link = invites(visit)
    joins(visit, link)
    secret, codes = turns_on_a_second_factor(visit, world)
    world.clock.move(seconds=60)
    for code in (code_at(secret, world.clock.now()), codes[0]):
        comes_in_again(visit, code)
    sees_what_is_not_for_bookkeepers(visit)
    logs_out_everywhere(visit)
    assert visit.complaints() == []
    assert visit.found == [], "\n".join(visit.found)


def invites(visit: Visit) -> str:
    """The link that an admin passes on."""
    visit.open(PEOPLE)
    visit.look("people-1-alone")
    visit.browser.fill("#email", NEW)
    visit.browser.run("document.querySelector('[name=role][value=bookkeeper]').click()")
    visit.press("form[action='/settings/people/invite']")
    assert visit.sees("No mail is sent")
    visit.look("people-2-link")
    link = str(visit.value("#invitation-link"))
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/invitation\?token=[\w-]{40,}", link)
    visit.open(PEOPLE)
    assert visit.value("#email") == ""
    visit.open_all()
    visit.look("people-3-invited")
    visit.press("form[action='/logout']")
    return link.removeprefix("http://127.0.0.1:8000")


def joins(visit: Visit, link: str) -> None:
    visit.open(link)
    visit.look("invitation-1")
    for repeated, name in (("something else altogether", "invitation-2-refused"), (PASSWORD, None)):
        visit.browser.fill("#new", PASSWORD)
        visit.browser.fill("#repeated", repeated)
        visit.press("form[action='/invitation']")
        if name:
            assert visit.sees("are not the same")
            visit.look(name)
    assert visit.place == "/overview"
    visit.open(link)
    assert visit.sees("This invitation no longer works")
    visit.look("invitation-3-used")


def turns_on_a_second_factor(visit: Visit, world: World) -> tuple[str, list[str]]:
    """The app's secret and the recovery codes; the person logs out then."""
    visit.open(ACCOUNT)
    visit.look("account-1-off")
    visit.press(f"form[action='{ACCOUNT}/second-factor']")
    visit.look("second-factor-1-picture")
    visit.open_all()
    secret = visit.browser.run("document.querySelector('pre.key').textContent").replace(" ", "")
    visit.browser.fill("#code", "000000")
    visit.press("form[action$='/confirm']")
    assert visit.sees("This code is wrong")
    visit.open_all()
    visit.look("second-factor-2-wrong")
    visit.browser.fill("#code", code_at(secret, world.clock.now()))
    visit.press("form[action$='/confirm']")
    assert visit.sees("Your second factor is on.")
    visit.look("recovery-codes")
    codes = visit.browser.run("[...document.querySelectorAll('.codes code')].map((one) => one.textContent)")
    assert len(codes) == 10
    visit.browser.press("main a.button")
    visit.open_all()
    visit.look("account-2-on")
    visit.press("form[action='/logout']")
    return secret, codes


def comes_in_again(visit: Visit, code: str) -> None:
    visit.open("/login")
    visit.browser.fill("#email", NEW)
    visit.browser.fill("#password", PASSWORD)
    visit.press("form[action='/login']")
    assert visit.place == "/login/code"
    visit.look("login-code-1")
    visit.browser.fill("#code", "000000")
    visit.press("form[action='/login/code']")
    assert visit.sees("This code is wrong")
    visit.look("login-code-2-wrong")
    visit.browser.fill("#code", code)
    visit.press("form[action='/login/code']")
    assert visit.place == "/overview"


def sees_what_is_not_for_bookkeepers(visit: Visit) -> None:
    visit.open(PEOPLE)
    assert not visit.sees("Invite a colleague")
    visit.look("people-4-bookkeeper")
    visit.open("/integrations/preferences")
    assert visit.sees("An admin of Northwind MSP changes them.")
    visit.look("preferences-locked")
    visit.open("/integrations/quickbooks/connect")
    assert visit.sees("Your role is Bookkeeper")
    visit.look("refused")


def logs_out_everywhere(visit: Visit) -> None:
    visit.open(ACCOUNT)
    visit.press(f"form[action='{ACCOUNT}/log-out-everywhere']")
    assert visit.sees("You are logged out everywhere")
    visit.look("login-after-everywhere")


@pytest.mark.parametrize("role", [UserRole.VIEWER, UserRole.BOOKKEEPER])
def test_pages_without_their_buttons_can_be_used_by_everybody(
    world: World, settings: Settings, address: str, browser: Chromium, role: UserRole
) -> None:
    tool = set_up(world)
    tool.bill("CW-1", company_name=LONG_NAME, company_identifier="Long")
    tool.refresh()
    run = tool.preview("CW-1")
    payment = world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.notice()
    add_user(world.context, BOOKKEEPER, "northwind", role=role)
    add_user(world.context, "second@northwind.example", "northwind")
    visit = Visit(browser, address)
    token = create_login_link(world.context, settings.secret_key.get_secret_value(), BOOKKEEPER)
    browser.open(f"{address}/login/once?token={token}")
    for page in (
        "/overview",
        "/payments",
        f"/payments/{payment}",
        "/invoices",
        "/integrations",
        "/integrations/preferences",
        "/sync-invoices",
        f"/sync-invoices/runs/{run}",
        f"/sync-invoices/invoices/{tool.row('CW-1').id}",
        "/sync-invoices/customers",
        "/sync-invoices/preferences",
        "/activity",
        PEOPLE,
        ACCOUNT,
    ):
        visit.open(page)
        visit.look(page.strip("/").replace("/", "-"))
    assert visit.complaints() == []
    assert visit.found == [], "\n".join(visit.found)
