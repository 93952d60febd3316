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
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, bindparam, exists, or_, select, union, update
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
    return sorted(session.scalars(_with_moments_ahead(), _latest(now, longest)))


def bring_back(session: Session, organization_id: int, now: datetime, longest: Longest) -> None:
    """Makes work due whose time lies too far ahead. The organization is locked (`models/locks.py`)."""
    of_organization = Connection.organization_id == organization_id
    latest = _latest(now, longest)
    if session.scalar(select(exists().where(of_organization, or_(*_have_happened_ahead()))), latest):
        latest = _latest(now, _whatever_is_waiting(longest))
    ours = select(Connection.id).where(Connection.organization_id == organization_id)

    def change(table: Any, *conditions: ColumnElement[bool], **values: Any) -> None:
        # Nothing of it has been loaded, and SQLAlchemy could not tell in memory which rows are meant.
        statement = update(table).where(*conditions).values(**values)
        session.execute(statement.execution_options(synchronize_session=False), latest)

    change(Allocation, Allocation.organization_id == organization_id, _allocation(), match_due_at=now)
    change(InboxEvent, InboxEvent.connection_id.in_(ours), _event(), due_at=now)
    change(InvoiceLook, InvoiceLook.connection_id.in_(ours), _later_look(), due_at=now)
    may_have_been_sent = Effect.state != EffectState.PENDING.value
    for is_meant, due_at in ((may_have_been_sent, now + longest.settle), (~may_have_been_sent, now)):
        change(Effect, Effect.organization_id == organization_id, _effect(), is_meant, due_at=due_at)
    for listed in _OF_COPIES:
        # A creation that may have been sent keeps its settle time, which is shorter than this.
        change(listed, listed.organization_id == organization_id, _of_copies(listed), due_at=now + longest.settle)
    for worked_off, is_ahead in (
        (Preview, _preview()),
        (Undo, _long_work(Undo)),
        (ReplayShare, _long_work(ReplayShare)),
        (ReconciliationRun, _reconcile()),
        (Notice, _notice()),
        (AlarmWatch, _watch()),
    ):
        change(worked_off, worked_off.organization_id == organization_id, is_ahead, due_at=now)
    change(Endpoint, Endpoint.organization_id == organization_id, _endpoint(), rests_until=None)
    change(Gap, Gap.connection_id.in_(ours), _proof(), proof_due_at=now)
    lock_in_order(session, Connection, of_organization)
    for condition, moment in _of_connections():
        change(Connection, of_organization, condition, **{moment.key: now})
    change(Breaker, Breaker.connection_id.in_(ours), _rest(), rests_until=now)
    change(Breaker, Breaker.connection_id.in_(ours), _probe(), probed_until=None)
    # `seen_at` says which of two pictures is later. We clear a time from the future: the next picture is later.
    for table in (Payment, SourceInvoiceRow):
        change(table, table.connection_id.in_(ours), _beyond(table.seen_at, _HAPPENED), seen_at=None)
    seen_first_ahead = _beyond(Payment.first_seen_at, _HAPPENED)
    change(Payment, Payment.organization_id == organization_id, seen_first_ahead, first_seen_at=now)


# Not due at once when the clock has gone back: later looks and what a person or the night waits for, which would be
# many calls at the same moment, and what may have been sent.
_KEPT = {"later_look", "settle", "copy", "preview", "long_work", "reconcile", "notice", "endpoint", "proof"}


def _whatever_is_waiting(longest: Longest) -> Longest:
    """So that all waiting work counts as ahead, but for the kinds that keep their time."""
    kinds = [one.name for one in fields(Longest)]
    return Longest(**{kind: getattr(longest, kind) if kind in _KEPT else timedelta(0) for kind in kinds})


# --- conditions for times that lie too far ahead; what that is, each execution says by `_latest` ---

_HAPPENED, _WATCH = "happened", "watch"


def _latest(now: datetime, longest: Longest) -> dict[str, datetime]:
    """The latest moment of each kind that a right clock can have written, as the parameters of the statements."""
    spans = {one.name: getattr(longest, one.name) for one in fields(Longest)}
    # The time of a past event never lies ahead at all.
    spans |= {_HAPPENED: timedelta(0), _WATCH: WATCHED_EVERY}
    return {_parameter(kind): now + span + CLOCKS_APART_MAX for kind, span in spans.items()}


