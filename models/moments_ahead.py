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
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.clocks import CLOCKS_APART_MAX
from domain.notices.trying import NoticeState
from domain.push.effect import EffectState
from models.alarm_tellings import WATCHED_EVERY, AlarmWatch
from models.base import UtcTime, lock_in_order
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
    return sorted(session.scalars(_WITH_MOMENTS_AHEAD, _latest(now, longest)))


def bring_back(session: Session, organization_id: int, now: datetime, longest: Longest) -> None:
    """Makes work due whose time lies too far ahead. The organization is locked (`models/locks.py`)."""
    of_organization = Connection.organization_id == organization_id
    latest = _latest(now, longest)
    has_gone_back = exists().where(of_organization, or_(*(is_ahead for is_ahead, _ in _HAVE_HAPPENED)))
    if session.scalar(select(has_gone_back), latest):
        latest = _latest(now, _whatever_is_waiting(longest))
    ours = select(Connection.id).where(Connection.organization_id == organization_id)

    def change(table: Any, *conditions: ColumnElement[bool], **values: Any) -> None:
        # Nothing of it has been loaded, and SQLAlchemy could not tell in memory which rows are meant.
        statement = update(table).where(*conditions).values(**values)
        session.execute(statement.execution_options(synchronize_session=False), latest)

    change(Allocation, Allocation.organization_id == organization_id, _ALLOCATION, match_due_at=now)
    change(InboxEvent, InboxEvent.connection_id.in_(ours), _EVENT, due_at=now)
    change(InvoiceLook, InvoiceLook.connection_id.in_(ours), _LATER_LOOK, due_at=now)
    may_have_been_sent = Effect.state != EffectState.PENDING.value
    for is_meant, due_at in ((may_have_been_sent, now + longest.settle), (~may_have_been_sent, now)):
        change(Effect, Effect.organization_id == organization_id, _EFFECT, is_meant, due_at=due_at)
    for listed, is_ahead in _COPIES:
        # A creation that may have been sent keeps its settle time, which is shorter than this.
        change(listed, listed.organization_id == organization_id, is_ahead, due_at=now + longest.settle)
    for worked_off, is_ahead in (
        (Preview, _PREVIEW),
        *_LONG_WORKS,
        (ReconciliationRun, _RECONCILE),
        (Notice, _NOTICE),
        (AlarmWatch, _WATCH),
    ):
        change(worked_off, worked_off.organization_id == organization_id, is_ahead, due_at=now)
    change(Endpoint, Endpoint.organization_id == organization_id, _ENDPOINT, rests_until=None)
    change(Gap, Gap.connection_id.in_(ours), _PROOF, proof_due_at=now)
    lock_in_order(session, Connection, of_organization)
    for condition, moment in _CONNECTIONS:
        change(Connection, of_organization, condition, **{moment.key: now})
    change(Breaker, Breaker.connection_id.in_(ours), _REST, rests_until=now)
    change(Breaker, Breaker.connection_id.in_(ours), _PROBE, probed_until=None)
    # `seen_at` says which of two pictures is later. We clear a time from the future: the next picture is later.
    for table in (Payment, SourceInvoiceRow):
        change(table, table.connection_id.in_(ours), _beyond(table.seen_at, "happened"), seen_at=None)
    seen_first_ahead = _beyond(Payment.first_seen_at, "happened")
    change(Payment, Payment.organization_id == organization_id, seen_first_ahead, first_seen_at=now)


# Not due at once when the clock has gone back: later looks and what a person or the night waits for, which would be
# many calls at the same moment, and what may have been sent.
_KEPT = {"later_look", "settle", "copy", "preview", "long_work", "reconcile", "notice", "endpoint", "proof"}


def _whatever_is_waiting(longest: Longest) -> Longest:
    """So that all waiting work counts as ahead, but for the kinds that keep their time."""
    kinds = [one.name for one in fields(Longest)]
    return Longest(**{kind: getattr(longest, kind) if kind in _KEPT else timedelta(0) for kind in kinds})


# --- conditions for times that lie too far ahead; `_latest` says how far that is ---


