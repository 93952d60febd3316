"""Coming in, staying in, and getting out."""

from fastapi import FastAPI

from settings import Environment, Settings
from tests.web.browser import PASSWORD, Browser, add_user, forms_in
from tests.web.conftest import OPERATOR, PARTNER
from tests.world import World
from usecases.logins import LoggedIn, create_login_link, log_in, log_out, redeem_login_link
from usecases.users import set_password
from web.app import create_app

WRONG = "The e-mail address or the password is wrong."


def secret_of(settings: Settings) -> str:
    return settings.secret_key.get_secret_value()


def test_the_front_door_leads_to_the_login_and_after_it_to_the_overview(world: World, anybody: Browser) -> None:
    first = anybody.client.get("/", follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/login")

    add_user(world.context, PARTNER, "northwind", PASSWORD)
    assert "Overview" in anybody.log_in(PARTNER).text
    second = anybody.client.get("/", follow_redirects=False)
    assert (second.status_code, second.headers["location"]) == (303, "/overview")


def test_the_wrong_password_and_the_wrong_person_read_the_same(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    for email, password in ((PARTNER, "not the password"), ("nobody@\0.example", PASSWORD), (PARTNER, "")):
        answer = anybody.log_in(email, password)
        assert answer.status_code == 401
        assert WRONG in answer.text


def test_the_address_is_taken_however_it_is_spelled(world: World, anybody: Browser) -> None:
    add_user(world.context, "Books@Northwind.example", "northwind", PASSWORD)
    assert anybody.log_in(" BOOKS@northwind.EXAMPLE ").status_code == 200


def test_after_the_login_one_is_where_one_wanted_to_go(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    anybody.get("/payments?status=waiting")
    assert "Log in" in anybody.page
    answer = anybody.send("/login", {"email": PARTNER, "password": PASSWORD})
    assert str(answer.url).endswith("/payments?status=waiting")


def test_nobody_is_sent_to_another_host_after_the_login(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\n/evil"):
        anybody.get("/login", params={"next": elsewhere})
        values = {"email": PARTNER, "password": PASSWORD, "next": elsewhere}
        answer = anybody.send("/login", values, follow_redirects=False)
        assert answer.headers["location"] == "/overview"


def test_a_form_without_our_token_logs_nobody_in(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    anybody.get("/login")
    answer = anybody.send("/login", {"email": PARTNER, "password": PASSWORD, "csrf_token": "forged"})
    assert answer.status_code == 403


def test_too_many_tries_have_to_wait_even_with_the_right_password(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    for _ in range(5):
        assert anybody.log_in(PARTNER, "not the password").status_code == 401
    answer = anybody.log_in(PARTNER)
    assert answer.status_code == 429
    assert "Wait five minutes" in answer.text


def test_a_right_password_clears_what_was_mistyped_before(world: World, anybody: Browser) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    for _ in range(2):
        for _ in range(4):
            anybody.log_in(PARTNER, "not the password")
        assert anybody.log_in(PARTNER).status_code == 200


def test_tries_are_counted_together_by_all_web_processes_through_redis(world: World, redis_url: str) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    processes = [
        create_app(world.context, Settings(_env_file=None, redis_url=redis_url, secret_key=key)) for key in "ab"
    ]
    browsers = [Browser(app) for app in processes]
    answers = [browsers[number % 2].log_in(PARTNER, "not the password").status_code for number in range(6)]
    assert answers == [401, 401, 401, 401, 401, 429]


def test_with_redis_away_people_still_get_in(world: World) -> None:
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    app = create_app(world.context, Settings(_env_file=None, redis_url="redis://127.0.0.1:9/0"))
    assert Browser(app).log_in(PARTNER).status_code == 200


def test_who_logs_out_is_out_also_with_a_copy_of_the_cookie(app: FastAPI, partner: Browser) -> None:
    thief = Browser(app, cookies=dict(partner.client.cookies))
    assert "Overview" in thief.get("/overview").text

    partner.get("/overview")
    assert "Log in" in partner.send("/logout").text

    assert "Log in" in partner.get("/overview").text
    assert "Log in" in thief.get("/overview").text


def test_a_session_ends_after_a_working_day(world: World, partner: Browser) -> None:
    world.clock.move(hours=11, minutes=59)
    assert "Overview" in partner.get("/overview").text
    world.clock.move(minutes=2)
    assert "Log in" in partner.get("/overview").text


def test_a_new_password_ends_every_session(world: World, partner: Browser, anybody: Browser) -> None:
    set_password(world.context, PARTNER, "a completely new password")
    assert "Log in" in partner.get("/overview").text
    assert WRONG in anybody.log_in(PARTNER).text
    assert anybody.log_in(PARTNER, "a completely new password").status_code == 200


def test_the_login_begins_with_an_empty_cookie(world: World, anybody: Browser) -> None:
    """Whoever planted a cookie before the login knows nothing about the one after it."""
    add_user(world.context, PARTNER, "northwind", PASSWORD)
    anybody.get("/login")
    planted = forms_in(anybody.page)[0].fields["csrf_token"]
    anybody.log_in(PARTNER)
    anybody.get("/login")
    assert forms_in(anybody.page)[-1].fields["csrf_token"] != planted


def test_a_link_logs_in_once(world: World, app: FastAPI, anybody: Browser, settings: Settings) -> None:
    add_user(world.context, OPERATOR)
    token = create_login_link(world.context, secret_of(settings), OPERATOR)
    assert isinstance(token, str)

    assert "Overview" in anybody.get("/login/once", params={"token": token}).text
    second = Browser(app).get("/login/once", params={"token": token})
    assert second.status_code == 403
    assert "This link has been used" in second.text


def test_a_link_is_too_old_after_five_minutes(world: World, anybody: Browser, settings: Settings) -> None:
    add_user(world.context, OPERATOR)
    token = create_login_link(world.context, secret_of(settings), OPERATOR)
    world.clock.move(minutes=5, seconds=1)
    assert anybody.get("/login/once", params={"token": token}).status_code == 403


def test_a_link_that_we_did_not_sign_or_that_is_nonsense_opens_nothing(world: World, anybody: Browser) -> None:
    add_user(world.context, OPERATOR)
    foreign = create_login_link(world.context, "another secret", OPERATOR)
    for token in (foreign, "", "a.b.c", "\0", "é" * 300):
        assert anybody.get("/login/once", params={"token": token}).status_code == 403


def test_a_new_password_makes_links_useless_as_well(world: World, anybody: Browser, settings: Settings) -> None:
    add_user(world.context, OPERATOR)
    token = create_login_link(world.context, secret_of(settings), OPERATOR)
    set_password(world.context, OPERATOR, "a completely new password")
    assert anybody.get("/login/once", params={"token": token}).status_code == 403


def test_what_is_expired_is_forgotten_at_the_next_login(world: World, settings: Settings) -> None:
    from sqlalchemy import func, select

    from models.users import DashboardSession, LoginLink

    add_user(world.context, OPERATOR, password=PASSWORD)
    create_login_link(world.context, secret_of(settings), OPERATOR)
    log_in(world.context, OPERATOR, PASSWORD)
    world.clock.move(hours=13)
    begun = log_in(world.context, OPERATOR, PASSWORD)
    with world.context.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DashboardSession)) == 1
        assert session.scalar(select(func.count()).select_from(LoginLink)) == 0
    assert isinstance(begun, LoggedIn)
    log_out(world.context, begun.key)
    assert redeem_login_link(world.context, secret_of(settings), "no token") is None


def test_in_production_the_cookie_is_for_this_host_over_https_only(world: World) -> None:
    from cryptography.fernet import Fernet

    settings = Settings(
        _env_file=None,
        environment=Environment.PRODUCTION,
        secret_key="a long and random text",
        encryption_keys=Fernet.generate_key().decode(),
        public_url="https://payments.example",
    )
    answer = Browser(create_app(world.context, settings), base_url="https://payments.example").get("/login")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=")
    for part in ("; secure", "httponly", "samesite=lax", "path=/"):
        assert part in cookie
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
