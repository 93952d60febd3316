"""News is delivered at least once, with the same id in every try, whatever the receiver does."""

import logging
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from connectors.webhook.channel import Webhook
from connectors.webhook.signature import signed_headers
from domain.notices.trying import FAILED_FOR_LONG, GONE, NoticeState
from models.activity import ActivityFilter, list_activity
from models.database import Database
from models.organizations import organization_by_id
from models.secrets import Keyring
from tasks.context import Context, Step
from tasks.notify.step import notify
from tasks.points import Point
from tasks.step import Drained
from tests.flow.notices.told import Told
from tests.receiver import Received, Receiver, receiving
from tests.world import World
from usecases.endpoints import (
    Wanted,
    change_endpoint,
    list_endpoints,
    new_secret_for,
    remove_endpoint,
    send_test,
    switch_endpoint,
)
from usecases.notices import send_again, send_all_failed_again
from usecases.results import Rejected

pytestmark = pytest.mark.both_databases

NOTIFY = [Point.NOTIFY_LANE_TAKEN, Point.NOTIFY_LOOKED, Point.NOTIFY_SENT, Point.NOTIFY_RECORDED]
NOTIFY += [Point.NOTIFY_LANE_RELEASED]


class Killed(BaseException):
    """The process is no more."""


def dying_at(context: Context, point: Point) -> Context:
    """A process that ends at this point, whatever it still wanted to do."""

    def reached(here: Point) -> None:
        if here is point:
            raise Killed

    return replace(context, reached=reached, holder=f"dies at {point}")


def activity(world: World) -> list[tuple[str, str, str]]:
    with world.context.database.reading() as session:
        found = list_activity(session, world.organization_id, ActivityFilter(), 100)
    return [(one.kind, one.actor, one.about) for one in found]


def waiting_news(told: Told) -> None:
    told.pay_one()
    told.work_in_silence()


# --- good days ---


