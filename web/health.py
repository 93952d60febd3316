"""Endpoints for machines: can this process work, and what are its counters."""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from pydantic import BaseModel

from models.connections import ConnectionStatus, Role, connection_counts, pause_counts
from models.unavailable import DatabaseRefused, DatabaseUnavailable
from tasks.context import Context
from web.signed_in import context_of
from web.threads import run_in, threads_of

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


CONNECTIONS = Gauge("connections", "Connections by their status", ["role", "status"])
PAUSED = Gauge("connections_paused", "Active connections that are not called at the moment", ["reason"])


class Health(BaseModel):
    """What a load balancer asks. Connections that wait for a person are no reason to send nobody here."""

    database: str
    needs_reconnect: int | None = None


@router.get("/healthz", response_model=Health, responses={503: {"model": Health}})
async def healthz(request: Request) -> Response:
    """Whether the database answers; 503 if not, so that nobody is sent here."""
    return await run_in(threads_of(request.app).health, _health, context_of(request))


def _health(context: Context) -> Response:
    database = context.database.reserved
    try:
        database.ping()
        with database.reading() as session:
            counts = connection_counts(session)
    except DatabaseUnavailable as error:
        log.error("health.database_unavailable", what=error.fate, error=str(error))
        return JSONResponse({"database": error.fate.removeprefix("database_")}, 503)
    except DatabaseRefused as error:
        # The schema is older than this program: it can do nothing here before the upgrade.
        log.error("health.database_refused", error=type(error).__name__)
        return JSONResponse({"database": "refused"}, 503)
    waiting = sum(count for (_, status), count in counts.items() if status == ConnectionStatus.NEEDS_RECONNECT)
    return JSONResponse({"database": "ok", "needs_reconnect": waiting})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    await run_in(threads_of(request.app).health, _count_connections, context_of(request))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _count_connections(context: Context) -> None:
    """Read from the database with every scrape; without it the process's own counters are still reported."""
    try:
        with context.database.reserved.reading() as session:
            counts, paused = connection_counts(session), pause_counts(session, context.clock.now())
    except DatabaseUnavailable as error:
        log.error("metrics.database_unavailable", what=error.fate, error=str(error))
        return
    for role in Role:
        for status in ConnectionStatus:
            CONNECTIONS.labels(role.value, status.value).set(counts.get((role.value, status.value), 0))
    PAUSED.clear()
    for reason, count in paused.items():
        PAUSED.labels(reason).set(count)
