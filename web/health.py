"""Endpoints for machines: does this process live, may it be sent requests, and can the whole installation work.

`/healthz` is for whoever restarts this process, `/readyz/web` for whoever sends it requests, and `/readyz` for whoever
watches all of it: a missing push worker is no reason to take the webhook door out of service.
"""

from collections.abc import Callable, Sequence

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from domain.readiness import Check, all_checks, checks_for_requests
from domain.version import VERSION
from settings import Settings
from tasks.context import Context
from usecases.figures import installation
from web.signed_in import context_of
from web.threads import run_in, threads_of
from workers.redis_client import redis_trouble

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """Whether this process lives: the loop that serves its requests turns. It asks nobody, and waits for nothing."""
    return JSONResponse({"alive": True, "version": VERSION})


@router.get("/readyz/web")
async def ready_for_requests(request: Request) -> Response:
    """Whether this process can take deliveries and show pages: the database answers, and has the right schema."""
    return await _answer(request, _checks_for_requests)


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether the whole installation can work, and what to do if not."""
    settings: Settings = request.app.state.settings
    return await _answer(request, lambda context: _all_checks(context, settings))


def _checks_for_requests(context: Context) -> Sequence[Check]:
    return tuple(checks_for_requests(installation(context.database.reserved, "", context.clock.now())))


def _all_checks(context: Context, settings: Settings) -> Sequence[Check]:
    trouble, now = redis_trouble(settings) or "", context.clock.now()
    return tuple(all_checks(installation(context.database.reserved, trouble, now), now))


async def _answer(request: Request, look: Callable[[Context], Sequence[Check]]) -> Response:
    checks = await run_in(threads_of(request.app).health, look, context_of(request))
    wrong = [check for check in checks if not check.ok]
    if wrong:
        log.warning("health.not_ready", checks=[check.name for check in wrong])
    body = {
        "ready": not wrong,
        "problems": [_told(check) for check in wrong],
        "checks": [_told(check) for check in checks],
    }
    return JSONResponse(body, 503 if wrong else 200)


def _told(check: Check) -> dict[str, object]:
    advice = {"do": check.advice} if check.advice else {}
    return {"check": check.name, "ok": check.ok, "what": check.what, **advice}