def _parameter(kind: str) -> str:
    return f"latest_{kind}"


def _beyond(moment: InstrumentedAttribute[Any], kind: str) -> ColumnElement[bool]:
    return moment > bindparam(_parameter(kind), type_=UtcTime())


# Made once: the sweep asks every few seconds, and making it takes longer than the answer.
@cache
def _with_moments_ahead() -> CompoundSelect[int]:
    owner = select(Connection.organization_id)
    return union(
        select(Allocation.organization_id).where(_allocation()),
        owner.where(Connection.id.in_(select(InboxEvent.connection_id).where(_event()))),
        select(Effect.organization_id).where(_effect()),
        owner.where(or_(*(condition for condition, _ in _of_connections()))),
        owner.where(Connection.id.in_(select(InvoiceLook.connection_id).where(_later_look()))),
        owner.where(Connection.id.in_(select(Breaker.connection_id).where(or_(_rest(), _probe())))),
        *(select(table.organization_id).where(_of_copies(table)) for table in _OF_COPIES),
        select(Preview.organization_id).where(_preview()),
        select(Undo.organization_id).where(_long_work(Undo)),
        select(ReplayShare.organization_id).where(_long_work(ReplayShare)),
        select(ReconciliationRun.organization_id).where(_reconcile()),
        select(Endpoint.organization_id).where(exists().where(Notice.endpoint_id == Endpoint.id, _notice())),
        select(Endpoint.organization_id).where(_endpoint()),
        owner.where(Connection.id.in_(select(Gap.connection_id).where(_proof()))),
        select(AlarmWatch.organization_id).where(_watch()),
    )


def _allocation() -> ColumnElement[bool]:
    return _beyond(Allocation.match_due_at, "look")


def _event() -> ColumnElement[bool]:
    return and_(InboxEvent.done_at.is_(None), _beyond(InboxEvent.due_at, "event"))


def _effect() -> ColumnElement[bool]:
    return and_(is_open(), _beyond(Effect.due_at, "effect"))


def _of_copies(table: type[BilledInvoiceRow | BilledList | BooksLists | CopyRun]) -> ColumnElement[bool]:
    return _beyond(table.due_at, "copy")


def _reconcile() -> ColumnElement[bool]:
    return _beyond(ReconciliationRun.due_at, "reconcile")


def _preview() -> ColumnElement[bool]:
    return _beyond(Preview.due_at, "preview")


def _notice() -> ColumnElement[bool]:
    return and_(Notice.state == NoticeState.WAITING.value, _beyond(Notice.due_at, "notice"))


def _endpoint() -> ColumnElement[bool]:
    return _beyond(Endpoint.rests_until, "endpoint")


def _watch() -> ColumnElement[bool]:
    return _beyond(AlarmWatch.due_at, _WATCH)


def _long_work(table: type[Undo | ReplayShare]) -> ColumnElement[bool]:
    return _beyond(table.due_at, "long_work")


def _proof() -> ColumnElement[bool]:
    return _beyond(Gap.proof_due_at, "proof")


def _rest() -> ColumnElement[bool]:
    return _beyond(Breaker.rests_until, "rest")


def _probe() -> ColumnElement[bool]:
    return _beyond(Breaker.probed_until, "probe")


def _later_look() -> ColumnElement[bool]:
    return _beyond(InvoiceLook.due_at, "later_look")


def _of_connections() -> list[tuple[ColumnElement[bool], InstrumentedAttribute[Any]]]:
    """Each condition with the moment of the connection that it is about."""
    is_refused = Connection.status == ConnectionStatus.NEEDS_RECONNECT.value
    not_before = Connection.not_before
    return [
        (and_(is_refused, _beyond(not_before, "refusal")), not_before),
        (and_(~is_refused, _beyond(not_before, "pause")), not_before),
        (_beyond(Connection.next_catch_up_at, "catch_up"), Connection.next_catch_up_at),
        *zip(_have_happened_ahead(), _HAVE_HAPPENED, strict=True),
    ]


def _have_happened_ahead() -> list[ColumnElement[bool]]:
    return [_beyond(moment, _HAPPENED) for moment in _HAVE_HAPPENED]
