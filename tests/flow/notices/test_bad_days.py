"""A receiver that fails, dawdles or is gone: its news waits, nobody else's does, and there is an end."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from connectors.channels import CHANNELS
from connectors.http import TimeLimits
from connectors.webhook.channel import Webhook
from domain.notices.trying import FAILED_FOR_LONG, GONE
from models.organizations import organization_by_id
from tasks.notify.step import notify
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.world import World
from usecases.endpoints import (
    switch_endpoint,
)
from usecases.notices import send_again, send_all_failed_again
from usecases.results import Rejected

pytestmark = pytest.mark.both_in_the_build

# --- bad days ---


def test_a_receiver_that_fails_is_left_alone_for_longer_and_longer(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    receiver.status = 500
    counts = []
    for wait in (timedelta(seconds=1), *[timedelta(seconds=6)] * 2, timedelta(minutes=2), timedelta(minutes=2)):
        told.tell(seconds=wait.total_seconds())
        counts.append(len(receiver.received))
    assert counts == [1, 2, 2, 3, 3]


def test_while_an_endpoint_fails_one_notice_finds_it_out_for_all(told: Told, receiver: Receiver) -> None:
    for _ in range(12):
        told.pay_one()
    told.work_in_silence()
    receiver.status = 500
    told.tell()
    first = len(receiver.received)
    assert first <= 4
    told.tell(minutes=10)
    assert len(receiver.received) == first + 1
    receiver.status = 200
    told.tell(hours=1)
    assert {state for kind, state in told.states if kind == "payment.synced"} == {"delivered"}


def test_after_three_days_the_notice_is_given_up_and_the_endpoint_is_off(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    receiver.status = 500
    told.tell()
    for _ in range(80):
        told.tell(hours=1)
    assert told.states[-1] == ("payment.synced", "failed")
    endpoint = told.endpoint
    assert (endpoint.is_on, endpoint.off_because) == (False, FAILED_FOR_LONG)
    assert 10 <= len(receiver.received) <= 14
    tried = told.tries
    assert timedelta(days=2) < tried[-1].tried_at - tried[0].tried_at < timedelta(days=3, hours=2)
    assert ("endpoint_off", "External Payments Sync", "Ticket system") in told.activity
    with told.world.context.database.reading() as session:
        assert not organization_by_id(session, told.world.organization_id).has_endpoints
    before = len(receiver.received)
    told.tell(days=1)
    assert len(receiver.received) == before


def test_who_answers_gone_is_switched_off_at_once(told: Told, receiver: Receiver) -> None:
    told.pay_one()
    told.pay_one()
    told.work_in_silence()
    receiver.status = 410
    told.tell()
    assert (told.endpoint.is_on, told.endpoint.off_because) == (False, GONE)
    assert {state for kind, state in told.states if kind == "payment.synced"} == {"failed"}
    count = len(receiver.received)
    told.tell(days=1)
    assert len(receiver.received) == count


def test_a_person_has_everything_that_failed_sent_again(told: Told, receiver: Receiver) -> None:
    told.pay_one()
    told.pay_one()
    told.work_in_silence()
    receiver.status = 410
    told.tell()
    failed = [one.uid for one in told.notices if one.state == "failed"]
    world = told.world
    refused = send_all_failed_again(world.context, world.organization_id, told.endpoint_id)
    assert isinstance(refused, Rejected)
    switch_endpoint(world.context, world.organization_id, told.endpoint_id, on=True)
    receiver.status, receiver.received = 200, []
    assert send_all_failed_again(world.context, world.organization_id, told.endpoint_id) == 2
    world.settle()
    assert sorted(one.uid for one in receiver.received) == sorted(failed)
    assert {state for kind, state in told.states if kind == "payment.synced"} == {"delivered"}
    assert told.activity[0][::2] == ("notices_sent_again", "Ticket system: 2 that had failed")


def test_one_that_was_delivered_can_be_sent_again_with_its_id(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    told.tell()
    world, notice = told.world, told.notices[-1]
    sent = send_again(world.context, world.organization_id, told.endpoint_id, notice.id)
    assert not isinstance(sent, Rejected)
    assert isinstance(send_again(world.context, world.organization_id, told.endpoint_id, notice.id), Rejected)
    world.settle()
    assert [one.uid for one in receiver.received] == [notice.uid] * 2
    assert len(told.tries) == 2


def test_endpoints_that_never_answer_delay_no_other(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than the lanes of a process that compute at a time: a lane that waits lets the others go on."""
    patient = partial(Webhook, time_limits=TimeLimits(connect_seconds=60, read_seconds=120))
    monkeypatch.setitem(CHANNELS, "webhook", patient)
    told, waits = Told(world, receiver), threading.Event()
    with receiving() as silent:
        others = [told.add(silent.url, name=f"Silent {number}") for number in range(3)]
        quick = told.add(receiver.url, name="Quick")
        told.news_waits()
        world.clock.move(seconds=1)
        silent.before_answer = lambda _: assert_answered(waits)
        slow = [threading.Thread(target=notify, args=(world.context, one), daemon=True) for one in others]
        for thread in slow:
            thread.start()
        until(lambda: len(silent.received) == len(slow))
        done = threading.Thread(target=notify, args=(world.context, quick), daemon=True)
        done.start()
        done.join(60)
        assert receiver.kinds == ["payment.synced"]
        waits.set()
        for thread in slow:
            thread.join()


def until(is_true: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


def assert_answered(waits: threading.Event) -> None:
    assert waits.wait(200)


def test_a_redirect_is_a_failure_and_is_told(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    with receiving() as elsewhere:
        receiver.status, receiver.location = 302, elsewhere.url
        told.tell()
        assert elsewhere.received == []
    assert (told.tries[0].status, "redirect" in told.tries[0].detail) == (302, True)


def test_a_clock_that_went_back_delays_nothing_for_good(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    receiver.status = 500
    told.tell()
    told.world.clock.set_back(days=20)
    receiver.status = 200
    told.tell(seconds=1)
    told.tell(seconds=30)
    assert told.states[-1] == ("payment.synced", "delivered")
