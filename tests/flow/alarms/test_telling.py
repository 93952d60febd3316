"""Who is told what, when, and through which channel; and what becomes of it on a bad day."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from benchmarks.counting import counted
from connectors.channels import CHANNELS
from connectors.pagerduty.channel import PagerDuty
from domain.alarms.hours import Hours
from domain.notices.channels import PEOPLE, WEBHOOK, PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from models.alarm_tellings import AlarmWatch
from models.connections import ConnectionStatus, mark_needs_reconnect
from models.notices import NoticeFilter
from models.organizations import Organization, organization_by_id
from tasks.context import Step
from tasks.sweep import sweep
from tasks.watch.step import watch
from tests.flow.alarms.alarmed import Alarmed
from tests.mailbox import Mailbox, text_of
from tests.queries import violations
from tests.receiver import Receiver, receiving
from usecases.endpoints import Wanted, change_endpoint, remove_endpoint, send_test, switch_endpoint
from usecases.notices import log_of, send_all_failed_again

ATTENTION = NoticeKind.ALARM_ATTENTION


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as opened:
        url = opened.url.removesuffix("/payments")
        monkeypatch.setitem(CHANNELS, PeopleChannel.PAGERDUTY, partial(PagerDuty, url=url))  # type: ignore[arg-type]
        yield opened


def lose_connection(alarmed: Alarmed) -> None:
    with alarmed.world.context.database.writing() as session:
        mark_needs_reconnect(session, alarmed.world.source_id)


def connect_again(alarmed: Alarmed) -> None:
    alarmed.change_source(status=ConnectionStatus.ACTIVE.value)


def at(alarmed: Alarmed, hour: int) -> None:
    """The clock is moved on until it shows this hour, UTC."""
    now = alarmed.world.clock.now()
    then = datetime.combine(now.date(), time(hour), UTC)
    alarmed.world.clock.move(seconds=((then - now) % timedelta(days=1)).total_seconds())


# --- first at once, then together ---


def test_a_hundred_payments_are_two_letters(alarmed: Alarmed) -> None:
    alarmed.ask()
    alarmed.hold()
    alarmed.later()
    for _ in range(4):
        alarmed.hold()
        alarmed.later(minutes=20)
    assert alarmed.subjects == ["Payments need attention (1)"]
    alarmed.later(hours=4)
    assert alarmed.subjects == ["Payments need attention (1)", "Payments need attention (5)"]
    assert "There is more than you have been told." in text_of(alarmed.mailbox.mails[1])
    assert "(4 new)" in text_of(alarmed.mailbox.mails[1])
    alarmed.later(hours=20)
    assert len(alarmed.mailbox.mails) == 2


def test_who_looks_again_and_again_writes_nothing_twice(alarmed: Alarmed) -> None:
    alarmed.ask()
    alarmed.hold()
    for _ in range(3):
        watch(alarmed.world.context, alarmed.world.organization_id)
    assert len(alarmed.notices) == 1


def test_where_nothing_is_wrong_the_sweep_nudges_nobody(alarmed: Alarmed) -> None:
    alarmed.ask()
    alarmed.later()
    alarmed.world.clock.move(minutes=1)
    assert sweep(alarmed.world.context).watch == 0


def test_each_channel_counts_for_itself(alarmed: Alarmed, receiver: Receiver) -> None:
    alarmed.ask()
    alarmed.hold()
    alarmed.later()
    alarmed.ask(PeopleChannel.SLACK, receiver.url)
    alarmed.later()
    # Who comes later is told what is the case, and nobody else hears it again.
    assert (len(alarmed.mailbox.mails), len(receiver.received)) == (1, 1)


def test_only_what_was_chosen_is_told(alarmed: Alarmed) -> None:
    alarmed.ask(kinds=[NoticeKind.ALARM_CONNECTION_LOST])
    alarmed.hold()
    alarmed.later()
    assert alarmed.subjects == []
    lose_connection(alarmed)
    alarmed.later()
    assert alarmed.subjects == ["A connection is lost"]


# --- quiet hours ---


@pytest.mark.both_in_the_build
def test_what_happens_at_night_is_told_in_the_morning(alarmed: Alarmed) -> None:
    with alarmed.world.context.database.writing() as session:
        session.get_one(Organization, alarmed.world.organization_id).time_zone = "America/New_York"
    # In New York it is five hours earlier in winter, and four in summer.
    at(alarmed, 6)
    alarmed.ask(hours=Hours(time(22), time(7)))
    alarmed.hold(3)
    alarmed.later()
    assert alarmed.subjects == []
    alarmed.later(hours=4)
    assert alarmed.subjects == []
    alarmed.later(hours=3)
    assert alarmed.subjects == ["Payments need attention (3)"]


@pytest.mark.both_in_the_build
def test_what_was_over_by_the_morning_is_told_as_one_thing(alarmed: Alarmed) -> None:
    at(alarmed, 1)
    alarmed.ask(hours=Hours(time(22), time(7), urgent_anyway=False))
    lose_connection(alarmed)
    alarmed.later()
    connect_again(alarmed)
    alarmed.it_is_over()
    assert alarmed.subjects == []
    alarmed.later(hours=6)
    assert alarmed.subjects == ["The connections work again"]
    assert alarmed.states == [("began", "replaced"), ("over", "delivered")]


def test_what_is_urgent_wakes_who_wants_to_be_woken(alarmed: Alarmed) -> None:
    at(alarmed, 1)
    alarmed.ask(hours=Hours(time(22), time(7), urgent_anyway=True))
    alarmed.hold()
    lose_connection(alarmed)
    alarmed.later()
    assert alarmed.subjects == ["A connection is lost"]
    alarmed.later(hours=6)
    assert alarmed.subjects == ["A connection is lost", "Payments need attention (1)"]


@pytest.mark.both_in_the_build
def test_a_letter_that_is_tried_again_does_not_arrive_at_night_either(alarmed: Alarmed) -> None:
    at(alarmed, 21)
    alarmed.ask(hours=Hours(time(22), time(7)))
    alarmed.hold()
    alarmed.mailbox.to_mail = "451 later"
    alarmed.later(minutes=58)
    assert alarmed.states == [("began", "waiting")]
    alarmed.mailbox.to_mail = "250 OK"
    alarmed.later(minutes=10)
    alarmed.later(hours=3)
    assert alarmed.subjects == []
    alarmed.later(hours=6)
    assert alarmed.subjects == ["Payments need attention (1)"]


# --- the channels ---


@pytest.mark.both_in_the_build
def test_slack_is_told_and_its_address_is_kept_to_ourselves(alarmed: Alarmed, receiver: Receiver) -> None:
    endpoint_id = alarmed.ask(PeopleChannel.SLACK, receiver.url.replace("/payments", "/services/T1/B2/s3cretPath"))
    alarmed.hold()
    alarmed.later()
    (received,) = receiver.received
    assert received.document["text"] == "Northwind MSP: Payments need attention (1)"
    with alarmed.world.context.database.reading() as session:
        stored = session.connection().exec_driver_sql("select address, sealed_secrets, kinds, name from endpoint").all()
    assert "s3cretPath" not in repr(stored)
    log = log_of(alarmed.world.context, alarmed.world.organization_id, endpoint_id, NoticeFilter(), 10, channels=PEOPLE)
    assert log is not None
    assert [one.notice.state for one in log.rows] == ["delivered"]


def test_pagerduty_opens_one_incident_and_closes_it(alarmed: Alarmed, pager: Receiver) -> None:
    pager.status = 202
    alarmed.ask(PeopleChannel.PAGERDUTY, "0123456789abcdef0123456789ABCDEF")
    lose_connection(alarmed)
    alarmed.later()
    connect_again(alarmed)
    alarmed.it_is_over()
    events = [(one.document["event_action"], one.document["dedup_key"]) for one in pager.received]
    key = "external-payments-sync.northwind.alarm.connection_lost"
    assert events == [("trigger", key), ("resolve", key)]


def test_a_webhook_is_told_alarms_as_a_program_reads_them(alarmed: Alarmed, receiver: Receiver) -> None:
    alarmed.ask(WEBHOOK, receiver.url)
    alarmed.hold()
    alarmed.later()
    (received,) = receiver.received
    assert received.headers["webhook-signature"].startswith("v1,")
    document = received.document
    assert (document["kind"], document["sequence"]) == ("alarm.attention", 1)
    assert document["alarm"]["phase"] == "began"
    assert [(one["code"], one["number"], one["new"]) for one in document["alarm"]["causes"]] == [
        ("total_differs", 1, 1)
    ]


@pytest.mark.parametrize("channel", [PeopleChannel.MAIL, PeopleChannel.SLACK, PeopleChannel.PAGERDUTY, WEBHOOK])
def test_a_test_is_sent_at_once_and_stands_in_the_log(
    alarmed: Alarmed, receiver: Receiver, pager: Receiver, channel: str
) -> None:
    addresses = {
        PeopleChannel.SLACK: receiver.url,
        WEBHOOK: receiver.url,
        PeopleChannel.PAGERDUTY: "0123456789abcdef0123456789ABCDEF",
    }
    endpoint_id = alarmed.ask(channel, addresses.get(channel, "books@northwind.example"))
    tested = send_test(alarmed.world.context, alarmed.world.organization_id, endpoint_id, [channel])
    assert tested is not None
    assert tested.reply.is_success
    assert len(alarmed.mailbox.mails) + len(receiver.received) + len(pager.received) in (1, 2)
    assert [(one.kind, one.state) for one in alarmed.notices] == [("test.ping", "delivered")]


# --- bad days ---


def test_a_mail_server_that_fails_is_tried_again_with_the_same_id(alarmed: Alarmed, mailbox: Mailbox) -> None:
    alarmed.ask()
    alarmed.hold()
    mailbox.to_mail = "451 later"
    alarmed.later()
    mailbox.to_mail = "250 OK"
    alarmed.later(minutes=2)
    assert alarmed.subjects == ["Payments need attention (1)"]
    (notice,) = alarmed.notices
    assert (notice.state, notice.tries) == ("delivered", 2)
    assert mailbox.mails[0]["Message-ID"] == f"<{notice.uid}@msp.example>"


def test_what_was_never_read_is_not_counted_as_told(alarmed: Alarmed, receiver: Receiver) -> None:
    alarmed.ask(WEBHOOK, receiver.url)
    receiver.status = 500
    alarmed.hold()
    alarmed.later()
    alarmed.hold(2)
    alarmed.later(hours=4)
    receiver.status = 200
    receiver.received.clear()
    alarmed.later(hours=1)
    (received,) = receiver.received
    alarm = received.document["alarm"]
    assert (alarm["phase"], [(one["number"], one["new"]) for one in alarm["causes"]]) == ("began", [(3, 3)])
    assert alarmed.states == [("began", "replaced"), ("began", "delivered")]


def test_after_three_days_it_is_given_up_and_a_person_can_send_it_again(alarmed: Alarmed, mailbox: Mailbox) -> None:
    endpoint_id = alarmed.ask()
    lose_connection(alarmed)
    mailbox.to_recipient = "550 no such mailbox"
    for _ in range(17):
        alarmed.later(hours=5)
    assert alarmed.states == [("began", "failed")]
    context, organization_id = alarmed.world.context, alarmed.world.organization_id
    mailbox.to_recipient = "250 OK"
    switch_endpoint(context, organization_id, endpoint_id, PEOPLE, on=True)
    assert send_all_failed_again(context, organization_id, endpoint_id, PEOPLE) == 1
    alarmed.world.settle(Step.NOTIFY)
    assert alarmed.subjects == ["A connection is lost"]
    # What is still wrong when it is on again is told anew.
    alarmed.later()
    assert alarmed.subjects == ["A connection is lost"] * 2


@pytest.mark.both_in_the_build
def test_many_who_are_told_are_few_statements(alarmed: Alarmed) -> None:
    """The statements about alarms do not grow with those who are told of them."""
    context, organization_id = alarmed.world.context, alarmed.world.organization_id

    def statements(endpoints: int) -> int:
        for _ in range(endpoints):
            alarmed.ask()
        with counted(context.database) as sent:
            watch(context, organization_id)
        return sent.count

    alarmed.hold()
    lose_connection(alarmed)
    few, many = statements(1), statements(7)
    assert len(alarmed.notices) == 2 * 8
    assert many <= few + 1


def test_who_is_told_of_alarms_alone_costs_a_payment_nothing(alarmed: Alarmed) -> None:
    alarmed.ask()
    with alarmed.world.context.database.reading() as session:
        assert not organization_by_id(session, alarmed.world.organization_id).has_endpoints


@pytest.mark.both_in_the_build
def test_nobody_looks_for_alarms_that_nobody_is_told(alarmed: Alarmed) -> None:
    context, organization_id = alarmed.world.context, alarmed.world.organization_id
    endpoint_id = alarmed.ask()
    assert _watched(alarmed) == [organization_id]
    switch_endpoint(context, organization_id, endpoint_id, PEOPLE, on=False)
    assert _watched(alarmed) == []
    switch_endpoint(context, organization_id, endpoint_id, PEOPLE, on=True)
    assert _watched(alarmed) == [organization_id]
    alarmed.hold()
    alarmed.later()
    remove_endpoint(context, organization_id, endpoint_id, PEOPLE)
    assert _watched(alarmed) == []
    with context.database.reading() as session:
        assert violations(session) == []


def test_a_sweep_with_nothing_to_watch_asks_only_that(alarmed: Alarmed) -> None:
    with counted(alarmed.world.context.database) as statements:
        sweep(alarmed.world.context, (Step.WATCH,))
    # Whom to look at, and whether a clock went back.
    assert statements.count == 2, statements.seen


@pytest.mark.both_in_the_build
def test_who_changes_the_choice_is_told_what_is_new_in_it(alarmed: Alarmed) -> None:
    endpoint_id = alarmed.ask(kinds=[NoticeKind.ALARM_CONNECTION_LOST])
    alarmed.hold()
    alarmed.later()
    wanted = Wanted("Bookkeeping", "other@northwind.example", ALARM_KINDS, channel=PeopleChannel.MAIL)
    assert change_endpoint(alarmed.world.context, alarmed.world.organization_id, endpoint_id, wanted) is not None
    alarmed.later()
    assert alarmed.mailbox.envelopes[-1][1] == ["other@northwind.example"]
    assert alarmed.subjects == ["Payments need attention (1)"]


def test_two_sweeps_at_the_same_time_tell_once(alarmed: Alarmed) -> None:
    alarmed.ask()
    alarmed.hold()
    alarmed.world.clock.move(minutes=1)
    for _ in range(2):
        alarmed.world.context.nudge(Step.WATCH, alarmed.world.organization_id)
        sweep(alarmed.world.context)
    alarmed.world.settle(Step.WATCH, Step.NOTIFY)
    assert len(alarmed.mailbox.mails) == 1


def test_a_clock_that_went_back_silences_nobody(alarmed: Alarmed) -> None:
    alarmed.world.clock.move(days=2)
    alarmed.ask()
    alarmed.later()
    alarmed.world.clock.set_back(days=2)
    alarmed.hold()
    alarmed.later()
    alarmed.later()
    assert alarmed.subjects == ["Payments need attention (1)"]


def _watched(alarmed: Alarmed) -> list[int]:
    with alarmed.world.context.database.reading() as session:
        return list(session.scalars(select(AlarmWatch.organization_id)))
