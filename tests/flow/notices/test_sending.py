"""News is delivered at least once, with the same id in every try, wherever a process dies."""

from dataclasses import replace

import pytest

from connectors.webhook.signature import signed_headers
from domain.notices.trying import NoticeState
from models.database import Database
from tasks.context import Context, Step
from tasks.notify.step import notify
from tasks.points import Point
from tasks.step import Drained
from tests.flow.notices.told import Told
from tests.receiver import Received, Receiver

pytestmark = pytest.mark.both_in_the_build

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


# --- good days ---


def test_a_receiver_can_tell_that_the_message_is_ours(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    told.tell()
    [one] = receiver.received
    sent_at = told.tries[0].tried_at
    expected = signed_headers(one.uid, sent_at, one.body, [told.secret])
    assert {name: one.headers[name] for name in expected} == expected
    assert one.document["id"] == one.uid == told.notices[-1].uid
    assert one.headers["content-type"] == "application/json"


def test_the_log_has_every_try_with_its_answer(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    receiver.status, receiver.text = 503, b"come back later"
    told.tell()
    receiver.status, receiver.text = 202, b"queued"
    told.tell(seconds=10)
    assert [(one.status, one.answer) for one in told.tries] == [(503, "come back later"), (202, "queued")]
    assert told.states[-1] == ("payment.synced", "delivered")
    endpoint = told.endpoint
    assert (endpoint.failures, endpoint.failing_since, endpoint.delivered_at) == (0, None, told.world.clock.now())


def test_every_try_has_the_same_id_and_a_new_signature(told: Told, receiver: Receiver) -> None:
    told.news_waits()
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
    told.news_waits()
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
    told.news_waits()
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
    assert [one.uid for one in told.notices if one.state == NoticeState.REPLACED and one.tries] == [first.uid]
