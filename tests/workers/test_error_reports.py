"""A report of an error says what is needed to repair it, and nothing that belongs to a customer or opens a door."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.hiding import HIDING
from settings import Settings
from tests.receiver import Receiver, receiving
from tests.web.applications import application
from tests.web.browser import Browser
from tests.world import open_world
from workers.error_reports import start_reporting, words_of
from workers.exports import Exports

SECRET = "Zq+0123456789abcdef-of-a-report"


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def started(sentry: Receiver) -> Exports:
    dsn = sentry.url.replace("://", "://0123456789abcdef@").replace("/payments", "/1")
    return Exports(*start_reporting(Settings(_env_file=None, sentry_dsn=dsn, process_name="push")))


def events_in(sentry: Receiver) -> list[dict[str, Any]]:
    events = []
    for one in sentry.received:
        body = gzip.decompress(one.body) if one.headers.get("content-encoding") == "gzip" else one.body
        events += [json.loads(line) for line in body.splitlines() if b'"exception"' in line]
    return events


def fail(words: str) -> None:
    raise LookupError(words)


def test_it_has_the_kind_and_the_lines_of_our_code_and_no_value(sentry: Receiver) -> None:
    HIDING.learn([SECRET])
    exports, customer = started(sentry), "Cascade Dental"
    try:
        with pytest.raises(LookupError) as raised:
            fail(f"no link for '{customer}' with {SECRET}\nand a second line about {customer}")
        exports.report(raised.value)
    finally:
        exports.stop()
    [event] = events_in(sentry)
    [value] = event["exception"]["values"]
    assert value["type"] == "LookupError"
    assert value["value"] == "no link for [value] with [hidden]"
    assert value["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["release"]
    whole = json.dumps(event)
    assert customer not in whole
    assert "vars" not in whole
    assert not {"request", "user", "extra", "breadcrumbs", "modules", "contexts"} & event.keys()


def test_a_bug_of_a_page_is_reported_without_the_request(sentry: Receiver, database_url: str) -> None:
    with open_world(database_url) as world, pytest.MonkeyPatch.context() as patch:
        app = application(world.context, Settings(_env_file=None, redis_url=""))
        app.state.exports = started(sentry)

        def broken(*_: Any) -> None:
            raise ZeroDivisionError("nobody has foreseen this")

        patch.setattr("web.webhooks.webhook_reader", broken)
        browser = Browser(app)
        body = b"a customer's data"
        assert browser.client.post("/webhooks/quickbooks?code=4711", content=body).status_code == 500
        app.state.exports.stop()
    [event] = events_in(sentry)
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert "4711" not in json.dumps(event)
    assert "customer's" not in json.dumps(event)


def test_a_receiver_that_is_away_delays_and_fails_nobody() -> None:
    dsn = "http://0123456789abcdef@127.0.0.1:9/1"
    exports = Exports(*start_reporting(Settings(_env_file=None, sentry_dsn=dsn, process_name="push")))
    exports.report(ValueError("x"))
    exports.stop()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("KeyError: 'Cascade Dental'", "KeyError: [value]"),
        ('column "total" of Decimal("12.00")\n[parameters: (12)]', "column [value] of Decimal([value])"),
        ("a payment was decided to be pushed without a target", "a payment was decided to be pushed without a target"),
    ],
)
def test_of_what_an_exception_says_the_sentence_stays(said: str, kept: str) -> None:
    assert words_of(said) == kept


def test_errors_of_the_database_do_not_repeat_the_values_of_their_statements(database_url: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    with (
        open_world(database_url) as world,
        pytest.raises(SQLAlchemyError) as raised,
        world.context.database.engine.connect() as connection,
    ):
        connection.execute(text("SELECT * FROM no_such_table WHERE name = :name"), {"name": "Cascade Dental"})
    assert "Cascade Dental" not in str(raised.value)
