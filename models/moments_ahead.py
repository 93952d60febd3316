"""Finds times that lie further ahead than we ever set them: the clock has gone back since they were written.

A wrong clock is corrected, or a machine starts with a wrong one: work that was due "now" is then due tomorrow, and any
code that compares it with the clock waits until then. So the sweep looks for such times and brings them back to now.
If even the time of a past event lies ahead, the clock has certainly gone back, and all waiting work is due.

We do not look for a send that may have arrived before its settle time has passed once more. We do not touch leases
here: a worker that wants the lane cuts the lease to its own length (`models/lanes.py`), because its holder may live.

A clock that goes forward needs none of this: everything is due early, leases run out under living holders, and their
fencing numbers keep them from writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.clocks import CLOCKS_APART_MAX
from domain.notices.trying import NoticeState
from domain.push.effect import EffectState
from models.alarm_tellings import WATCHED_EVERY, AlarmWatch
from models.base import lock_in_order
from models.billed_invoices import BilledInvoiceRow
from models.billed_lists import BilledList
from models.books_lists import BooksLists
from models.breakers import Breaker
from models.connections import Connection, ConnectionStatus
from models.copy_runs import CopyRun
from models.effects import Effect, is_open
from models.endpoints import Endpoint
from models.gaps import Gap
from models.inbox import InboxEvent
from models.invoices import SourceInvoiceRow
from models.looks import InvoiceLook
from models.notices import Notice
from models.payments import Allocation, Payment
from models.previews import Preview
from models.reconciliation_runs import ReconciliationRun
from models.replays import ReplayShare
from models.undos import Undo

_OF_COPIES = (BilledInvoiceRow, BilledList, BooksLists, CopyRun)
_HAVE_HAPPENED = (Connection.read_at, Connection.heard_at, Connection.missed_at, Connection.caught_up_at)


@dataclass(frozen=True, slots=True)
class Longest:
    """The furthest ahead that each kind of time is ever set.

    Attributes:
        settle: how long we leave alone a send that may have arrived.
    """

    look: timedelta
    event: timedelta
    effect: timedelta
    pause: timedelta
    refusal: timedelta
    catch_up: timedelta
    rest: timedelta
    probe: timedelta
    later_look: timedelta
    settle: timedelta
    copy: timedelta
    preview: timedelta
    long_work: timedelta
    reconcile: timedelta
    notice: timedelta
    endpoint: timedelta
    proof: timedelta


def organizations_with_moments_ahead(session: Session, now: datetime, longest: Longest) -> Sequence[int]:
    """Organizations whose rows were written by a clock that was ahead of ours."""
    ahead = _Ahead(now, longest)
    owner = select(Connection.organization_id)
    statements = [
        select(Allocation.organization_id).where(ahead.allocation),
        owner.where(Connection.id.in_(select(InboxEvent.connection_id).where(ahead.event))),
        select(Effect.organization_id).where(ahead.effect),
        owner.where(or_(*(condition for condition, _ in ahead.of_connections()))),
        owner.where(Connection.id.in_(select(InvoiceLook.connection_id).where(ahead.later_look))),
        owner.where(Connection.id.in_(select(Breaker.connection_id).where(or_(ahead.rest, ahead.probe)))),
        *(select(table.organization_id).where(ahead.of_copies(table)) for table in _OF_COPIES),
        select(Preview.organization_id).where(ahead.preview),
        select(Undo.organization_id).where(ahead.long_work(Undo)),
        select(ReplayShare.organization_id).where(ahead.long_work(ReplayShare)),
        select(ReconciliationRun.organization_id).where(ahead.reconcile),
        select(Endpoint.organization_id).where(exists().where(Notice.endpoint_id == Endpoint.id, ahead.notice)),
        select(Endpoint.organization_id).where(ahead.endpoint),
        owner.where(Connection.id.in_(select(Gap.connection_id).where(ahead.proof))),
        select(AlarmWatch.organization_id).where(ahead.watch),
    ]
    return sorted(session.scalars(union(*statements)).all())


def bring_back(session: Session, organization_id: int, now: datetime, longest: Longest) -> None:
    """Makes work due whose time lies too far ahead. The organization is locked (`models/locks.py`)."""
    ahead = _Ahead(now, longest)
    of_organization = Connection.organization_id == organization_id
    if session.scalar(select(exists().where(of_organization, or_(*ahead.that_have_happened())))):
        # Except later looks: they are never urgent, and all of them at once would be many calls.
        nothing, kept = timedelta(0), {"later_look": longest.later_look, "settle": longest.settle, "copy": longest.copy}
        kept |= {"preview": longest.preview, "long_work": longest.long_work, "reconcile": longest.reconcile}
        kept |= {"notice": longest.notice, "endpoint": longest.endpoint, "proof": longest.proof}
        whatever = Longest(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, **kept)
        ahead = _Ahead(now, whatever)
    ours = select(Connection.id).where(Connection.organization_id == organization_id)
    session.execute(
        update(Allocation)
        .where(Allocation.organization_id == organization_id, ahead.allocation)
        .values(match_due_at=now)
    )
    session.execute(update(InboxEvent).where(InboxEvent.connection_id.in_(ours), ahead.event).values(due_at=now))
    session.execute(update(InvoiceLook).where(InvoiceLook.connection_id.in_(ours), ahead.later_look).values(due_at=now))
    may_have_been_sent = Effect.state != EffectState.PENDING.value
    for is_meant, due_at in ((may_have_been_sent, now + longest.settle), (~may_have_been_sent, now)):
        session.execute(
            update(Effect)
            .where(Effect.organization_id == organization_id, ahead.effect, is_meant)
            .values(due_at=due_at)
        )
    for listed in _OF_COPIES:
        # A creation that may have been sent keeps its settle time, which is shorter than this.
        session.execute(
            update(listed)
            .where(listed.organization_id == organization_id, ahead.of_copies(listed))
            .values(due_at=now + longest.settle)
        )
    for worked_off, is_ahead in (
        (Preview, ahead.preview),
        (Undo, ahead.long_work(Undo)),
        (ReplayShare, ahead.long_work(ReplayShare)),
        (ReconciliationRun, ahead.reconcile),
        (Notice, ahead.notice),
    ):
        of_it = worked_off.organization_id == organization_id
        session.execute(update(worked_off).where(of_it, is_ahead).values(due_at=now))
    session.execute(
        update(Endpoint).where(Endpoint.organization_id == organization_id, ahead.endpoint).values(rests_until=None)
    )
    session.execute(update(Gap).where(Gap.connection_id.in_(ours), ahead.proof).values(proof_due_at=now))
    session.execute(
        update(AlarmWatch).where(AlarmWatch.organization_id == organization_id, ahead.watch).values(due_at=now)
    )
    _bring_back_connections(session, organization_id, ahead)
    for condition, values in ((ahead.rest, {"rests_until": now}), (ahead.probe, {"probed_until": None})):
        session.execute(update(Breaker).where(Breaker.connection_id.in_(ours), condition).values(values))
    # `seen_at` says which of two pictures is later. We clear a time from the future: the next picture is later.
    for table in (Payment, SourceInvoiceRow):
        seen_ahead = and_(table.connection_id.in_(ours), table.seen_at > now + CLOCKS_APART_MAX)
        session.execute(update(table).where(seen_ahead).values(seen_at=None))
    session.execute(
        update(Payment)
        .where(Payment.organization_id == organization_id, Payment.first_seen_at > now + CLOCKS_APART_MAX)
        .values(first_seen_at=now)
    )


def _bring_back_connections(session: Session, organization_id: int, ahead: "_Ahead") -> None:
    of_organization = Connection.organization_id == organization_id
    lock_in_order(session, Connection, of_organization)
    for condition, values in ahead.of_connections():
        session.execute(update(Connection).where(of_organization, condition).values(values))


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Conditions for times that lie too far ahead."""

    now: datetime
    longest: Longest

    def _beyond(self, moment: InstrumentedAttribute[Any], most: timedelta) -> ColumnElement[bool]:
        return moment > self.now + most + CLOCKS_APART_MAX

    @property
    def allocation(self) -> ColumnElement[bool]:
        return self._beyond(Allocation.match_due_at, self.longest.look)

    @property
    def event(self) -> ColumnElement[bool]:
        return and_(InboxEvent.done_at.is_(None), self._beyond(InboxEvent.due_at, self.longest.event))

    @property
    def effect(self) -> ColumnElement[bool]:
        return and_(is_open(), self._beyond(Effect.due_at, self.longest.effect))

    def of_copies(self, table: type[BilledInvoiceRow | BilledList | BooksLists | CopyRun]) -> ColumnElement[bool]:
        return self._beyond(table.due_at, self.longest.copy)

    @property
    def reconcile(self) -> ColumnElement[bool]:
        return self._beyond(ReconciliationRun.due_at, self.longest.reconcile)

    @property
    def preview(self) -> ColumnElement[bool]:
        return self._beyond(Preview.due_at, self.longest.preview)

    @property
    def notice(self) -> ColumnElement[bool]:
        return and_(Notice.state == NoticeState.WAITING.value, self._beyond(Notice.due_at, self.longest.notice))

    @property
    def endpoint(self) -> ColumnElement[bool]:
        return self._beyond(Endpoint.rests_until, self.longest.endpoint)

    @property
    def watch(self) -> ColumnElement[bool]:
        return self._beyond(AlarmWatch.due_at, WATCHED_EVERY)

    def long_work(self, table: type[Undo | ReplayShare]) -> ColumnElement[bool]:
        return self._beyond(table.due_at, self.longest.long_work)

    @property
    def proof(self) -> ColumnElement[bool]:
        return self._beyond(Gap.proof_due_at, self.longest.proof)

    @property
    def rest(self) -> ColumnElement[bool]:
        return self._beyond(Breaker.rests_until, self.longest.rest)

    @property
    def probe(self) -> ColumnElement[bool]:
        return self._beyond(Breaker.probed_until, self.longest.probe)

    @property
    def later_look(self) -> ColumnElement[bool]:
        return self._beyond(InvoiceLook.due_at, self.longest.later_look)

    def of_connections(self) -> list[tuple[ColumnElement[bool], dict[str, datetime]]]:
        """Each condition with the new values for the connection. The time of a past event never lies ahead at all."""
        is_refused = Connection.status == ConnectionStatus.NEEDS_RECONNECT.value
        not_before, then = Connection.not_before, {Connection.not_before.key: self.now}
        due = [(Connection.next_catch_up_at, self.longest.catch_up)]
        due += [(moment, timedelta(0)) for moment in _HAVE_HAPPENED]
        return [
            (and_(is_refused, self._beyond(not_before, self.longest.refusal)), then),
            (and_(~is_refused, self._beyond(not_before, self.longest.pause)), then),
            *((self._beyond(moment, most), {moment.key: self.now}) for moment, most in due),
        ]

    def that_have_happened(self) -> list[ColumnElement[bool]]:
        return [self._beyond(moment, timedelta(0)) for moment in _HAVE_HAPPENED]
