"""/api/undos: taking back what was entered in a span of time; preview, confirmation, progress."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from models.long_works import NOTE_CHARACTERS_MAX
from models.undos import undo_by_id, undos_of
from usecases.results import Rejected
from usecases.undo_out import UndoOut
from usecases.undoing import ask_undo, confirm_undo, continue_undo, stop_undo
from usecases.words import words_of
from web.api.access import Authorized, AuthorizedToManage, Caller
from web.api.payments import WITHOUT_NUL
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import MomentWithOffset
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["undo"], route_class=WithKeptAnswers)

LISTED_MAX = 100
UndoId = Annotated[int, Path(ge=1, le=ID_MAX)]


class UndoIn(BaseModel):
    """The span, and why; `until` may be left out for now. Both moments need their offset from UTC."""

    model_config = ConfigDict(extra="forbid")

    since: MomentWithOffset
    until: MomentWithOffset | None = None
    why: Annotated[str, Field(max_length=NOTE_CHARACTERS_MAX, pattern=WITHOUT_NUL)] = ""


class ConfirmIn(BaseModel):
    """The organization's short name, which confirms what was previewed."""

    model_config = ConfigDict(extra="forbid")

    confirm: Annotated[str, Field(max_length=100)]


class UndosOut(BaseModel):
    """The latest first, a hundred at most."""

    undos: list[UndoOut]


@router.get("/undos", summary="List what was taken back")
def get_undos(request: Request, caller: Authorized) -> UndosOut:
    """The spans that were taken back or previewed, the latest first."""
    with context_of(request).database.reading() as session:
        words = words_of(session, caller.organization_id)
        found = undos_of(session, caller.organization_id, LISTED_MAX)
        return UndosOut(undos=[UndoOut.of(session, one, words) for one in found])


@router.post("/undos", openapi_extra=REPEATABLE, summary="Preview taking a span back")
def post_undo(request: Request, caller: AuthorizedToManage, given: UndoIn) -> UndoOut:
    """Previews what would be removed and what stays, and why. Changes nothing; poll while its state is `counting`."""
    since, until = _utc(given.since), _utc(given.until) if given.until else None
    asked = ask_undo(context_of(request), caller.organization_id, since, until, given.why)
    if isinstance(asked, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, asked.message)
    return _found(request, caller, asked)


@router.get("/undos/{undo_id}", summary="Read how far it is")
def get_undo(request: Request, caller: Authorized, undo_id: UndoId) -> UndoOut:
    """How far it is, and what came of it."""
    return _found(request, caller, undo_id)


@router.post("/undos/{undo_id}/confirm", summary="Take a span back")
def post_undo_confirm(request: Request, caller: AuthorizedToManage, undo_id: UndoId, given: ConfirmIn) -> UndoOut:
    """Removes from the target what the preview says; what has changed since then stays."""
    _found(request, caller, undo_id)
    return _answer(
        request, caller, undo_id, confirm_undo(context_of(request), caller.organization_id, undo_id, given.confirm)
    )


@router.post("/undos/{undo_id}/stop", openapi_extra=REPEATABLE, summary="Stop taking back")
def post_undo_stop(request: Request, caller: AuthorizedToManage, undo_id: UndoId) -> UndoOut:
    """Takes back no more payments of the span."""
    _found(request, caller, undo_id)
    return _answer(request, caller, undo_id, stop_undo(context_of(request), caller.organization_id, undo_id))


@router.post("/undos/{undo_id}/continue", openapi_extra=REPEATABLE, summary="Go on taking back")
def post_undo_continue(request: Request, caller: AuthorizedToManage, undo_id: UndoId) -> UndoOut:
    """Goes on after a stop."""
    _found(request, caller, undo_id)
    return _answer(request, caller, undo_id, continue_undo(context_of(request), caller.organization_id, undo_id))


def _answer(request: Request, caller: Caller, undo_id: int, refused: Rejected | None) -> UndoOut:
    if refused is not None:
        raise Refused(Problem.NOT_POSSIBLE, refused.message)
    return _found(request, caller, undo_id)


def _found(request: Request, caller: Caller, undo_id: int) -> UndoOut:
    with context_of(request).database.reading() as session:
        undo = undo_by_id(session, caller.organization_id, undo_id)
        if undo is None:
            raise Refused(Problem.NOT_FOUND, "There is no such request.")
        return UndoOut.of(session, undo, words_of(session, caller.organization_id))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
