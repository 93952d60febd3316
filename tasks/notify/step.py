"""Notify: tells an endpoint the news that wait for it. The only step that calls endpoints.

Called by: a nudge for an endpoint, when a step has written notices for it; the sweep, when a try is due.
Does: sends a few notices at a time, each signed and with the same id in every try, and records what came of them. An
endpoint that fails rests; one that has failed for three days, or says that it wants no more, is switched off. Notices
whose month in the log is over are forgotten.
Leaves behind: delivered notices, and every try with its answer.
If it dies here: what was sent and not recorded is sent again with the same id (at least once).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.aside import aside
from connectors.channel import Channel, Parcel
from domain.activity import PLATFORM, ActivityKind, Change
from domain.alarms.words import ABOUT
from domain.notices.kinds import NoticeKind
from domain.notices.trying import Delivered, GiveUp, NoticeState, Postponed, Reply, TryAgain, Verdict
from domain.words import Words
from models.activity import note_activity
from models.connections import connections_of
from models.endpoints import Endpoint, endpoint_with_organization, note_whether_told
from models.notices import (
    Notice,
    due_notices,
    forget_notices,
    give_up_waiting,
    notices_by_id,
    outdated_notices,
    put_off_notices,
)
from models.organizations import Organization
from models.secrets import SecretsUnreadable
from tasks.context import Context, Step
from tasks.notify.sending import judged, note_try, parcel_for
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context
from tasks.wire import Wire

log = structlog.get_logger()

# So many calls of one endpoint are under way at a time, and so many notices are looked up for them.
_PARALLEL, _AT_A_TIME = 4, 16
_FORGOTTEN_AT_A_TIME = 500
_PATIENCE, _MOMENT = timedelta(seconds=1), timedelta(milliseconds=50)


def notify(context: Context, endpoint_id: int) -> Drained:
    """Sends the endpoint's due notices."""
    return drain(context, Step.NOTIFY, endpoint_id, lambda lease: _Batch(context, lease).work())


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be done for the endpoint now.

    Attributes:
        hushed: what has become due in quiet hours, and when these are over.
    """

    endpoint: Endpoint
    organization: Organization
    words: Words
    notices: Sequence[Notice]
    hushed: Mapping[int, datetime]
    outdated: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Sent:
    """One try that has been made."""

    notice_id: int
    uid: str
    tried_at: datetime
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Does one batch. True if more may be waiting right now."""
        due = self._look()
        self.context.reached(Point.NOTIFY_LOOKED)
        if due is None or not (due.notices or due.hushed or due.outdated):
            return False
        sent = self._send(due)
        self.context.reached(Point.NOTIFY_SENT)
        with self.context.database.writing() as session:
            self.lease.guard(session)
            self._record(session, sent)
            put_off_notices(session, due.hushed)
            forget_notices(session, due.outdated)
        self.context.reached(Point.NOTIFY_RECORDED)
        return True

    def _look(self) -> _Due | None:
        now = self.context.clock.now()
        with self.context.database.reading() as session:
            found = endpoint_with_organization(session, self.lease.owner_id)
            if found is None:
                return None
            endpoint, organization = found
            # One that has failed shows with one try whether it is there again.
            at_a_time = 0 if endpoint.is_resting(now) else 1 if endpoint.failures else _AT_A_TIME
            notices = due_notices(session, endpoint.id, now, at_a_time)
            outdated = outdated_notices(session, endpoint.id, now, _FORGOTTEN_AT_A_TIME)
            words = self.context.words(connections_of(session, organization.id))
        loud_at = {one.id: _loud_at(endpoint, organization, one, now) for one in notices}
        hushed = {notice_id: at for notice_id, at in loud_at.items() if at > now}
        now_due = [one for one in notices if one.id not in hushed]
        return _Due(endpoint, organization, words, now_due, hushed, outdated)

    def _send(self, due: _Due) -> list[_Sent]:
        """Makes the calls. After one that failed no other begins: the endpoint rests first."""
        channel, sent = self.context.channel(due.endpoint.channel), list[_Sent]()
        # The calls of a batch end long before the lease does, if it is kept first.
        self.lease.keep()
        with Wire[Notice, _Sent](
            self.context.wire,
            _PARALLEL,
            lambda notice: self._try(channel, due, notice),
            lambda one: not one.reply.is_success,
        ) as wire:
            wire.put(*due.notices)
            while (results := _take(wire)) is not None:
                sent += results
                if any(not one.reply.is_success for one in results):
                    wire.drop(lambda _: True)
                    wire.resume()
        return sent

    def _try(self, channel: Channel, due: _Due, notice: Notice) -> _Sent:
        now = self.context.clock.now()
        news = notice.as_news(due.organization.slug)
        try:
            parcel: Parcel = parcel_for(self.context, due.endpoint, due.organization, news, due.words, now)
        except SecretsUnreadable:
            return _Sent(notice.id, notice.uid, now, Reply(None, "the signing secret cannot be read (ENCRYPTION_KEYS)"))
        return _Sent(notice.id, notice.uid, now, channel.send(parcel))

    def _record(self, session: Session, sent: Sequence[_Sent]) -> None:
        """Everything that came of the calls; what a person has changed meanwhile stays changed."""
        found = endpoint_with_organization(session, self.lease.owner_id)
        if found is None:
            return
        endpoint, _ = found
        notices: Mapping[int, Notice] = notices_by_id(session, [one.notice_id for one in sent])
        # A success counts, whichever of the parallel calls came to its end last.
        for one in sorted(sent, key=lambda one: one.reply.is_success):
            notice = notices.get(one.notice_id)
            if notice is not None:
                _Recorder(self.context, session, endpoint, self.context.clock.now()).record(notice, one)


