"""POST /api/own-payments: the platform says which payments in QuickBooks it made itself; those are not external."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from tasks.own_payments import register
from web.api.access import REFUSALS, Authorized
from web.api.payments import ID_PATTERN
from web.signed_in import context_of

router = APIRouter(tags=["own payments"], responses=REFUSALS)

IDS_MAX = 1000


class OwnPaymentsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(pattern=ID_PATTERN)]], Field(min_length=1, max_length=IDS_MAX)]


class OwnPaymentsOut(BaseModel):
    """How many of the ids had not been registered before; the same again is no error."""

    registered: int


@router.post("/own-payments")
def post_own_payments(request: Request, caller: Authorized, own: OwnPaymentsIn) -> OwnPaymentsOut:
    """Also takes ids that QuickBooks has not told us of yet: best said right after the payment was posted there."""
    try:
        return OwnPaymentsOut(registered=register(context_of(request), caller.organization_id, own.ids))
    except LookupError:
        raise HTTPException(409, "QuickBooks is not connected, so the ids belong to nothing.") from None
