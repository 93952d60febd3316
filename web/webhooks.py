"""The webhook door: verifies, stores, commits, answers, and only then nudges. No decisions and no outside calls.

Called by: the sources' notification services.
Answers: 200 for every authentic body, whatever its content (a source would resend a refused one for days, and hold back
later ones); 403 for a wrong signature; 413 for a body that is too large; 503 if it could not be stored, so that the
source sends it again.
"""

import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import APIRouter, BackgroundTasks, Request, Response
from prometheus_client import Counter as Metric

from connectors.hints import Delivery, Hint, SignatureCheck
from connectors.registry import webhook_reader
from connectors.traces import TRACES, SpanKind
from domain.trace_context import Part
from models.connection_store import ask_for_early_catch_up
from models.connections import connections_by_account, heard_from
from models.database import Session
from models.inbox import Entity, EventSource, NewEvent, store_events
from models.unavailable import DatabaseUnavailable
from tasks.context import Context, Step
from tasks.points import Point
from web.threads import NUDGES_WAITING_MAX, NoThread, Threads, run_in, run_in_time, threads_of

log = structlog.get_logger()
router = APIRouter()

EVENTS = Metric("webhook_events_total", "Events of authentic deliveries, by what became of them", ["vendor", "fate"])
# Intuit ignores an answer after three seconds and sends again, so the door answers 503 before that. One second is
# left for the network and for other work of the process.
PATIENCE = timedelta(seconds=2)
_MOMENT_SECONDS = 0.1

DELIVERIES = Metric("webhook_deliveries_total", "Deliveries, by how they were answered", ["vendor", "answer"])


@router.post("/webhooks/{vendor}", include_in_schema=False)
async def receive(vendor: str, request: Request, background: BackgroundTasks) -> Response:
    """Takes one delivery of a source's webhook."""
    context: Context = request.app.state.context
    reader = webhook_reader(context.platform, vendor)
    if reader is None:
        return Response(status_code=404)
    check = reader.check_of(request.headers.get(reader.signature_header, ""))
    if check is None:
        # The source never signs like this, so no byte of the body is read.
        log.warning("webhook.bad_signature", vendor=vendor)
        return _answered(vendor, 403, "bad_signature")
    body = await _body(request, request.app.state.settings.webhook_bytes_max, check)
    if body is None:
        return _answered(vendor, 413, "too_large")
    if not check.fits():
        log.warning("webhook.bad_signature", vendor=vendor, bytes=len(body))
        return _answered(vendor, 403, "bad_signature")
    threads, ends = threads_of(request.app), time.monotonic() + PATIENCE.total_seconds()
    began = time.time_ns()
    try:
        delivery = await run_in_time(threads.door, _left(ends), reader.read, body)
    except ValueError as error:
        # Answered with 200: otherwise the same unreadable bytes would come again for days.
        log.error("webhook.unreadable", vendor=vendor, bytes=len(body), error=type(error).__name__)
        return _answered(vendor, 200, "unreadable")
    except NoThread:
        return _busy(vendor)
    try:
        lanes = await run_in_time(threads.door, _left(ends), _store, context, vendor, delivery, ends, began)
    except NoThread:
        return _busy(vendor)
    except DatabaseUnavailable as error:
        log.error("webhook.database_unavailable", what=error.fate, vendor=vendor, error=str(error))
        return _answered(vendor, 503, error.fate)
    context.reached(Point.DOOR_STORED)
    if lanes:
        background.add_task(_nudge_later, threads, context, lanes)
    return _answered(vendor, 200, "stored", background)


def _left(ends: float) -> timedelta:
    """The time until then; at least a moment, because an attempt costs no more than an answer."""
    return timedelta(seconds=max(ends - time.monotonic(), _MOMENT_SECONDS))


def _busy(vendor: str) -> Response:
    """For more deliveries at once than we can store in time, or a database that keeps all of them waiting."""
    log.warning("webhook.busy", vendor=vendor)
    return _answered(vendor, 503, "busy")


@dataclass(frozen=True, slots=True)
class _Stored:
    """The number of our events and of new ones, their connections, and the connections with unreadable events."""

    events: int
    new: int
    heard: list[int]
    in_doubt: list[int]


