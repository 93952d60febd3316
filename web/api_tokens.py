"""Settings > API tokens: what programs get in with; made, shown once, and revoked."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.users import API_TOKEN_DAYS, API_TOKEN_DAYS_MAX, TokenScope
from models.users import tokens_of
from usecases.api_tokens import TOKEN_NAME_CHARACTERS_MAX, make_api_token, revoke_api_token
from usecases.results import Rejected
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import ManagerInOrganization, ManagersForm, Member, context_of
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

ADDRESS = "/settings/api-tokens"
REVOKED = "The token is revoked. A program that still sends it is refused."
DAYS_UNREADABLE = f"Enter the days as a whole number from 1 to {API_TOKEN_DAYS_MAX}."
SCOPE_TEXTS = {
    TokenScope.READ: "Looks at everything and changes nothing.",
    TokenScope.WRITE: "Also retries, registers own payments, adds invoices, changes preferences, and works with the "
    "Sync Tool.",
}


@router.get(ADDRESS)
def tokens_page(request: Request, member: ManagerInOrganization, done: str = "") -> Response:
    return _page(request, member, notice=REVOKED if done == "revoked" else None)


@router.post(ADDRESS)
def make_token(
    request: Request,
    member: ManagersForm,
    name: Annotated[str, Form()] = "",
    scope: Annotated[TokenScope, Form()] = TokenScope.READ,
    days: Annotated[str, Form()] = str(API_TOKEN_DAYS),
) -> Response:
    """Shows the token in its answer, once; it has no address to come back to."""
    if not (days.strip().isascii() and days.strip().isdecimal()):
        return _page(request, member, name=name, scope=scope, days=days, problem=DAYS_UNREADABLE, status_code=422)
    # More digits than any number of days that is allowed has.
    made = make_api_token(context_of(request), member.organization_id, plain(name), scope, int(days.strip()[:9]))
    if isinstance(made, Rejected):
        return _page(request, member, name=name, scope=scope, days=days, problem=made.message, status_code=422)
    return _page(request, member, token=made, made_name=plain(name))


@router.post(ADDRESS + "/{token_id}/revoke")
def revoke_token(request: Request, token_id: Annotated[int, Path(ge=1, le=ID_MAX)], member: ManagersForm) -> Response:
    if revoke_api_token(context_of(request), member.organization_id, token_id) is None:
        raise HTTPException(404)
    return RedirectResponse(f"{ADDRESS}?done=revoked", 303)


def _page(
    request: Request,
    member: Member,
    *,
    token: str = "",
    made_name: str = "",
    name: str = "",
    scope: TokenScope = TokenScope.READ,
    days: str = str(API_TOKEN_DAYS),
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        tokens = tokens_of(session, member.organization_id)
    return render(
        request,
        "api_tokens.html",
        status_code,
        viewer=member.viewer,
        live=[one for one in reversed(tokens) if one.revoked_at is None],
        revoked=[one for one in reversed(tokens) if one.revoked_at is not None],
        token=token,
        made_name=made_name,
        name=name,
        scope=scope,
        days=days,
        scope_texts=SCOPE_TEXTS,
        name_characters_max=TOKEN_NAME_CHARACTERS_MAX,
        days_max=API_TOKEN_DAYS_MAX,
        notice=notice,
        problem=problem,
    )
