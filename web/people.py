"""Settings > People: who works in the organization, with which role, and who is invited."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.users import ROLES_OF_AN_ORGANIZATION, UserRole
from models.users import User
from settings import Settings
from tasks.context import Context
from usecases import people as managing
from usecases.invitations import Invited, invite, withdraw
from usecases.results import Rejected
from web.guesses import may_invite
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of

router = APIRouter(include_in_schema=False)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
TOO_MANY = "Too many people were invited in the last hour. Wait an hour and go on."


class PersonAction(StrEnum):
    """What can be done about a colleague, besides giving another role."""

    DISABLE = "disable"
    ENABLE = "enable"
    REMOVE = "remove"
    RESET_SECOND_FACTOR = "reset-second-factor"


_DO: Mapping[PersonAction, Callable[[Context, int, User, int], User | Rejected | None]] = {
    PersonAction.DISABLE: managing.disable_person,
    PersonAction.ENABLE: managing.enable_person,
    PersonAction.REMOVE: managing.remove_person,
    PersonAction.RESET_SECOND_FACTOR: managing.reset_second_factor_of,
}
# The sentences are not taken from the address, because a stranger could write one there.
DONE = {
    "role": "The role is changed. The person is logged out and works with the new role after the next login.",
    "withdrawn": "The invitation is withdrawn, and its link no longer works.",
    PersonAction.DISABLE: "The person is logged out everywhere and cannot log in any more.",
    PersonAction.ENABLE: "The person can log in again, with the password from before.",
    PersonAction.REMOVE: "The person is removed and logged out everywhere.",
    PersonAction.RESET_SECOND_FACTOR: (
        "The second factor is reset. The person is logged out, logs in with the password alone, and can set it up anew."
    ),
}


@router.get("/settings/people")
def people_page(request: Request, member: InOrganization, done: str = "") -> Response:
    return _page(request, member, notice=DONE.get(done))


@router.post("/settings/people/invite")
def invite_colleague(
    request: Request,
    member: ManagersForm,
    email: Annotated[str, Form()] = "",
    role: Annotated[UserRole, Form()] = UserRole.BOOKKEEPER,
) -> Response:
    """Shows the link in its answer, once; it has no address to come back to."""
    if not may_invite(request, member.organization_id):
        return _page(request, member, email=email, role=role, problem=TOO_MANY, status_code=429)
    by = member.viewer.user.email
    invited = invite(context_of(request), member.organization_id, by, email, role)
    if isinstance(invited, Rejected):
        return _page(request, member, email=email, role=role, problem=invited.message, status_code=422)
    return _page(request, member, invited=invited)


@router.post("/settings/people/invitations/{invitation_id}/withdraw")
def withdraw_invitation(request: Request, invitation_id: Id, member: ManagersForm) -> Response:
    withdrawn = withdraw(context_of(request), member.organization_id, member.viewer.user, invitation_id)
    if withdrawn is None:
        raise HTTPException(404)
    return RedirectResponse("/settings/people?done=withdrawn", 303)


@router.post("/settings/people/{user_id}/role")
def give_role(request: Request, user_id: Id, member: ManagersForm, role: Annotated[UserRole, Form()]) -> Response:
    by = member.viewer.user
    return _answer(
        request, member, managing.change_role(context_of(request), member.organization_id, by, user_id, role), "role"
    )


@router.post("/settings/people/{user_id}/{what}")
def change_person(request: Request, user_id: Id, what: PersonAction, member: ManagersForm) -> Response:
    changed = _DO[what](context_of(request), member.organization_id, member.viewer.user, user_id)
    return _answer(request, member, changed, what.value)


def _answer(request: Request, member: Member, changed: User | Rejected | None, done: str) -> Response:
    match changed:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _page(request, member, problem=message, status_code=409)
        case User():
            # Who has changed their own account is asked to log in there.
            return RedirectResponse(f"/settings/people?done={done}", 303)


def _page(
    request: Request,
    member: Member,
    *,
    invited: Invited | None = None,
    email: str = "",
    role: UserRole = UserRole.BOOKKEEPER,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    settings: Settings = request.app.state.settings
    people = managing.list_people(context_of(request), member.organization_id)
    link = f"{settings.public_address}/invitation?token={invited.token}" if invited else ""
    return render(
        request,
        "people.html",
        status_code,
        viewer=member.viewer,
        people=people,
        roles=ROLES_OF_AN_ORGANIZATION,
        invited=invited,
        link=link,
        email=email,
        role=role,
        notice=notice,
        problem=problem,
    )
