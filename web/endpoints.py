"""Settings > Webhooks: where the organization wants to be told what becomes of its payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import Response

from domain.notices.channels import PROGRAMS
from domain.notices.kinds import CHOSEN_AT_FIRST, NoticeKind
from usecases import endpoints as managing
from usecases.endpoints import Wanted, WithSecret
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.endpoint_log import pages_of_log
from web.endpoint_pages import TOO_BUSY, EndpointAction, Family, Id, change_one, pages_of_one, show_one
from web.pages import render
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import plain


@dataclass(frozen=True, slots=True)
class Entered:
    """What is in the form, whether or not it can be used."""

    name: str = ""
    address: str = ""
    kinds: Sequence[NoticeKind] = CHOSEN_AT_FIRST

    def as_wanted(self) -> Wanted:
        return Wanted(plain(self.name), plain(self.address), self.kinds)


def _entered(
    name: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    kinds: Annotated[Sequence[NoticeKind], Form()] = (),
) -> Entered:
    return Entered(name, address, kinds)


PAGE = "/settings/webhooks"
_FAMILY = Family(
    PAGE,
    PROGRAMS,
    template="webhook.html",
    form_of=lambda _, endpoint: Entered(endpoint.name, endpoint.address, endpoint.wanted),
    done={
        "changed": "The webhook is changed.",
        EndpointAction.ON: "The webhook is on. It is told what happens from now on.",
        EndpointAction.OFF: "The webhook is off, and nothing is sent any more.",
        EndpointAction.REMOVE: "The webhook is removed with its log.",
    },
)
router = APIRouter(include_in_schema=False)


@router.get(PAGE)
def webhooks_page(request: Request, member: InOrganization, done: str = "") -> Response:
    return _list(request, member, Entered(), notice=_FAMILY.told_after(done))


@router.post(PAGE)
def add_webhook(request: Request, member: ManagersForm, entered: Annotated[Entered, Depends(_entered)]) -> Response:
    """Shows the signing secret in its answer, once; it has no address to come back to."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_list(request, member, entered, problem=TOO_BUSY, status_code=503))
        added = managing.add_endpoint(context_of(request), member.organization_id, entered.as_wanted())
    if isinstance(added, Rejected):
        return _list(request, member, entered, problem=added.message, status_code=422)
    return _list(request, member, Entered(), added=added)


@router.post(PAGE + "/{endpoint_id}/change")
def change_webhook(
    request: Request, endpoint_id: Id, member: ManagersForm, entered: Annotated[Entered, Depends(_entered)]
) -> Response:
    return change_one(request, member, _FAMILY, endpoint_id, entered)


@router.post(PAGE + "/{endpoint_id}/new-secret")
def make_new_secret(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    """Shows the secret in its answer, once."""
    changed = managing.new_secret_for(context_of(request), member.organization_id, endpoint_id)
    if changed is None:
        raise HTTPException(404)
    return show_one(request, member, _FAMILY, endpoint_id, new_secret=changed.secret)


router.include_router(pages_of_log(_FAMILY))
router.include_router(pages_of_one(_FAMILY))


def _list(
    request: Request,
    member: Member,
    entered: Entered,
    *,
    added: WithSecret | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "webhooks.html",
        status_code,
        viewer=member.viewer,
        page=PAGE,
        told=managing.list_endpoints(context_of(request), member.organization_id, PROGRAMS),
        entered=entered,
        added=added,
        notice=notice,
        problem=problem,
    )
