"""Connecting by consent: a person goes to the outside system's consent page and comes back with an answer.

Called by: the Partner Dashboard and the command line.
Leaves behind: a request that its maker can answer once; then the connection, as if its secrets had been typed in, and
with a start date a look through everything since then.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from connectors.base import Failure, FailureKind
from connectors.consent import Authorization
from connectors.keeping import Tally
from connectors.registry import authorization
from models.connect_requests import ConnectRequest, add_connect_request, take_connect_request
from models.connections import Connection, Role
from tasks.context import Context
from usecases.accounts import problem_with_account
from usecases.backfill import request_backfill
from usecases.connections import add_source
from usecases.results import Rejected

log = structlog.get_logger()

# Long enough to find a password and to choose a company; Intuit's own code lasts ten minutes.
REQUEST_LASTS = timedelta(minutes=15)
_NOT_OURS = (
    "This answer does not belong to an open request of yours: the request was already answered, has expired, was"
    " replaced by a newer one, or was made by someone else."
)


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection, and a note for a person who waits for old payments; "" when all goes as they asked."""

    connection: Connection
    notice: str = ""


def begin_connect(
    context: Context,
    organization_id: int,
    vendor: str,
    redirect_uri: str,
    *,
    session_id: int | None,
    start_on: date | None = None,
) -> str | Rejected:
    """Returns the address to send a person to.

    Args:
        session_id: the session whose browser may answer; None is the command line.
    """
    found = _authorization(context, vendor)
    if isinstance(found, Rejected):
        return found
    state, now = secrets.token_urlsafe(32), context.clock.now()
    request = ConnectRequest(
        state_hash=_hashed(state),
        organization_id=organization_id,
        vendor=vendor,
        session_id=session_id,
        redirect_uri=redirect_uri,
        start_on=start_on,
        expires_at=now + REQUEST_LASTS,
    )
    with context.database.writing() as session:
        add_connect_request(session, request, now)
    return found.authorize_url(redirect_uri, state)


def complete_connect(
    context: Context,
    vendor: str,
    parameters: Mapping[str, str],
    *,
    session_id: int | None,
    allows_plain_http: bool = False,
) -> Connected | Rejected:
    """Connects with the answer from the consent page; refuses a company other than the earlier one."""
    found = _authorization(context, vendor)
    if isinstance(found, Rejected):
        return found
    with context.database.writing() as session:
        state = _hashed(parameters.get("state", ""))
        request = take_connect_request(session, state, session_id, context.clock.now())
    if request is None or request.vendor != vendor:
        log.warning("connect.state_unknown", vendor=vendor)
        return Rejected(_NOT_OURS)
    consent = found.consent_in(parameters)
    if isinstance(consent, str):
        return Rejected(consent)
    # Before the code becomes tokens: revoking them again could cut off the organization that this company belongs to.
    problem = problem_with_account(context, request.organization_id, Role.SOURCE, vendor, consent.account_id)
    if problem is not None:
        return Rejected(problem)
    tally = Tally()
    exchanged = found.exchange(consent, request.redirect_uri, tally)
    if isinstance(exchanged, Failure) and exchanged.kind is FailureKind.MISCONFIGURED:
        log.error("connect.misconfigured", vendor=vendor, detail=exchanged.detail)
        return Rejected(
            f"{exchanged.detail}; the operator of this platform has to correct that. Nothing was connected."
        )
    if isinstance(exchanged, Failure):
        log.warning("connect.failed", vendor=vendor, kind=exchanged.kind.value, detail=exchanged.detail)
        name = context.platform.vendors[vendor].short_label
        return Rejected(f"{name} did not accept the consent ({exchanged.detail}); start again.")
    added = add_source(
        context,
        request.organization_id,
        vendor,
        consent.account_id,
        {},
        exchanged.value,
        allows_plain_http=allows_plain_http,
    )
    if isinstance(added, Rejected):
        # The reads for the proof belong to no connection; only these are missing from our own count.
        return added
    for _ in range(tally.reads):
        context.meter(added).count()
    return Connected(added, _look_back(context, added, request.start_on) if request.start_on is not None else "")


def _look_back(context: Context, connection: Connection, start_on: date) -> str:
    """Requests a look back to that day; returns a sentence if there will be none."""
    try:
        request_backfill(context, connection.id, start_on)
    except ValueError as error:
        log.warning("connect.no_backfill", connection_id=connection.id, why=str(error))
        return f"Payments since {start_on} are not being looked for: {error}. Request them again later."
    return ""


def _authorization(context: Context, vendor: str) -> Authorization | Rejected:
    found = authorization(context.platform, vendor)
    if found is None:
        return Rejected(f"'{vendor}' cannot be connected by consent; add it with its keys.")
    if not found.is_configured:
        missing = context.platform.vendors[vendor].missing_settings({})
        are = "are" if len(missing) > 1 else "is"
        return Rejected(f"{' and '.join(missing)} {are} not set, so consent cannot be requested.")
    return found


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
