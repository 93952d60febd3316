"""Settings > Webhooks in the browser, and the same by the API."""

import html
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from domain.notices.kinds import NoticeKind
from domain.users import UserRole
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.web.browser import Browser, logged_in
from tests.web.sync_tool import words_on
from tests.world import World
from usecases.api_tokens import create_api_token

PAGE = "/settings/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def told(world: World, receiver: Receiver) -> Told:
    made = Told(world, receiver)
    made.add(receiver.url)
    return made


def add(browser: Browser, address: str, name: str = "Tickets", **values: str) -> str:
    browser.get(PAGE)
    return browser.send(PAGE, {"name": name, "address": address, **values}).text


# --- adding and changing ---


def test_a_secret_is_shown_once(partner: Browser, receiver: Receiver) -> None:
    page = html.unescape(add(partner, receiver.url))
    [secret] = set(SECRET.findall(page))
    assert "never again" in words_on(page)
    for address in (PAGE, f"{PAGE}/1"):
        assert secret not in html.unescape(partner.get(address).text)
    page = html.unescape(partner.send(f"{PAGE}/1/new-secret").text)
    [another] = set(SECRET.findall(page))
    assert another != secret
    assert "For a day" in words_on(page)


def test_a_refused_form_loses_nothing_that_was_typed(partner: Browser) -> None:
    page = add(partner, "http://hooks.invalid/?a=1&b=2", "My <tickets>")
    assert "There is no host with the name hooks.invalid" in words_on(page)
    assert 'value="My &lt;tickets&gt;"' in page
    assert 'value="http://hooks.invalid/?a=1&amp;b=2"' in page
    assert 'value="payment.held" checked' not in page  # the browser of the tests sends one box alone
    assert 'value="payment.taken_back" checked' in page


@pytest.mark.parametrize("address", ["ftp://x", "https://", "https://u:p@127.0.0.1/", "http://169.254.169.254/"])
def test_an_address_that_we_do_not_call_is_refused(partner: Browser, address: str) -> None:
    partner.get(PAGE)
    assert partner.send(PAGE, {"name": "Tickets", "address": address}).status_code == 422
    assert "There is no webhook yet" in words_on(partner.get(PAGE).text)


def test_everything_about_it_can_be_changed_and_is_written_down(partner: Browser, told: Told) -> None:
    one = f"{PAGE}/{told.endpoint_id}"
    partner.get(one)
    page = partner.send(f"{one}/change", {"name": "Chat", "address": told.receiver.url + "?x", "kinds": "payment.held"})
    assert "The webhook is changed" in words_on(page.text)
    assert (told.endpoint.name, told.endpoint.kinds) == ("Chat", ["payment.held"])
    assert "Off" in words_on(partner.send(f"{one}/off").text)
    assert not told.endpoint.is_on
    partner.send(f"{one}/on")
    assert told.endpoint.is_on
    assert "removed with its log" in words_on(partner.send(f"{one}/remove").text)
    assert partner.get(one).status_code == 404
    activity = words_on(partner.get("/activity").text)
    for label in ("Added", "Changed", "webhook or channel on", "webhook or channel off", "Removed"):
        assert label in activity
    # The rest of an address may be a secret.
    assert "/payments?x" not in activity


# --- the test, and the log ---


def test_a_test_shows_the_answer(partner: Browser, told: Told) -> None:
    told.receiver.status, told.receiver.text = 403, b"<b>no entry</b>"
    partner.get(f"{PAGE}/{told.endpoint_id}")
    page = partner.send(f"{PAGE}/{told.endpoint_id}/test").text
    assert "The test was sent once" in words_on(page)
    assert "Answered 403" in words_on(page)
    assert "&lt;b&gt;no entry&lt;/b&gt;" in page
    assert told.receiver.kinds == ["test.ping"]


