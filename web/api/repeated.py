"""Idempotency keys: a write that comes again with its key gets the answer of the first time, and nothing is done twice.

Called by: every write of the API (decision 0032). The key is claimed once the caller is known and before the call does
anything; the route keeps its answer afterwards. A refusal by which nothing was begun (a wrong value, no free place)
gives the key back. An answer of 5xx is not kept: what the call did is unknown, as if the process had died.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from domain.repeated_calls import Answer, AnswerAgain, OtherRequest, OutcomeUnknown, UnderWay
from models.idempotency_keys import KEY_CHARACTERS_MAX, Claim
from models.unavailable import DatabaseUnavailable
from usecases.idempotent_calls import claim_key, forget, keep, request_hash
from web.errors import told_by
from web.problems import Problem, Refused, Told
from web.signed_in import context_of

log = structlog.get_logger()

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
SECONDS_TO_WAIT = 10
# Marks a route whose act, done twice, is the same as done once; the reference of the API says it, too.
REPEATABLE = {"x-repeatable": True}
# Marks a route whose answer has a secret in it: the answer is not kept, and a repetition is told that it is over.
SHOWS_A_SECRET = {"x-shows-a-secret": True}
_SERVER_ERRORS = 500
_TOLD_ONCE = "This was done before, and its answer had a secret in it, which is shown once. Make a new secret."


@dataclass(frozen=True, slots=True)
class Repeated:
    """What tells a request from others; `key` is None for a caller who does not care."""

    key: str | None
    body: bytes


async def _repeated(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
            min_length=1,
            max_length=KEY_CHARACTERS_MAX,
            pattern=r"^[ -~]+$",
            description="Any text of your own for this one act; a repetition with it is answered and not done again.",
        ),
    ] = None,
) -> Repeated:
    return Repeated(key, await request.body() if key is not None else b"")


RepeatedCall = Annotated[Repeated, Depends(_repeated)]


class _Answered(Exception):
    """The call was made before; this was its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def claim_the_key(request: Request, organization_id: int, repeated: Repeated) -> None:
    """Goes on if the act is to be done now; otherwise raises what answers the call."""
    if repeated.key is None:
        return
    address = f"{request.url.path}?{request.url.query}"
    wanted = request_hash(request.method, address, repeated.body)
    route = request.scope["route"]
    repeatable = bool((route.openapi_extra or {}).get("x-repeatable"))
    match claim_key(context_of(request), organization_id, repeated.key, wanted, repeatable=repeatable):
        case Claim() as claim:
            request.state.claim = claim
        case AnswerAgain(answer):
            raise _Answered(answer)
        case OtherRequest():
            raise Refused(Problem.KEY_REUSED)
        case UnderWay():
            raise Refused(Problem.UNDER_WAY, headers={"Retry-After": str(SECONDS_TO_WAIT)})
        case OutcomeUnknown():
            raise Refused(Problem.OUTCOME_UNKNOWN)


class WithKeptAnswers(APIRoute):
    """A route of the API, which keeps its answer where a key was claimed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                response = await handle(request)
            except _Answered as again:
                answer = again.answer
                headers = {REPLAYED_HEADER: "true"}
                return Response(answer.body, answer.status, headers, answer.media_type)
            except (HTTPException, RequestValidationError) as error:
                await _after_refusal(request, error)
                raise
            claim: Claim | None = getattr(request.state, "claim", None)
            if claim is not None and SHOWS_A_SECRET.items() <= (self.openapi_extra or {}).items():
                await _keep(request, claim, _told_once(request.url.path))
            elif claim is not None:
                media_type = response.headers.get("content-type", "")
                await _keep(request, claim, Answer(response.status_code, media_type, bytes(response.body).decode()))
            return response

        return handled


def _told_once(address: str) -> Answer:
    refusal = Told(Problem.OUTCOME_UNKNOWN, _TOLD_ONCE).response(address)
    return Answer(refusal.status_code, refusal.media_type or "", bytes(refusal.body).decode())


async def _after_refusal(request: Request, error: HTTPException | RequestValidationError) -> None:
    claim: Claim | None = getattr(request.state, "claim", None)
    if claim is None:
        return
    nothing_begun = isinstance(error, RequestValidationError) or error.status_code >= _SERVER_ERRORS
    told = told_by(request, error)
    if nothing_begun or told is None:
        await run_in_threadpool(forget, context_of(request), claim)
        return
    refusal = told.response(request.url.path)
    await _keep(request, claim, Answer(refusal.status_code, refusal.media_type or "", bytes(refusal.body).decode()))


async def _keep(request: Request, claim: Claim, answer: Answer) -> None:
    """The act is over and its caller is answered, even if the answer cannot be kept."""
    try:
        await run_in_threadpool(keep, context_of(request), claim, answer)
    except DatabaseUnavailable as error:
        log.error("api.answer_not_kept", what=error.fate, path=request.url.path)