@dataclass(frozen=True, slots=True)
class _Recorder:
    context: Context
    session: Session
    endpoint: Endpoint
    now: datetime

    def record(self, notice: Notice, sent: _Sent) -> None:
        endpoint, now = self.endpoint, self.now
        verdict: Verdict = judged(notice, endpoint, sent.reply, sent.tried_at, now, self.context.jitter.random())
        if not isinstance(verdict, Postponed):
            note_try(self.session, notice, sent.tried_at, sent.reply)
        is_waiting = notice.state == NoticeState.WAITING
        match verdict:
            case Delivered():
                notice.settle(NoticeState.DELIVERED, now)
                endpoint.delivered_at, endpoint.failing_since = now, None
                endpoint.failures, endpoint.rests_until = 0, None
            case Postponed(at):
                endpoint.rests_until = at
            case TryAgain(at, rests_until):
                self._note_failure(sent, rests_until)
                # Newer news has replaced it while it was being sent, or a person has switched the endpoint off.
                if is_waiting:
                    notice.due_at = at
            case GiveUp(switch_off):
                self._note_failure(sent, now)
                if is_waiting:
                    notice.settle(NoticeState.FAILED, now)
                if switch_off and endpoint.is_on:
                    self._switch_off(switch_off)
        log.info(
            "notice.tried",
            endpoint_id=endpoint.id,
            uid=sent.uid,
            status=sent.reply.status,
            became=type(verdict).__name__,
        )

    def _note_failure(self, sent: _Sent, rests_until: datetime) -> None:
        self.endpoint.failures += 1
        self.endpoint.failing_since = self.endpoint.failing_since or sent.tried_at
        self.endpoint.rests_until = max(rests_until, self.endpoint.rests_until or rests_until)

    def _switch_off(self, why: str) -> None:
        endpoint = self.endpoint
        endpoint.is_on, endpoint.off_because, endpoint.rests_until = False, why, None
        give_up_waiting(self.session, endpoint.id, self.now)
        note_whether_told(self.session, endpoint.organization_id, self.now)
        note_activity(
            self.session,
            endpoint.organization_id,
            ActivityKind.ENDPOINT_OFF,
            PLATFORM,
            self.now,
            about=endpoint.name,
            changes=[Change("Because", "", why)],
        )
        log.warning("endpoint.switched_off", endpoint_id=endpoint.id, organization_id=endpoint.organization_id)


def _loud_at(endpoint: Endpoint, organization: Organization, notice: Notice, now: datetime) -> datetime:
    """When it may be sent: an alarm that is tried again must wake nobody either."""
    about = ABOUT.get(NoticeKind(notice.kind))
    if about is None:
        return now
    return endpoint.hours.loud_at(now, organization.locality.zone, is_urgent=about.is_urgent)


def _take(wire: Wire[Notice, _Sent]) -> list[_Sent] | None:
    """Waits for replies; other lanes of the process work meanwhile."""
    with aside():
        return wire.take(_PATIENCE, _MOMENT)


@shared_task(name="payments.notify")
def notify_task(endpoint_id: int) -> None:
    with database_may_be_away():
        notify(process_context(Step.NOTIFY, endpoint_id), endpoint_id)
