"""Endpoints and their logs as JSON: the API answers it and the command line prints it. No secret is in any of it."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from domain.cursors import Listed, cursor_after
from domain.notices.channels import PeopleChannel
from domain.notices.kinds import NoticeKind
from domain.notices.trying import NoticeState, Reply
from models.endpoints import Endpoint
from models.notices import NoticeTry
from models.views.documents import Cursor, Moment
from usecases.endpoints import Tested, Told, WithSecret, host_of
from usecases.notices import Detail, Log, Logged


class WebhookOut(BaseModel):
    """A webhook.

    Of its address only the host is told: the rest may be a secret. `off_because` says why we switched it off, and is
    empty if a person did or if it is on.
    """

    id: int
    name: str
    host: str
    kinds: list[NoticeKind]
    is_on: bool
    off_because: str
    delivered_at: Moment | None
    failing_since: Moment | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "WebhookOut":
        return cls.model_validate(_facts(endpoint))


class WebhookToldOut(WebhookOut):
    """A webhook with how many notices wait, and how many were given up."""

    waiting: int
    failed: int

    @classmethod
    def of_told(cls, told: Told) -> "WebhookToldOut":
        return cls.model_validate(_facts(told.endpoint) | {"waiting": told.waiting, "failed": told.failed})


class WebhooksOut(BaseModel):
    webhooks: list[WebhookToldOut]

    @classmethod
    def of(cls, told: Sequence[Told]) -> "WebhooksOut":
        return cls(webhooks=[WebhookToldOut.of_told(one) for one in told])


class WebhookSecretOut(WebhookOut):
    """A webhook with the signing secret that it has just got: in this answer, and never again."""

    secret: str

    @classmethod
    def of_secret(cls, made: WithSecret) -> "WebhookSecretOut":
        return cls.model_validate(_facts(made.endpoint) | {"secret": made.secret})


class NotificationOut(BaseModel):
    """A channel by which people are told alarms.

    Of a secret address only the host is told. Quiet hours are by the organization's clocks, and empty for none.
    """

    id: int
    channel: PeopleChannel
    name: str
    host: str
    kinds: list[NoticeKind]
    quiet_from: str
    quiet_until: str
    urgent_anyway: bool
    digest_hours: int
    is_on: bool
    off_because: str
    delivered_at: Moment | None
    failing_since: Moment | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "NotificationOut":
        return cls.model_validate(_facts(endpoint) | _hours(endpoint))


class NotificationToldOut(NotificationOut):
    """A channel with how many notices wait, and how many were given up."""

    waiting: int
    failed: int

    @classmethod
    def of_told(cls, told: Told) -> "NotificationToldOut":
        counts = {"waiting": told.waiting, "failed": told.failed}
        return cls.model_validate(_facts(told.endpoint) | _hours(told.endpoint) | counts)


class NotificationsOut(BaseModel):
    notifications: list[NotificationToldOut]

    @classmethod
    def of(cls, told: Sequence[Told]) -> "NotificationsOut":
        return cls(notifications=[NotificationToldOut.of_told(one) for one in told])


class TryOut(BaseModel):
    """One try. `status` is null if there was no answer; `answer` is its beginning."""

    tried_at: Moment
    status: int | None
    outcome: str
    milliseconds: int
    answer: str

    @classmethod
    def of(cls, tried: NoticeTry) -> "TryOut":
        return cls(
            tried_at=tried.tried_at,
            status=tried.status,
            outcome=Reply(tried.status, tried.detail).told,
            milliseconds=tried.milliseconds,
            answer=tried.answer,
        )


class NoticeOut(BaseModel):
    """One notice. `id` names it in addresses, `uid` is the receiver's `webhook-id`."""

    id: int
    uid: str
    kind: NoticeKind
    occurred_at: Moment
    payment_id: str
    sequence: int | None
    state: NoticeState
    next_try_at: Moment | None
    tries: list[TryOut]

    @classmethod
    def of(cls, logged: Logged) -> "NoticeOut":
        notice = logged.notice
        return cls(
            id=notice.id,
            uid=notice.uid,
            kind=NoticeKind(notice.kind),
            occurred_at=notice.occurred_at,
            payment_id=notice.about,
            sequence=notice.sequence,
            state=NoticeState(notice.state),
            next_try_at=notice.due_at if notice.state == NoticeState.WAITING else None,
            tries=[TryOut.of(one) for one in logged.tries],
        )


class NoticesOut(BaseModel):
    """The latest first; `next_cursor` asks for the next page and is null on the last one."""

    notices: list[NoticeOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, log: Log) -> "NoticesOut":
        following = cursor_after(Listed.NOTICES, log.next_before)
        return cls(notices=[NoticeOut.of(one) for one in log.rows], next_cursor=following)


class NoticeDetailOut(BaseModel):
    """One notice with what is sent."""

    notice: NoticeOut
    body: dict[str, Any]

    @classmethod
    def of(cls, detail: Detail) -> "NoticeDetailOut":
        return cls(notice=NoticeOut.of(detail.logged), body=dict(detail.body))


class TestOut(BaseModel):
    """What came of a test; the log has it under this id."""

    __test__ = False

    notice_id: int
    delivered: bool
    status: int | None
    outcome: str
    milliseconds: int
    answer: str

    @classmethod
    def of(cls, tested: Tested) -> "TestOut":
        reply = tested.reply
        return cls(
            notice_id=tested.notice_id,
            delivered=reply.is_success,
            status=reply.status,
            outcome=reply.told,
            milliseconds=reply.milliseconds,
            answer=reply.text,
        )


class SentAgainOut(BaseModel):
    """How many notices are due again."""

    notices: int


def _facts(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "host": host_of(endpoint.address),
        "kinds": list(endpoint.wanted),
        "is_on": endpoint.is_on,
        "off_because": endpoint.off_because,
        "delivered_at": endpoint.delivered_at,
        "failing_since": endpoint.failing_since,
    }


def _hours(endpoint: Endpoint) -> dict[str, Any]:
    hours = endpoint.hours
    quiet_from, quiet_until = hours.quiet_written
    return {
        "channel": endpoint.channel,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "urgent_anyway": hours.urgent_anyway,
        "digest_hours": hours.digest_hours,
    }
