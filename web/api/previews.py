"""/api/previews: what a change of preferences would do, before it is made; and making it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from domain.match.foresight import Outcome
from domain.reasons import Reason
from models.previews import Chosen, Preview, has_changed_since, preview_by_id
from models.views.preview_parts import list_parts
from usecases.previewing import preview_change, save_preview
from usecases.results import Rejected
from usecases.words import words_of
from web.api.access import Authorized, AuthorizedToManage, Caller
from web.api.pages import Limit, PlaceInPreviewParts, link_to_next
from web.api.preferences import PreferencesIn
from web.api.preview_documents import PreviewOut, PreviewPartsOut
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["previews"], route_class=WithKeptAnswers)

PreviewId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the call that asked for it answered")]


@router.post("/previews", openapi_extra=REPEATABLE, summary="Preview a change")
def post_preview(request: Request, caller: AuthorizedToManage, chosen: PreferencesIn) -> PreviewOut:
    """Asks what these preferences would do to the payments there are; changes nothing.

    Up to 1,000 payments are worked out at once, more by a worker: look at the preview again until it is ready. It is
    forgotten after a day.
    """
    asked = preview_change(context_of(request), caller.organization_id, chosen.as_changes())
    if isinstance(asked, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, asked.message)
    return get_preview(request, caller, asked)


@router.get("/previews/{preview_id}", summary="Read a preview")
def get_preview(request: Request, caller: Authorized, preview_id: PreviewId) -> PreviewOut:
    """What the change would do, and what came of it once it was saved."""
    with context_of(request).database.reading() as session:
        preview = preview_by_id(session, caller.organization_id, preview_id)
        if preview is None:
            raise _not_there()
        is_outdated = preview.saved_at is None and has_changed_since(session, preview)
        words = words_of(session, caller.organization_id)
    return PreviewOut.of(preview, words, is_outdated=is_outdated)


@router.get("/previews/{preview_id}/parts", summary="List the parts behind a preview")
def get_preview_parts(
    request: Request,
    response: Response,
    caller: Authorized,
    preview_id: PreviewId,
    place: PlaceInPreviewParts,
    outcome: Annotated[Outcome, Query(description="What the change would do to them")] = Outcome.SYNCED,
    sure: Annotated[bool | None, Query(description="Only those that are sure, or only the others")] = None,
    reason: Annotated[Reason | None, Query(description="Only those with this reason")] = None,
    limit: Limit = 50,
) -> PreviewPartsOut:
    """The parts of payments behind a number of the preview."""
    preview = _found(request, caller, preview_id)
    begin = place or 0
    with context_of(request).database.reading() as session:
        chosen = Chosen(outcome, sure, reason)
        page = list_parts(session, preview.id, chosen, offset=begin, limit=limit)
        words = words_of(session, caller.organization_id)
    document = PreviewPartsOut.of(page, begin + limit, words)
    link_to_next(request, response, document.next_cursor)
    return document


@router.post("/previews/{preview_id}/save", openapi_extra=REPEATABLE, summary="Save a previewed change")
def post_save(request: Request, caller: AuthorizedToManage, preview_id: PreviewId) -> PreviewOut:
    """Makes the previewed change, once. Preferences that it is not about stay as they are by now."""
    _found(request, caller, preview_id)
    refused = save_preview(context_of(request), caller.organization_id, preview_id)
    if refused is not None:
        raise Refused(Problem.NOT_POSSIBLE, refused.message)
    return get_preview(request, caller, preview_id)


def _found(request: Request, caller: Caller, preview_id: int) -> Preview:
    with context_of(request).database.reading() as session:
        preview = preview_by_id(session, caller.organization_id, preview_id)
    if preview is None:
        raise _not_there()
    return preview


def _not_there() -> Refused:
    return Refused(Problem.NOT_FOUND, "There is no such preview; previews are forgotten after a day.")
