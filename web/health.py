"""What machines ask: is this process able to work, and what has it counted."""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from models.database import DatabaseAway
from web.signed_in import context_of

log = structlog.get_logger()
router = APIRouter()


class Health(BaseModel):
    database: str


@router.get("/healthz", response_model=Health, responses={503: {"model": Health}})
def healthz(request: Request) -> Response:
    """Whether the database answers; 503 if not, so that nobody is sent here."""
    try:
        context_of(request).database.ping()
    except DatabaseAway as error:
        log.error("health.database_away", error=type(error).__name__)
        return JSONResponse({"database": "away"}, 503)
    return JSONResponse({"database": "ok"})


@router.get("/metrics", include_in_schema=False)
def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