def test_a_receiver_can_tell_that_the_message_is_ours(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    told.tell()
    [one] = receiver.received
    sent_at = told.tries[0].tried_at
    expected = signed_headers(one.uid, sent_at, one.body, [told.secret])
    assert {name: one.headers[name] for name in expected} == expected
    assert one.document["id"] == one.uid == told.notices[-1].uid
    assert one.headers["content-type"] == "application/json"


def test_the_log_has_every_try_with_its_answer(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    receiver.status, receiver.text = 503, b"come back later"
    told.tell()
    receiver.status, receiver.text = 202, b"queued"
    told.tell(seconds=10)
    assert [(one.status, one.answer) for one in told.tries] == [(503, "come back later"), (202, "queued")]
    assert told.states[-1] == ("payment.synced", "delivered")
    endpoint = told.endpoint
    assert (endpoint.failures, endpoint.failing_since, endpoint.delivered_at) == (0, None, told.world.clock.now())


def test_every_try_has_the_same_id_and_a_new_signature(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    receiver.status = 500
    told.tell()
    told.tell(seconds=10)
    told.tell(minutes=2)
    assert len({one.uid for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 3


# --- death ---


@pytest.mark.parametrize("point", NOTIFY)
def test_killed_anywhere_it_is_delivered_with_the_same_id(told: Told, receiver: Receiver, point: Point) -> None:
    waiting_news(told)
    told.world.clock.move(seconds=1)
    with pytest.raises(Killed):
        notify(dying_at(told.world.context, point), told.endpoint_id)
    # What the dead one held has run out by then.
    told.tell(minutes=3)
    assert told.states[-1] == ("payment.synced", "delivered")
    assert {one.uid for one in receiver.received} == {told.notices[-1].uid}
    assert len(receiver.received) == (2 if point is Point.NOTIFY_SENT else 1)
    told.tell(hours=1)
    assert len(receiver.received) <= 2


def test_two_workers_send_one_notice_once(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    told.world.clock.move(seconds=1)
    ended: list[Drained] = []

    def meanwhile(_: Received) -> None:
        other = replace(told.world.context, database=Database(told.world.context.database.url), holder="the other")
        ended.append(notify(other, told.endpoint_id))
        other.database.close()

    receiver.before_answer = meanwhile
    notify(told.world.context, told.endpoint_id)
    receiver.before_answer = lambda _: None
    told.world.settle(Step.NOTIFY)
    assert ended == [Drained.TAKEN]
    assert len(receiver.received) == 1


def test_news_that_is_replaced_while_it_is_sent_is_followed_by_the_newer(told: Told, receiver: Receiver) -> None:
    """The receiver answers late, and the payment has changed meanwhile: a higher number says which is newer."""
    told.pay_one()
    told.world.notice(Step.INGEST)
    told.world.clock.move(seconds=1)

    def meanwhile(_: Received) -> None:
        receiver.before_answer = lambda _: None
        told.world.later(Step.MATCH, Step.PUSH, seconds=1)

    receiver.before_answer, receiver.status = meanwhile, 500
    notify(told.world.context, told.endpoint_id)
    receiver.status = 200
    told.tell(minutes=1)
    first, *_, last = receiver.received
    assert (first.document["kind"], last.document["kind"]) == ("payment.on_its_way", "payment.synced")
    assert first.document["sequence"] < last.document["sequence"]
    # The older one was refused, and is not sent again behind the newer one.
    told.tell(hours=1)
    assert receiver.received[-1] is last
    assert {state for _, state in told.states} == {NoticeState.REPLACED, NoticeState.DELIVERED}


# --- bad days ---


def test_a_receiver_that_fails_is_left_alone_for_longer_and_longer(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
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
    waiting_news(told)
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
    assert ("endpoint_off", "External Payments Sync", "Ticket system") in activity(told.world)
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
    assert activity(world)[0][::2] == ("notices_sent_again", "Ticket system: 2 that had failed")


def test_one_that_was_delivered_can_be_sent_again_with_its_id(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    told.tell()
    world, notice = told.world, told.notices[-1]
    sent = send_again(world.context, world.organization_id, told.endpoint_id, notice.id)
    assert not isinstance(sent, Rejected)
    assert isinstance(send_again(world.context, world.organization_id, told.endpoint_id, notice.id), Rejected)
    world.settle()
    assert [one.uid for one in receiver.received] == [notice.uid] * 2
    assert len(told.tries) == 2


def test_one_endpoint_that_never_answers_delays_no_other(world: World, receiver: Receiver) -> None:
    """Its lane waits; theirs are their own."""
    told, waits = Told(world, receiver), threading.Event()
    with receiving() as silent:
        told.add(silent.url, name="Silent")
        other = told.add(receiver.url, name="Quick")
        waiting_news(told)
        world.clock.move(seconds=1)
        silent.before_answer = lambda _: assert_answered(waits)
        context = replace(world.context, database=Database(world.context.database.url), holder="the silent one's")
        slow = threading.Thread(target=notify, args=(context, told.endpoint_id))
        slow.start()
        assert notify(world.context, other) is Drained.DONE
        assert receiver.kinds == ["payment.synced"]
        waits.set()
        slow.join()
        context.database.close()


def assert_answered(waits: threading.Event) -> None:
    assert waits.wait(60)


def test_a_redirect_is_a_failure_and_is_told(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    with receiving() as elsewhere:
        receiver.status, receiver.location = 302, elsewhere.url
        told.tell()
        assert elsewhere.received == []
    assert (told.tries[0].status, "redirect" in told.tries[0].detail) == (302, True)


def test_a_clock_that_went_back_delays_nothing_for_good(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    receiver.status = 500
    told.tell()
    told.world.clock.set_back(days=20)
    receiver.status = 200
    told.tell(seconds=1)
    told.tell(seconds=30)
    assert told.states[-1] == ("payment.synced", "delivered")


# --- what a person changes ---


def test_switching_off_gives_up_what_waits(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    switch_endpoint(told.world.context, told.world.organization_id, told.endpoint_id, on=False)
    told.tell(minutes=1)
    assert (receiver.received, told.states[-1]) == ([], ("payment.synced", "failed"))


def test_an_endpoint_that_is_removed_while_it_is_told_leaves_nothing(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    told.world.clock.move(seconds=1)
    receiver.before_answer = lambda _: remove(told)
    notify(told.world.context, told.endpoint_id)
    assert (told.notices, told.tries) == ([], [])
    assert list_endpoints(told.world.context, told.world.organization_id) == []
    told.tell(minutes=5)


def remove(told: Told) -> None:
    assert remove_endpoint(told.world.context, told.world.organization_id, told.endpoint_id) is not None


def test_a_new_secret_signs_at_once_and_the_one_before_for_a_day(told: Told, receiver: Receiver) -> None:
    world = told.world
    changed = new_secret_for(world.context, world.organization_id, told.endpoint_id)
    assert changed is not None
    waiting_news(told)
    told.tell()
    told.world.clock.move(hours=24)
    told.pay_one()
    told.work_in_silence()
    told.tell()
    both, alone = receiver.received[0], receiver.received[-1]
    for one, secrets in ((both, [changed.secret, told.secret]), (alone, [changed.secret])):
        at = next(
            each.tried_at
            for each in told.tries
            if str(int(each.tried_at.timestamp())) == one.headers["webhook-timestamp"]
        )
        assert one.headers["webhook-signature"] == signed_headers(one.uid, at, one.body, secrets)["webhook-signature"]


def test_another_address_is_tried_at_once(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    receiver.status = 500
    for wait in (1, 10, 120, 600):
        told.tell(seconds=wait)
    with receiving() as better:
        world, endpoint = told.world, told.endpoint
        wanted = Wanted(endpoint.name, better.url, endpoint.wanted)
        assert not isinstance(change_endpoint(world.context, world.organization_id, endpoint.id, wanted), Rejected)
        assert told.endpoint.failures == 0
        told.tell(seconds=1)
        assert better.kinds == ["payment.synced"]


def test_a_test_is_sent_once_and_logged(told: Told, receiver: Receiver) -> None:
    world = told.world
    receiver.status, receiver.text = 401, b"who are you?"
    tested = send_test(world.context, world.organization_id, told.endpoint_id)
    assert tested is not None
    assert (tested.reply.status, tested.reply.text) == (401, "who are you?")
    assert told.states == [("test.ping", "failed")]
    told.tell(hours=1)
    assert receiver.kinds == ["test.ping"]
    assert told.endpoint.failures == 0


# --- secrets ---


def test_the_secret_is_nowhere_in_clear(
    told: Told, receiver: Receiver, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.before_answer = lambda one: setattr(receiver, "text", str(one.headers).encode())
    waiting_news(told)
    told.tell()
    captured = capsys.readouterr()
    said = caplog.text + captured.out + captured.err
    with told.world.context.database.reading() as session:
        rows = [
            str(session.execute(text(f"SELECT * FROM {table}")).all())
            for table in ("endpoint", "notice", "notice_try", "activity")
        ]
    bare = told.secret.removeprefix("whsec_")
    assert [place for place in (said, *rows) if bare in place] == []
    assert told.secret not in repr(told.endpoint)


def test_a_secret_that_cannot_be_read_is_a_failure_that_says_so(told: Told, receiver: Receiver) -> None:
    waiting_news(told)
    told.world.clock.move(seconds=1)
    other = replace(told.world.context, keyring=Keyring([Fernet.generate_key().decode()]))
    notify(other, told.endpoint_id)
    assert (receiver.received, "ENCRYPTION_KEYS" in told.tries[0].detail) == ([], True)
    told.tell(minutes=1)
    assert told.states[-1] == ("payment.synced", "delivered")


def test_a_worker_uses_the_channel_that_checks_addresses(told: Told) -> None:
    assert isinstance(told.world.context.channel(told.endpoint.channel), Webhook)