def _store(
    context: Context, vendor: str, delivery: Delivery, ends: float, began_nanoseconds: int
) -> list[tuple[Step, int]]:
    """Stores our events in one transaction; returns the lanes that have work waiting."""

    def payments() -> dict[Hashable, Part]:
        # Each begins a trace. What the caller says of one does not count: a stranger would decide what we keep.
        return {_key_of(hint): Part() for hint in delivery.hints if hint.entity.value == Entity.PAYMENT}

    with TRACES.batch("webhook", payments, kind=SpanKind.ASKED, began_nanoseconds=began_nanoseconds, vendor=vendor):
        return _store_traced(context, vendor, delivery, ends)


def _key_of(hint: Hint) -> Hashable:
    return hint.account_id, hint.entity_id


def _store_traced(context: Context, vendor: str, delivery: Delivery, ends: float) -> list[tuple[Step, int]]:
    fates: Counter[str] = Counter(delivery.ignored)
    now = context.clock.now()
    named = {hint.account_id for hint in delivery.hints} | delivery.accounts_in_doubt

    def store(session: Session) -> _Stored:
        accounts = connections_by_account(session, vendor, named)
        events = [
            NewEvent(
                connection_id=accounts[hint.account_id].id,
                source=EventSource.WEBHOOK,
                event_id=hint.event_id,
                entity=Entity(hint.entity.value),
                entity_id=hint.entity_id,
                verb=hint.verb,
                occurred_at=hint.occurred_at,
                trace=TRACES.context_of(_key_of(hint)),
            )
            for hint in delivery.hints
            if hint.account_id in accounts
        ]
        new = store_events(session, events, now)
        heard = sorted({event.connection_id for event in events})
        in_doubt = sorted(accounts[one].id for one in delivery.accounts_in_doubt if one in accounts)
        if heard or in_doubt:
            heard_from(session, sorted({*heard, *in_doubt}), now)
        if in_doubt:
            # An event was unreadable. Only the source's own list of changes still has its content.
            apart = min(context.timing.catch_up, context.timing.catch_up_silent)
            ask_for_early_catch_up(session, in_doubt, now, apart)
        return _Stored(len(events), new, heard, in_doubt)

    stored = context.database.reserved.write(store, _left(ends))
    unknown = len(delivery.hints) - stored.events
    fates.update(new=stored.new, duplicate=stored.events - stored.new, unknown_account=unknown)
    for fate, count in fates.items():
        EVENTS.labels(vendor, fate).inc(count)
    log.info("webhook.stored", vendor=vendor, **{fate: count for fate, count in fates.items() if count})
    if stored.in_doubt:
        log.warning("webhook.partly_unreadable", vendor=vendor, connections=stored.in_doubt)
    ingest = stored.heard if stored.new else []
    return [(Step.INGEST, one) for one in ingest] + [(Step.CATCH_UP, one) for one in stored.in_doubt]


async def _nudge_later(threads: Threads, context: Context, lanes: Sequence[tuple[Step, int]]) -> None:
    """Best effort: a silent Redis must not delay deliveries, and the queue of nudges must not grow without end."""
    if threads.nudges.statistics().tasks_waiting < NUDGES_WAITING_MAX:
        await run_in(threads.nudges, _nudge, context, lanes)


def _nudge(context: Context, lanes: Sequence[tuple[Step, int]]) -> None:
    """Runs after the answer, so the caller does not wait for it."""
    context.reached(Point.DOOR_ANSWERED)
    for step, connection_id in lanes:
        context.nudge(step, connection_id)


async def _body(request: Request, bytes_max: int, check: SignatureCheck) -> bytes | None:
    """The raw bytes, or None as soon as there are more than `bytes_max`."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > bytes_max:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            return None
        check.update(chunk)
        chunks.append(chunk)
    # Joined only if it will be parsed: a stranger's body never gets a second copy.
    return b"".join(chunks) if check.fits() else b""


def _answered(vendor: str, status: int, answer: str, background: BackgroundTasks | None = None) -> Response:
    DELIVERIES.labels(vendor, answer).inc()
    return Response(status_code=status, background=background)
