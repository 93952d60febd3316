"""Connecting a source by consent: out to its page and back. The rules are in `usecases/connecting.py`.

The way out is a link and not a form: our own Content-Security-Policy forbids a form to end up on another host.
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.users import Right
from settings import Settings
from usecases.connecting import begin_connect, complete_connect
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.pages import render
from web.signed_in import ManagerInOrganization, NotSignedIn, Viewer, check_right, context_of, member, viewer

router = APIRouter(include_in_schema=False)

StartOn = Annotated[date | None, Query(description="Once connected, all payments since this day are checked.")]
_FROM_THE_COMMAND_LINE = (
    "If you started connecting on the command line, copy the address of this page and paste it there. "
    "Otherwise log in and start again on the Integrations page."
)
_NO_PLACE = "Other connections are being made right now. Start again in a minute."


@router.get("/integrations/{vendor}/connect")
def connect(request: Request, vendor: str, member: ManagerInOrganization, start_on: StartOn = None) -> Response:
    """Sends the person to the consent page; only this session can bring the answer back."""
    _known(request, vendor)
    address = begin_connect(
        context_of(request),
        member.organization_id,
        vendor,
        redirect_uri(request, vendor),
        session_id=member.viewer.session_id,
        start_on=start_on,
    )
    if isinstance(address, Rejected):
        return _page(request, vendor, member.viewer, address.message)
    return RedirectResponse(address, 303)


@router.get("/integrations/{vendor}/callback")
def callback(request: Request, vendor: str) -> Response:
    """Takes the answer of the consent page."""
    _known(request, vendor)
    try:
        person = viewer(request)
    except NotSignedIn:
        # No redirect to the login: the command line needs the address with the code in it.
        return _page(request, vendor, None, _FROM_THE_COMMAND_LINE)
    check_right(member(person), Right.MANAGE)
    settings: Settings = request.app.state.settings
    organization_id = person.organization.id if person.organization else None
    with call_slot(request, organization_id) as free:
        if not free:
            return come_back_later(_page(request, vendor, person, _NO_PLACE, 503))
        connected = complete_connect(
            context_of(request),
            vendor,
            dict(request.query_params),
            session_id=person.session_id,
            allows_plain_http=settings.allows_plain_http,
        )
    if isinstance(connected, Rejected):
        return _page(request, vendor, person, connected.message)
    # The sentence is not taken from the address, because a stranger could write one there.
    looked_back = "" if not connected.notice else "&looked_back=false"
    return RedirectResponse(f"/integrations?connected=true{looked_back}", 303)


def redirect_uri(request: Request, vendor: str) -> str:
    """The address that is registered at the vendor."""
    settings: Settings = request.app.state.settings
    return f"{settings.public_address}/integrations/{vendor}/callback"


def _known(request: Request, vendor: str) -> None:
    if vendor not in context_of(request).platform.sources:
        raise HTTPException(404)


def _page(request: Request, vendor: str, person: Viewer | None, problem: str, status_code: int = 400) -> Response:
    name = context_of(request).platform.vendors[vendor].short_label
    return render(request, "consent.html", status_code, viewer=person, problem=problem, name=name)
