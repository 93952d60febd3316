"""Whatever compares a secret that a person typed: few at once, few for one account and one address, counted beforehand.

A password takes memory and both cores to compare; a code of six digits has only a million values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from fastapi import Request
from fastapi.responses import Response

from usecases.passwords import TooBusy
from web.call_semaphores import PartnerSemaphore, come_back_later
from web.throttling import Throttle

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was compared; `sentence` says when to try again."""

    sentence: str
    status: int

    def told_by(self, page: Response) -> Response:
        return come_back_later(page) if self.status == BUSY.status else page


TOO_OFTEN = NotNow("There were too many attempts. Wait five minutes and try again.", 429)
BUSY = NotNow("Many people are logging in right now. Try again in a few seconds.", 503)


def guess(request: Request, account: str, compare: Callable[[], T]) -> T | NotNow:
    """The result of the comparison, if there is room for one and this account has not had too many."""
    address = address_of(request)
    semaphore: PartnerSemaphore = request.app.state.login_semaphore
    with semaphore.slot(address) as free:
        if not free:
            return BUSY
        if not _throttle(request).permits(account, address):
            log.warning("login.throttled", address=address)
            return TOO_OFTEN
        try:
            return compare()
        except TooBusy:
            return BUSY


def was_right(request: Request, account: str) -> None:
    """Earlier typing errors no longer count."""
    _throttle(request).forget(account, address_of(request))


def may_invite(request: Request, organization_id: int) -> bool:
    """Counts one invitation; False if the organization has made too many in the last hour."""
    return _throttle(request).permits_invitation(organization_id)


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _throttle(request: Request) -> Throttle:
    throttle: Throttle = request.app.state.throttle
    return throttle
