"""Settings > My account in the browser: password, second factor with its login, recovery codes, sessions."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI

from tests.web.browser import PASSWORD, Browser, add_user, logged_in
from tests.web.conftest import OPERATOR, PARTNER
from tests.web.sync_tool import words_on
from tests.world import World
from usecases.one_time_codes import code_at
from web.browser_names import browser_name

ACCOUNT, FACTOR = "/settings/account", "/settings/account/second-factor"
NEW = "a completely new password"


@pytest.fixture
def ann(world: World, app: FastAPI) -> Browser:
    """Somebody with a password, logged in by it."""
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    browser = Browser(app)
    assert browser.log_in(PARTNER).status_code == 200
    return browser


def secret_on(page: str) -> str:
    found = re.search(r'<pre class="key">([A-Z2-7 ]+)</pre>', page)
    assert found is not None
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-7-]+)</code></li>", page)


def turn_on(world: World, browser: Browser) -> tuple[str, list[str]]:
    """The app's secret, and the recovery codes."""
    browser.get(ACCOUNT)
    secret = secret_on(browser.send(FACTOR).text)
    answer = browser.send(f"{FACTOR}/confirm", {"code": code_at(secret, world.clock.now())})
    assert answer.status_code == 200
    return secret, codes_on(answer.text)


def next_code(world: World, secret: str) -> str:
    world.clock.move(seconds=30)
    return code_at(secret, world.clock.now())


# --- the password ---


def test_a_new_password_logs_out_every_other_browser_and_not_this_one(app: FastAPI, ann: Browser) -> None:
    other = Browser(app)
    other.log_in(PARTNER)
    thief = Browser(app, cookies=dict(ann.client.cookies))
    ann.get(ACCOUNT)
    answer = ann.send(f"{ACCOUNT}/password", {"current": PASSWORD, "new": NEW, "repeated": NEW})
    assert "Your password is changed." in answer.text
    assert "Overview" in ann.get("/overview").text
    for gone in (other, thief):
        assert "Log in" in gone.get("/overview").text
    assert other.log_in(PARTNER).status_code == 401
    assert other.log_in(PARTNER, NEW).status_code == 200


def test_a_password_that_is_refused_is_not_written_back(ann: Browser) -> None:
    ann.get(ACCOUNT)
    for values, why in (
        ({"current": "a wrong password", "new": NEW, "repeated": NEW}, "The current password is wrong."),
        ({"current": PASSWORD, "new": "short", "repeated": "short"}, "at least 12 characters"),
        ({"current": PASSWORD, "new": NEW, "repeated": "another one"}, "are not the same"),
    ):
        answer = ann.send(f"{ACCOUNT}/password", values)
        assert (answer.status_code, why in answer.text) == (422, True)
        assert not any(f'value="{value}"' in answer.text for value in values.values())


def test_guesses_at_the_current_password_have_to_wait(ann: Browser) -> None:
    ann.get(ACCOUNT)
    for _ in range(5):
        wrong = ann.send(f"{ACCOUNT}/password", {"current": "a wrong one", "new": NEW, "repeated": NEW})
        assert wrong.status_code == 422
    right = ann.send(f"{ACCOUNT}/password", {"current": PASSWORD, "new": NEW, "repeated": NEW})
    assert right.status_code == 429
    assert "Wait five minutes" in right.text


def test_who_has_no_password_is_not_asked_for_it(app: FastAPI) -> None:
    browser = logged_in(app, "link@northwind.example", "northwind")
    assert "You have no password yet" in browser.get(ACCOUNT).text
    assert "Your password is changed." in browser.send(f"{ACCOUNT}/password", {"new": NEW, "repeated": NEW}).text
    assert Browser(app).log_in("link@northwind.example", NEW).status_code == 200


# --- the second factor ---


def test_the_login_asks_for_the_code_and_then_goes_where_one_wanted_to_go(
    world: World, app: FastAPI, ann: Browser
) -> None:
    secret, codes = turn_on(world, ann)
    assert len(codes) == 10
    browser = Browser(app)
    browser.get("/payments?status=waiting")
    answer = browser.send("/login", {"email": PARTNER, "password": PASSWORD})
    assert answer.url.path == "/login/code"
    assert "Log in" in browser.client.get("/overview").text
    wrong = browser.send("/login/code", {"code": "000000"})
    assert wrong.status_code == 401
    assert "This code is wrong, or was used before." in wrong.text
    answer = browser.send("/login/code", {"code": next_code(world, secret)})
    assert str(answer.url).endswith("/payments?status=waiting")


def test_the_half_of_a_login_is_none(world: World, app: FastAPI, ann: Browser) -> None:
    turn_on(world, ann)
    browser = Browser(app)
    browser.log_in(PARTNER)
    for address in ("/overview", ACCOUNT, "/settings/people", "/integrations"):
        assert browser.client.get(address, follow_redirects=False).status_code == 303, address
    assert browser.client.get("/api/payments").status_code == 401


