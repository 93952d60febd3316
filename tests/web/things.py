"""One of each thing that an organization has, so that every route can be called on something that is there."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select

import models
from domain.gaps import GapKind
from domain.notices.channels import PEOPLE, PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.reconciliation.statement import Period
from domain.reconciliation.statement_files import document_bytes, sha256_of
from domain.users import UserRole
from models.gaps import open_gap
from models.held_payments import HeldFilter
from models.reconciliation_statements import ReconciliationStatement
from models.users import ApiToken, user_by_email
from tests.copying import set_up
from tests.reconciling import breaks, reconciled
from tests.web.browser import Browser, logged_in
from tests.web.routes import CHANGES, Row
from tests.world import World
from usecases.api_tokens import create_api_token
from usecases.endpoints import Wanted, WithSecret, add_endpoint, send_test
from usecases.invitations import Invited, invite
from usecases.organizations import PreferenceChanges
from usecases.previewing import preview_change
from usecases.replaying import ask_replay
from usecases.statements import draft
from usecases.undoing import ask_undo

ADMIN, VICTIM = "admin@northwind.example", "victim@northwind.example"


@dataclass(frozen=True, slots=True)
class Things:
    """What Northwind has, by its ids, and the people who come."""

    world: World
    app: FastAPI
    ids: dict[str, str]

    def call(self, browser: Browser, route: tuple[str, str], row: Row, token: str = "", **options: Any) -> Response:
        method, path = route
        given = {name: self.ids[thing] for name, thing in row.given.items()}
        address = path.format(**{name: self.ids[thing] for name, thing in row.ids.items()}, **row.names)
        if method in CHANGES and path.startswith("/api/"):
            options.setdefault("headers", {"X-CSRF-Token": token})
            options["json"] = None if row.body is None else row.body | {name: [one] for name, one in given.items()}
        elif method in CHANGES:
            options["data"] = {**row.form, **given, "csrf_token": token}
        if row.query:
            options["params"] = row.query
        return browser.client.request(method, address, follow_redirects=False, **options)


def everything(world: World, app: FastAPI) -> Things:
    """A payment that waits, a run with its preview, an invoice of the Sync Tool, people, a webhook and a channel with their logs."""
    tool = set_up(world)
    payment = world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.invoice("INV-2", in_connectwise=False)
    world.notice()
    tool.bill("CW-1")
    tool.refresh()
    run = tool.preview("CW-1")
    logged_in(app, ADMIN, "northwind")
    logged_in(app, VICTIM, "northwind", UserRole.BOOKKEEPER)
    invited = invite(world.context, world.organization_id, ADMIN, "waiting@northwind.example", UserRole.VIEWER)
    assert isinstance(invited, Invited)
    create_api_token(world.context, "northwind", "older")
    wanted = Wanted("Tickets", "http://127.0.0.1:9/", [NoticeKind.PAYMENT_HELD])
    endpoint = add_endpoint(world.context, world.organization_id, wanted)
    assert isinstance(endpoint, WithSecret)
    undo = ask_undo(world.context, world.organization_id, world.clock.now() - timedelta(days=1), None)
    assert ask_replay(world.context, "an older one", HeldFilter()) == 1
    tested = send_test(world.context, world.organization_id, endpoint.endpoint.id)
    wanted = Wanted("Chat", "http://127.0.0.1:9/hook", ALARM_KINDS, channel=PeopleChannel.SLACK)
    channel = add_endpoint(world.context, world.organization_id, wanted)
    assert isinstance(channel, WithSecret)
    told = send_test(world.context, world.organization_id, channel.endpoint.id, PEOPLE)
    assert tested is not None
    preview = preview_change(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    with world.context.database.reading() as session:
        victim = user_by_email(session, VICTIM)
        invitation = session.scalar(select(models.Invitation.id))
        invoice = session.scalar(select(models.Invoice.id))
        token = session.scalar(select(ApiToken.id))
    assert victim is not None
    comparison = reconciled(world)
    ids = {
        "payment": payment,
        "invoice": str(invoice),
        "preview": str(preview),
        "undo": str(undo),
        "run": str(run),
        "copy": str(tool.row("CW-1").id),
        "company": tool.row("CW-1").company_id,
        "user": str(victim.id),
        "invitation": str(invitation),
        "token": str(token),
        "endpoint": str(endpoint.endpoint.id),
        "notice": str(tested.notice_id),
        "channel": str(channel.endpoint.id),
        "letter": str(told.notice_id),
        "comparison": str(comparison.id),
        "break": str(breaks(world)[0].id),
        "statement": str(signed_before(world)),
        "gap": str(gap_before(world)),
    }
    return Things(world, app, ids)


def gap_before(world: World) -> int:
    """A stretch in which nobody listened; it was never counted."""
    now = world.clock.now()
    with world.context.database.writing() as session:
        gap = open_gap(session, world.source_id, GapKind.RECONNECT, now - timedelta(days=2), now)
        gap.until_at = gap.closed_at = now
        session.flush()
        return gap.id


def signed_before(world: World) -> int:
    """A statement of last month, as somebody has signed it."""
    period = Period(date(2026, 10, 1), date(2026, 10, 31))
    with world.context.database.writing() as session:
        content = document_bytes(draft(session, world.organization_id, period))
        row = ReconciliationStatement(
            organization_id=world.organization_id,
            first_day=period.first,
            last_day=period.last,
            content=content.decode(),
            sha256=sha256_of(content),
            prepared_by=VICTIM,
            prepared_at=world.clock.now(),
        )
        session.add(row)
        session.flush()
        return row.id
