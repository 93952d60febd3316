"""Slack and PagerDuty, against a real receiver: what is posted, and that the secret address is not seen again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.channel import Parcel
from connectors.http import TimeLimits
from connectors.limits import Limiter
from connectors.pagerduty.channel import PagerDuty
from connectors.registry import Platform
from connectors.slack.channel import Slack
from domain.alarms.message import Letter
from domain.alarms.words import Severity
from tests.contexts import TestClock
from tests.receiver import Receiver, receiving

PLATFORM = Platform(vendors={}, time_limits=TimeLimits(), limiter=Limiter(None, processes=1), now=TestClock().now)
KEY = "0123456789abcdef0123456789ABCDEF"
LETTER = Letter(
    subject="Northwind & <!channel>: A connection is lost",
    paragraphs=("QuickBooks no longer accepts our access.",),
    link="https://pay.example.com/integrations",
    severity=Severity.CRITICAL,
    is_over=False,
    thread="northwind.alarm.connection_lost",
    why="You get this because somebody asked for it.",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def parcel(secret: str, letter: Letter | None = LETTER) -> Parcel:
    return Parcel(1, "https://shown.example", "msg_1", b"{}", [secret], LETTER.at, letter)


def pager(receiver: Receiver) -> PagerDuty:
    return PagerDuty(PLATFORM, url=receiver.url.removesuffix("/payments"))


def test_slack_gets_blocks_in_which_no_name_is_a_call(receiver: Receiver) -> None:
    assert Slack(PLATFORM).send(parcel(receiver.url)).is_success
    (received,) = receiver.received
    document = received.document
    assert document["text"] == "Northwind &amp; &lt;!channel&gt;: A connection is lost"
    texts = [block["text"]["text"] for block in document["blocks"] if block["type"] == "section"]
    assert texts == [
        ":rotating_light: *Northwind &amp; &lt;!channel&gt;: A connection is lost*",
        "QuickBooks no longer accepts our access.",
        "<https://pay.example.com/integrations|Open External Payments Sync>",
    ]


def test_the_address_of_slack_is_not_in_what_we_keep_of_its_answer(receiver: Receiver) -> None:
    address = receiver.url.replace("/payments", "/services/T0001/B0002/aVerySecretPath")
    receiver.status, receiver.text = 404, f"no_service at {address}".encode()
    reply = Slack(PLATFORM).send(parcel(address))
    assert (reply.status, reply.is_success) == (404, False)
    assert "aVerySecretPath" not in repr(reply)
    assert Slack(PLATFORM).shown("https://hooks.slack.com/services/T1/B2/s3cret") == "https://hooks.slack.com"


def test_an_address_without_a_path_is_no_incoming_webhook(receiver: Receiver) -> None:
    assert Slack(PLATFORM).problem_with(receiver.url) is None
    problem = Slack(PLATFORM).problem_with(receiver.url.removesuffix("/payments"))
    assert problem is not None
    assert "incoming webhook" in problem


def test_an_alarm_triggers_one_incident_and_its_end_resolves_that_one(receiver: Receiver) -> None:
    receiver.status = 202
    assert pager(receiver).send(parcel(KEY)).is_success
    assert pager(receiver).send(parcel(KEY, replace(LETTER, is_over=True))).is_success
    trigger, resolve = (one.document for one in receiver.received)
    assert (trigger["event_action"], trigger["routing_key"]) == ("trigger", KEY)
    assert trigger["payload"]["severity"] == "critical"
    assert trigger["payload"]["summary"] == LETTER.subject
    assert trigger["links"] == [{"href": LETTER.link, "text": "Open"}]
    assert (resolve["event_action"], resolve["dedup_key"]) == ("resolve", trigger["dedup_key"])
    assert trigger["dedup_key"] == "external-payments-sync.northwind.alarm.connection_lost"


def test_a_test_leaves_no_incident_open(receiver: Receiver) -> None:
    receiver.status = 202
    assert pager(receiver).send(parcel(KEY, replace(LETTER, is_test=True))).is_success
    assert [one.document["event_action"] for one in receiver.received] == ["trigger", "resolve"]


def test_the_key_is_not_in_what_we_keep_of_the_answer(receiver: Receiver) -> None:
    receiver.status, receiver.text = 400, f'{{"errors": ["{KEY} is not a routing key"]}}'.encode()
    reply = pager(receiver).send(parcel(KEY))
    assert (reply.status, reply.is_success) == (400, False)
    assert KEY not in repr(reply)


@pytest.mark.parametrize(("key", "is_good"), [(KEY, True), ("", False), ("short", False), (KEY[:-1] + "/", False)])
def test_a_key_is_known_by_its_form(key: str, is_good: bool) -> None:
    assert (pager(Receiver()).problem_with(key) is None) is is_good


def test_news_for_programs_is_never_sent_to_people(receiver: Receiver) -> None:
    for channel in (Slack(PLATFORM), pager(receiver)):
        assert not channel.send(parcel(receiver.url, letter=None)).is_success
    assert receiver.received == []