def test_the_log_tells_each_notice_and_sends_it_again(partner: Browser, told: Told, world: World) -> None:
    payment = told.pay_one()
    told.work_in_silence()
    told.receiver.status = 500
    told.tell()
    one = f"{PAGE}/{told.endpoint_id}"
    page = words_on(partner.get(one).text)
    assert "Nothing has been delivered since" in page
    assert "Answered 500" in page
    assert "Nothing fits" in words_on(partner.get(f"{one}?state=delivered").text)
    assert "Nothing fits" in words_on(partner.get(f"{one}?payment=none").text)
    assert payment in words_on(partner.get(f"{one}?state=waiting&payment={payment}").text)
    told.receiver.status = 410
    told.tell(minutes=1)
    page = words_on(partner.get(one).text)
    assert "We switched it off" in page
    notice = told.notices[-1]
    detail = partner.get(f"{one}/notices/{notice.id}").text
    assert notice.uid in detail
    assert "Answered 410" in words_on(detail)
    assert "The payment is on the ConnectWise invoice." in html.unescape(detail)
    partner.get(one)
    partner.send(f"{one}/on")
    told.receiver.status = 200
    assert "being sent again" in words_on(partner.send(f"{one}/resend").text)
    world.settle()
    assert told.notices[-1].state == "delivered"
    partner.get(f"{one}/notices/{notice.id}")
    partner.send(f"{one}/notices/{notice.id}/resend")
    world.settle()
    assert [each.uid for each in told.receiver.received[-2:]] == [notice.uid] * 2


def test_a_long_log_has_pages(partner: Browser, told: Told) -> None:
    for _ in range(30):
        told.pay_one("1.00")
    told.work_in_silence()
    one = f"{PAGE}/{told.endpoint_id}"
    first = partner.get(one).text
    older = re.search(r'href="([^"]+before=\d+)"', first)
    assert older is not None
    second = words_on(partner.get(html.unescape(older[1])).text)
    assert "Newest" in second
    assert len(told.notices) == 60


def test_who_only_looks_sees_no_more_of_an_address_than_its_host(app: FastAPI, told: Told) -> None:
    for role in (UserRole.VIEWER, UserRole.BOOKKEEPER):
        browser = logged_in(app, f"{role}@northwind.example", "northwind", role)
        for address in (PAGE, f"{PAGE}/{told.endpoint_id}"):
            page = browser.get(address).text
            assert told.receiver.url.removesuffix("/payments") in page
            assert told.receiver.url not in page


# --- the API ---


def test_a_program_does_the_same(app: FastAPI, world: World, receiver: Receiver) -> None:
    program, token = Browser(app).client, create_api_token(world.context, "northwind", "tickets")
    headers = {"Authorization": f"Bearer {token}"}
    added = program.post("/api/webhooks", json={"name": "Tickets", "address": receiver.url}, headers=headers).json()
    assert added["secret"].startswith("whsec_")
    assert NoticeKind.PAYMENT_ON_ITS_WAY not in added["kinds"]
    one = f"/api/webhooks/{added['id']}"
    tested = program.post(f"{one}/test", headers=headers).json()
    assert (tested["delivered"], tested["status"], tested["answer"]) == (True, 200, "thank you")
    listed = program.get(f"{one}/notices", headers=headers).json()["notices"]
    assert [(each["kind"], each["state"], len(each["tries"])) for each in listed] == [("test.ping", "delivered", 1)]
    detail = program.get(f"{one}/notices/{tested['notice_id']}", headers=headers).json()
    assert detail["body"] == receiver.received[0].document
    [told] = program.get("/api/webhooks", headers=headers).json()["webhooks"]
    assert (told["waiting"], told["failed"], "secret" in told, "address" in told) == (0, 0, False, False)
    refused = program.post("/api/webhooks", json={"name": "", "address": receiver.url}, headers=headers)
    assert (refused.status_code, "name" in refused.json()["detail"]) == (422, True)
    off = program.put(f"{one}/switch", json={"is_on": False}, headers=headers).json()
    assert off["is_on"] is False
    assert program.post(f"{one}/resend", headers=headers).status_code == 409
    assert program.delete(one, headers=headers).status_code == 200
    assert program.get(f"{one}/notices", headers=headers).status_code == 404