def test_guesses_at_the_code_have_to_wait_however_often_the_password_is_given(
    world: World, app: FastAPI, ann: Browser
) -> None:
    secret, _ = turn_on(world, ann)
    for _ in range(5):
        browser = Browser(app)
        browser.log_in(PARTNER)
        assert browser.send("/login/code", {"code": "000000"}).status_code == 401
    browser.log_in(PARTNER)
    assert browser.send("/login/code", {"code": next_code(world, secret)}).status_code == 429


def test_the_code_page_without_a_first_step_leads_to_the_login(world: World, app: FastAPI, ann: Browser) -> None:
    assert Browser(app).get("/login/code").url.path == "/login"
    secret, _ = turn_on(world, ann)
    browser = Browser(app)
    browser.log_in(PARTNER)
    code = next_code(world, secret)
    world.clock.move(minutes=11)
    late = browser.send("/login/code", {"code": code})
    assert late.status_code == 403
    assert "Begin again." in late.text


def test_a_recovery_code_lets_in_and_the_page_counts_them(world: World, app: FastAPI, ann: Browser) -> None:
    _, codes = turn_on(world, ann)
    browser = Browser(app)
    browser.log_in(PARTNER)
    assert browser.send("/login/code", {"code": codes[0].upper()}).url.path == "/overview"
    assert "You have 9 unused recovery codes." in words_on(browser.get(ACCOUNT).text)


def test_recovery_codes_are_shown_once_and_can_be_made_anew(world: World, ann: Browser) -> None:
    secret, codes = turn_on(world, ann)
    assert codes[0] not in ann.get(ACCOUNT).text
    assert secret not in ann.page
    # The page to set it up is gone with it.
    assert ann.get(FACTOR).url.path == ACCOUNT
    assert ann.send(f"{FACTOR}/recovery-codes", {"code": "000000"}).status_code == 422
    answer = ann.send(f"{FACTOR}/recovery-codes", {"code": next_code(world, secret)})
    assert not {*codes} & {*codes_on(answer.text)}
    assert len(codes_on(answer.text)) == 10


def test_a_wrong_first_code_shows_the_same_picture_again(ann: Browser) -> None:
    ann.get(ACCOUNT)
    secret = secret_on(ann.send(FACTOR).text)
    answer = ann.send(f"{FACTOR}/confirm", {"code": "000000"})
    assert answer.status_code == 422
    assert secret_on(answer.text) == secret
    assert "<svg" in answer.text
    assert "style=" not in answer.text


def test_it_is_turned_off_with_password_and_code(world: World, app: FastAPI, ann: Browser) -> None:
    secret, _ = turn_on(world, ann)
    ann.get(ACCOUNT)
    for values in ({"password": PASSWORD, "code": "000000"}, {"password": "wrong", "code": next_code(world, secret)}):
        assert ann.send(f"{FACTOR}/off", values).status_code == 422
    off = ann.send(f"{FACTOR}/off", {"password": PASSWORD, "code": next_code(world, secret)})
    assert "Your second factor is off." in off.text
    assert Browser(app).log_in(PARTNER).url.path == "/overview"


def test_an_operator_has_an_account_without_choosing_an_organization(world: World, app: FastAPI) -> None:
    from usecases.organizations import create_organization

    create_organization(world.context, "contoso", "Contoso IT")
    browser = logged_in(app, OPERATOR)
    assert browser.get(ACCOUNT).status_code == 200
    assert 'href="/settings/people"' not in browser.page
    turn_on(world, browser)


# --- sessions ---


def test_sessions_are_listed_by_browser_and_end_together(world: World, app: FastAPI, ann: Browser) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"
    other = Browser(app, headers={"User-Agent": firefox})
    world.clock.move(minutes=5)
    other.log_in(PARTNER)
    page = words_on(ann.get(ACCOUNT).text)
    assert "Firefox on Windows" in page
    assert "A browser that does not say which This one" in page
    answer = ann.send(f"{ACCOUNT}/log-out-everywhere")
    assert "You are logged out everywhere" in answer.text
    for gone in (ann, other):
        assert gone.client.get("/overview", follow_redirects=False).status_code == 303


def test_the_last_login_is_told_to_colleagues(world: World, ann: Browser) -> None:
    world.clock.move(seconds=timedelta(hours=2).total_seconds())
    assert "2 h 0 min ago" in words_on(ann.get("/settings/people").text)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/140 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", ""),
        ("<script>alert(1)</script>" * 100, ""),
    ],
)
def test_a_browser_is_named_by_our_words_only(told: str, name: str) -> None:
    assert browser_name(told) == name
