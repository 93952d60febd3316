"""Since when the oldest work of each step waits that could be done now, over all organizations; for operators.

The age of the oldest due row says whether the workers keep up, whatever becomes of messages. What rests on purpose does
not count: a connection that waits for a person, is paused or rests, or a receiver that rests. Each owner's first due
row is found through an index, so that a backlog of a million costs no more than one of ten.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ScalarSelect,
    Select,
    bindparam,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from domain.breaker import TARGET_CALLS, CallKind
from domain.notices.trying import NoticeState
from domain.push.effect import EffectState
from models.alarm_tellings import AlarmWatch
from models.base import UtcTime
from models.billed_invoices import BilledInvoiceRow
from models.billed_lists import BilledList
from models.books_lists import BooksLists
from models.connections import Connection, Role, may_be_called
from models.copy_runs import CopyRun
from models.effects import Effect, goes_now
from models.endpoints import Endpoint
from models.inbox import InboxEvent
from models.looks import InvoiceLook
from models.notices import Notice
from models.organizations import Organization
from models.pauses import sending_is_on
from models.payments import Allocation
from models.previews import Preview
from models.reconciliation_runs import ReconciliationRun
from models.replays import ReplayShare
from models.undos import Undo


def oldest_due(session: Session, now: datetime) -> Mapping[str, datetime | None]:
    """By step (`tasks/context.py`); None where nothing is due."""
    asked = {
        "ingest": _of_sources(_first_event(now), now, CallKind.INGEST),
        "match": select(func.min(_first_allocation(now))).select_from(Organization),
        "push": _of_targets(_first_effect(now), now),
        "catch_up": _catch_ups(now),
        "look_again": _of_targets(_first_look(now), now),
        "copy": _copies(now),
        "preview": select(func.min(Preview.due_at)).where(Preview.due_at <= now),
        "undo": select(func.min(Undo.due_at)).where(Undo.due_at <= now),
        "reconcile": select(func.min(ReconciliationRun.due_at)).where(ReconciliationRun.due_at <= now),
        "replay": select(func.min(ReplayShare.due_at)).where(ReplayShare.due_at <= now),
        "watch": select(func.min(AlarmWatch.due_at)).where(AlarmWatch.due_at <= now),
        "notify": _notices(now),
    }
    return {step: session.scalar(statement) for step, statement in asked.items()}


def _of_sources(first: ScalarSelect[Any], now: datetime, *kinds: CallKind) -> Select[Any]:
    is_source = Connection.role == Role.SOURCE.value
    return select(func.min(first)).select_from(Connection).where(is_source, may_be_called(now, *kinds))


def _of_targets(first: ScalarSelect[Any], now: datetime) -> Select[Any]:
    return (
        select(func.min(first))
        .select_from(Connection)
        .join(Organization, Organization.id == Connection.organization_id)
        .where(Connection.role == Role.TARGET.value, may_be_called(now, *TARGET_CALLS))
    )


def _first_event(now: datetime) -> ScalarSelect[Any]:
    # The longest known of them, through the index of waiting events, which is in the order of their ids.
    return (
        select(InboxEvent.due_at)
        .where(InboxEvent.connection_id == Connection.id, InboxEvent.done_at.is_(None), InboxEvent.due_at <= now)
        .order_by(InboxEvent.id)
        .limit(1)
        .correlate(Connection)
        .scalar_subquery()
    )


def _first_allocation(now: datetime) -> ScalarSelect[Any]:
    return (
        select(Allocation.match_due_at)
        .where(Allocation.organization_id == Organization.id, Allocation.match_due_at <= now)
        .order_by(Allocation.match_due_at)
        .limit(1)
        .correlate(Organization)
        .scalar_subquery()
    )


def _first_effect(now: datetime) -> ScalarSelect[Any]:
    # A payment that waits behind another one on its invoice is not late, nor is one whose sending is off or paused.
    return (
        select(Effect.due_at)
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .where(
            Effect.connection_id == Connection.id,
            goes_now(bindparam(None, now, type_=UtcTime)),
            or_(Effect.state != EffectState.PENDING.value, sending_is_on()),
        )
        .order_by(Effect.due_at)
        .limit(1)
        .correlate(Connection, Organization)
        .scalar_subquery()
    )


def _first_look(now: datetime) -> ScalarSelect[Any]:
    return (
        select(InvoiceLook.due_at)
        .where(InvoiceLook.connection_id == Connection.id, InvoiceLook.due_at <= now)
        .order_by(InvoiceLook.due_at)
        .limit(1)
        .correlate(Connection)
        .scalar_subquery()
    )


def _catch_ups(now: datetime) -> Select[Any]:
    due_at = func.coalesce(Connection.next_catch_up_at, Connection.connected_at)
    return select(func.min(due_at, type_=UtcTime)).where(
        Connection.role == Role.SOURCE.value, due_at <= now, may_be_called(now, CallKind.CATCH_UP)
    )


def _copies(now: datetime) -> Select[Any]:
    each = [
        select(func.min(table.due_at).label("due_at")).where(table.due_at <= now)
        for table in (BilledInvoiceRow, CopyRun, BilledList, BooksLists)
    ]
    every = union_all(*each).subquery()
    return select(func.min(every.c.due_at))


def _notices(now: datetime) -> Select[Any]:
    first = (
        select(Notice.due_at)
        .where(Notice.endpoint_id == Endpoint.id, Notice.state == NoticeState.WAITING.value, Notice.due_at <= now)
        .order_by(Notice.due_at)
        .limit(1)
        .correlate(Endpoint)
        .scalar_subquery()
    )
    rests = Endpoint.rests_until > now
    return select(func.min(first)).select_from(Endpoint).where(or_(Endpoint.rests_until.is_(None), ~rests))