def _latest(now: datetime, longest: Longest) -> dict[str, datetime]:
    """The latest moment of each kind that a right clock can have written, as the parameters of the statements."""
    spans = {one.name: getattr(longest, one.name) for one in fields(Longest)}
    # The time of a past event never lies ahead at all.
    spans |= {"happened": timedelta(0), "watch": WATCHED_EVERY}
    return {_parameter(kind): now + span + CLOCKS_APART_MAX for kind, span in spans.items()}


def _parameter(kind: str) -> str:
    return f"latest_{kind}"


def _beyond(moment: InstrumentedAttribute[Any], kind: str) -> ColumnElement[bool]:
    return moment > bindparam(_parameter(kind), type_=UtcTime())


# The conditions are made once: the sweep asks every few seconds, and making them takes longer than the answer.
_ALLOCATION = _beyond(Allocation.match_due_at, "look")
_EVENT = and_(InboxEvent.done_at.is_(None), _beyond(InboxEvent.due_at, "event"))
_EFFECT = and_(is_open(), _beyond(Effect.due_at, "effect"))
_LATER_LOOK = _beyond(InvoiceLook.due_at, "later_look")
_REST = _beyond(Breaker.rests_until, "rest")
_PROBE = _beyond(Breaker.probed_until, "probe")
_COPIES = [(table, _beyond(table.due_at, "copy")) for table in (BilledInvoiceRow, BilledList, BooksLists, CopyRun)]
_LONG_WORKS = [(table, _beyond(table.due_at, "long_work")) for table in (Undo, ReplayShare)]
_PREVIEW = _beyond(Preview.due_at, "preview")
_RECONCILE = _beyond(ReconciliationRun.due_at, "reconcile")
_NOTICE = and_(Notice.state == NoticeState.WAITING.value, _beyond(Notice.due_at, "notice"))
_ENDPOINT = _beyond(Endpoint.rests_until, "endpoint")
_PROOF = _beyond(Gap.proof_due_at, "proof")
_WATCH = _beyond(AlarmWatch.due_at, "watch")
# Each condition of connections with the moment that it is about.
_HAVE_HAPPENED = [
    (_beyond(moment, "happened"), moment)
    for moment in (Connection.read_at, Connection.heard_at, Connection.missed_at, Connection.caught_up_at)
]
_IS_REFUSED = Connection.status == ConnectionStatus.NEEDS_RECONNECT.value
_CONNECTIONS = [
    (and_(_IS_REFUSED, _beyond(Connection.not_before, "refusal")), Connection.not_before),
    (and_(~_IS_REFUSED, _beyond(Connection.not_before, "pause")), Connection.not_before),
    (_beyond(Connection.next_catch_up_at, "catch_up"), Connection.next_catch_up_at),
    *_HAVE_HAPPENED,
]
_OWNER = select(Connection.organization_id)
_WITH_MOMENTS_AHEAD = union(
    select(Allocation.organization_id).where(_ALLOCATION),
    _OWNER.where(Connection.id.in_(select(InboxEvent.connection_id).where(_EVENT))),
    select(Effect.organization_id).where(_EFFECT),
    _OWNER.where(or_(*(is_ahead for is_ahead, _ in _CONNECTIONS))),
    _OWNER.where(Connection.id.in_(select(InvoiceLook.connection_id).where(_LATER_LOOK))),
    _OWNER.where(Connection.id.in_(select(Breaker.connection_id).where(or_(_REST, _PROBE)))),
    *(select(table.organization_id).where(is_ahead) for table, is_ahead in (*_COPIES, *_LONG_WORKS)),
    select(Preview.organization_id).where(_PREVIEW),
    select(ReconciliationRun.organization_id).where(_RECONCILE),
    select(Endpoint.organization_id).where(exists().where(Notice.endpoint_id == Endpoint.id, _NOTICE)),
    select(Endpoint.organization_id).where(_ENDPOINT),
    _OWNER.where(Connection.id.in_(select(Gap.connection_id).where(_PROOF))),
    select(AlarmWatch.organization_id).where(_WATCH),
)
