"""Retrying by a filter: what was asked for, its preview, the word that begins it, how far it is, what came of it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.reasons import Reason
from models.long_works import WorkState
from models.replays import replay_by_id, summaries_of_replays
from tasks.context import Context
from usecases.replaying import confirm_replay, continue_replay, stop_replay
from usecases.replays_out import ReplayOut, replay_out
from usecases.results import Rejected
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import Operator, OperatorsForm, Viewer, context_of, form_token
from web.writing import EVERYBODY

router = APIRouter(include_in_schema=False)

LISTED_MAX = 20
ReplayId = Annotated[int, Path(ge=1, le=ID_MAX)]
_ACTS: Mapping[str, Callable[[Context, int], Rejected | None]] = {
    "confirm": confirm_replay,
    "stop": stop_replay,
    "continue": continue_replay,
}


@router.get("/operator/replays")
def replays_page(request: Request, viewer: Operator) -> Response:
    with context_of(request).database.reading() as session:
        found = summaries_of_replays(session, LISTED_MAX)
    return render(request, "operator_replays.html", viewer=viewer, writing=EVERYBODY, found=found)


@router.get("/operator/replays/{replay_id}")
def replay_page(request: Request, viewer: Operator, replay_id: ReplayId) -> Response:
    return _page(request, viewer, replay_id)


@router.get("/live/operator/replays/{replay_id}")
def replay_fragment(request: Request, viewer: Operator, replay_id: ReplayId) -> Response:
    return render(request, "operator_replay_live.html", viewer=viewer, **_values(request, replay_id))


@router.post("/operator/replays/{replay_id}/{what}")
def change(request: Request, viewer: OperatorsForm, replay_id: ReplayId, what: str) -> Response:
    """Confirms it, stops it, or lets it go on."""
    act = _ACTS.get(what)
    if act is None:
        raise HTTPException(404)
    refused = act(context_of(request), replay_id)
    if refused is not None:
        return _page(request, viewer, replay_id, problem=refused.message)
    return RedirectResponse(f"/operator/replays/{replay_id}", 303)


def _page(request: Request, viewer: Viewer, replay_id: int, problem: str | None = None) -> Response:
    status_code = 200 if problem is None else 409
    values = _values(request, replay_id)
    return render(request, "operator_replay.html", status_code, viewer=viewer, problem=problem, **values)


def _found(request: Request, replay_id: int) -> ReplayOut:
    with context_of(request).database.reading() as session:
        replay = replay_by_id(session, replay_id)
        if replay is None:
            raise HTTPException(404)
        return replay_out(session, replay)


def _values(request: Request, replay_id: int) -> dict[str, Any]:
    context, replay = context_of(request), _found(request, replay_id)
    sums = " + ".join(EVERYBODY.money(total, currency) for currency, total in replay.sums.items())
    reason = replay.chosen.get("reason", "")
    return {
        "writing": EVERYBODY,
        "replay": replay,
        "sums": sums,
        "reason": Reason(reason) if reason else None,
        "words": context.platform.words(context.platform.vendors),
        "token": form_token(request, None),
        "WorkState": WorkState,
    }
