"""People switch, change and remove endpoints, and make new secrets, which nobody else gets to see."""

import logging
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from connectors.webhook.channel import Webhook
from connectors.webhook.signature import signed_headers
from models.secrets import Keyring
from tasks.notify.step import notify
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from usecases.endpoints import (
    Wanted,
    change_endpoint,
    list_endpoints,
    new_secret_for,
    remove_endpoint,
    send_test,
    switch_endpoint,
)
from usecases.results import Rejected

pytestmark = pytest.mark.both_in_the_build

# --- what a person changes ---


def test_switching_off_gives_up_what_waits(told: Told, receiver: Receiver) -> None:
    told.news_waits()
    switch_endpoint(told.world.context, told.world.organization_id, told.endpoint_id, on=False)
    told.tell(minutes=1)
    assert (receiver.received, told.states[-1]) == ([], ("payment.synced", "failed"))


def test_an_endpoint_that_is_removed_while_it_is_told_leaves_nothing(told: Told, receiver: Receiver) -> None:
    told.news_waits()
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
    told.news_waits()
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
    told.news_waits()
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
    told.news_waits()
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
    told.news_waits()
    told.world.clock.move(seconds=1)
    other = replace(told.world.context, keyring=Keyring([Fernet.generate_key().decode()]))
    notify(other, told.endpoint_id)
    assert (receiver.received, "ENCRYPTION_KEYS" in told.tries[0].detail) == ([], True)
    told.tell(minutes=1)
    assert told.states[-1] == ("payment.synced", "delivered")


def test_a_worker_uses_the_channel_that_checks_addresses(told: Told) -> None:
    assert isinstance(told.world.context.channel(told.endpoint.channel), Webhook)
