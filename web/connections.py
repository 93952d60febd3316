"""Integrations: the two connections, their health, testing and disconnecting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from connectors.registry import Platform
from connectors.vendor import SourceVendor, Vendor
from domain.reasons import Reason
from domain.words import Words
from models.breakers import Breaker, breakers_of, rests_until
from models.connections import Connection, ConnectionStatus, Role, connection_in_role, connections_of
from models.database import Session
from models.organizations import Organization
from tasks.context import Context
from usecases.connection_health import facts_of
from usecases.connections import test_connection
from usecases.disconnecting import disconnect
from usecases.stopped_writes import resume_writes
from web.call_semaphores import call_slot, come_back_later
from web.labels import CONNECTION_LABELS
from web.pages import render
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.wording import pause_sentence

router = APIRouter(include_in_schema=False)

NO_PLACE = "Other tests are running. Try again in a minute."
DISCONNECTED = (
    "The connection is disconnected, and its keys have been deleted here. Payments that come in the meantime wait."
)
RESUMED = "Our records are in order, and writes go on. What waited is decided again now."

NOT_LOOKED_BACK = (
    "{name} is connected. Payments since the day you chose are not being looked for: another backfill is "
    "running, or that day has not begun. Request it again later on the command line (catch-up run --from)."
)
CONNECTED = "{name} is connected. Payments made in the meantime are being looked for."


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a connection, as the pages show it."""

    role: Role
    account_id: str
    badge: str
    label: str
    heard_at: datetime | None
    caught_up_at: datetime | None
    paused_until: datetime | None
    pause_sentence: str
    failures: int
    needs_keys: bool
    is_disconnected: bool
    command: str

    @property
    def is_source(self) -> bool:
        return self.role is Role.SOURCE


@dataclass(frozen=True, slots=True)
class TestReport:
    role: Role
    ok: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The connected system of a role, and the systems that could be connected.

    Attributes:
        label: the system's name; while none is connected, the names of all that could be.
        consents: the systems that connect by consent on a page of their own, by their names in addresses.
    """

    role: Role
    label: str
    health: Health | None
    consents: Mapping[str, SourceVendor]


def places_of(context: Context, session: Session, organization: Organization) -> list[Place]:
    """Both roles, the source first, connected or not."""
    found = {Role(one.role): one for one in connections_of(session, organization.id)}
    failed = breakers_of(session, [one.id for one in found.values()])
    places = []
    for role in Role:
        connection = found.get(role)
        systems = _vendors_for(context.platform, role, connection)
        label = " or ".join(one.label for one in systems.values())
        consents = {name: one for name, one in context.platform.asked_for_consent.items() if name in systems}
        health = None
        if connection is not None:
            rests = failed.get(connection.id, [])
            words = context.words([connection])
            health = _health(connection, label, words, rests, organization, context.clock.now())
        places.append(Place(role, label, health, consents))
    return places


def _vendors_for(platform: Platform, role: Role, connection: Connection | None) -> Mapping[str, Vendor]:
    """The connected system, or all that could be connected."""
    if connection is not None:
        return {connection.vendor: platform.vendors[connection.vendor]}
    return platform.sources if role is Role.SOURCE else platform.targets


def _health(
    connection: Connection,
    name: str,
    words: Words,
    failed: Sequence[Breaker],
    organization: Organization,
    now: datetime,
) -> Health:
    status, role = ConnectionStatus(connection.status), Role(connection.role)
    until, reason = connection.not_before, connection.why_paused
    rest = rests_until(failed)
    if rest is not None and (until is None or rest > until):
        until, reason = rest, Reason.TARGET_SICK
    paused = until if status is ConnectionStatus.ACTIVE and until is not None and until > now else None
    return Health(
        role=role,
        account_id=connection.account_id,
        badge="paused" if paused else status.value,
        label="Paused" if paused else CONNECTION_LABELS[status],
        heard_at=connection.heard_at,
        caught_up_at=connection.caught_up_at,
        paused_until=paused,
        pause_sentence=pause_sentence(name, reason, words) if paused else "",
        failures=max((one.failures for one in failed), default=0),
        needs_keys=status is not ConnectionStatus.ACTIVE,
        is_disconnected=status is ConnectionStatus.DISCONNECTED,
        command=f"python -m cli connection add {connection.vendor} {organization.slug} --help",
    )


@router.get("/integrations")
def connections_page(
    request: Request,
    member: InOrganization,
    disconnected: bool = False,
    connected: bool = False,
    looked_back: bool = True,
    resumed: bool = False,
) -> Response:
    source = _source_name(request, member) if connected else ""
    if source and not looked_back:
        return _page(request, member, problem=NOT_LOOKED_BACK.format(name=source))
    notice = CONNECTED.format(name=source) if source else DISCONNECTED if disconnected else RESUMED if resumed else None
    return _page(request, member, notice=notice)


def _source_name(request: Request, member: Member) -> str:
    """The name of the connected source; "" if none is connected, whatever the address says."""
    context = context_of(request)
    with context.database.reading() as session:
        connection = connection_in_role(session, member.organization_id, Role.SOURCE)
    return context.platform.vendors[connection.vendor].short_label if connection else ""


@router.post("/integrations/connections/{role}/test")
def test(request: Request, role: Role, member: ManagersForm) -> Response:
    connection = _connection(request, member, role)
    with call_slot(request, member.organization_id) as free:
        if not free:
            return _no_place(request, member)
        report = test_connection(context_of(request), connection.id)
    return _page(request, member, report=TestReport(role, report.ok, report.lines))


@router.post("/integrations/resume-writes")
def resume(request: Request, member: ManagersForm) -> Response:
    """A person says that the records are repaired; they are checked once more before anything is written."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            return _no_place(request, member)
        refused = resume_writes(context_of(request), member.organization_id)
    if refused is not None:
        return _page(request, member, problem=refused.message, status_code=409)
    return RedirectResponse("/integrations?resumed=true", 303)


@router.post("/integrations/connections/{role}/disconnect")
def disconnect_connection(request: Request, role: Role, member: ManagersForm) -> Response:
    connection = _connection(request, member, role)
    with call_slot(request, member.organization_id) as free:
        if not free:
            return _no_place(request, member)
        disconnect(context_of(request), connection.id)
    return RedirectResponse("/integrations?disconnected=true", 303)


def _no_place(request: Request, member: Member) -> Response:
    return come_back_later(_page(request, member, problem=NO_PLACE, status_code=503))


def _connection(request: Request, member: Member, role: Role) -> Connection:
    with context_of(request).database.reading() as session:
        connection = connection_in_role(session, member.organization_id, role)
    if connection is None:
        raise HTTPException(404)
    return connection


def _page(
    request: Request,
    member: Member,
    *,
    report: TestReport | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    context = context_of(request)
    with context.database.reading() as session:
        places = places_of(context, session, member.organization)
        connections = connections_of(session, member.organization_id)
        facts = {Role(one.role): facts_of(context, session, one) for one in connections}
    return render(
        request,
        "connections.html",
        status_code,
        viewer=member.viewer,
        places=places,
        facts=facts,
        writes_are_stopped=not member.organization.may_be_written_for,
        report=report,
        notice=notice,
        problem=problem,
    )
