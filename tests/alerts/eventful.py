"""An installation to which everything has happened that an alert or a panel asks about, good and bad."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.tally import Tally
from domain.breaker import CallKind
from domain.measures import Measure
from domain.readiness import QUEUES
from domain.reasons import Reason
from models.breakers import count_failure, open_breaker
from models.connections import Connection, change_connection
from models.metered_reads import add_reads
from models.organizations import Organization
from models.payment_counts import PaymentCount
from models.reconciliation_breaks import ReconciliationBreak
from models.running_processes import ProcessKind
from tests.world import World
from web.admission import REFUSED
from web.webhooks import DELIVERIES, EVENTS
from workers.pulse import Pulse

_PAUSES = (
    Reason.SECRETS_UNREADABLE,
    Reason.APPLICATION_REFUSED,
    Reason.CLIENT_ID_REFUSED,
    Reason.COMPANY_SUSPENDED,
    Reason.TARGET_FORBIDDEN,
    Reason.READS_USED_UP,
)


def made_eventful(world: World, folder: Path) -> None:
    now = world.clock.now()
    vendor = world.context.platform.vendors["quickbooks"]
    object.__setattr__(vendor, "settings", vendor.settings.model_copy(update={"monthly_reads_max": 500_000}))
    with world.context.database.writing() as session:
        change_connection(session, world.source_id, {"heard_at": now})
        add_reads(session, world.source_id, "quickbooks", 3, now)
        open_breaker(count_failure(session, world.target_id, CallKind.WRITE), now + timedelta(minutes=5))
        session.add(PaymentCount(organization_id=world.organization_id, status="waiting", reason="paced", payments=1))
        session.add(_a_break(world))
        for place, reason in enumerate(_PAUSES):
            other = Organization(slug=f"o-{place}", name="O", created_at=now)
            session.add(other)
            session.flush()
            session.add(_paused(other.id, reason, now + timedelta(hours=1), now))
    _processes(world, folder)
    for answer in ("stored", "bad_signature", "busy", "database_away"):
        DELIVERIES.labels("quickbooks", answer).inc()
    EVENTS.labels("quickbooks", "new").inc()
    REFUSED.labels("pages").inc()


def _paused(organization_id: int, reason: Reason, until: Any, now: Any) -> Connection:
    return Connection(
        organization_id=organization_id,
        role="target",
        vendor="connectwise",
        account_id=f"{organization_id}",
        sealed_secrets="",
        not_before=until,
        pause_reason=reason.value,
        connected_at=now,
    )


def _a_break(world: World) -> ReconciliationBreak:
    return ReconciliationBreak(
        organization_id=world.organization_id,
        subject="1",
        invoice="",
        kind="unidentified",
        standing="open",
        share=Decimal("12.34"),
        currency="USD",
        number="",
        customer="",
        source_invoice_id="",
        target_invoice_id="",
        source_payment_ids=[],
        target_payment_ids=[],
        first_seen_at=world.clock.now(),
        changed_at=world.clock.now(),
        last_run_id=1,
    )


def _processes(world: World, folder: Path) -> None:
    tally, now = Tally(), world.clock.now()
    for outcome in ("200", "429", "503", "NoAnswer"):
        tally.count(Measure.CALLS, "connectwise", "GET", "invoices", outcome)
    tally.time(Measure.CALL_SECONDS, "connectwise", "GET", "invoices", seconds=0.2)
    tally.count(Measure.LIMITER_WAITS, "connectwise", "invoices")
    tally.count_seconds(Measure.LIMITER_WAIT_SECONDS, "connectwise", seconds=1)
    for outcome in ("created", "unknown", "refused"):
        tally.count(Measure.WRITE_OUTCOMES, "CreatePayment", outcome)
    tally.count(Measure.LANES_SWEPT, "match")
    tally.count(Measure.LEASES_LOST, "push")
    for routine in ("sweep", "catch-up", "reconciliation", "upkeep"):
        tally.note(Measure.ROUTINE_LAST_RUN, routine, at=now)
    for kind, name, queues in (
        (ProcessKind.BEAT, "beat", ()),
        (ProcessKind.WEB, "web", ()),
        (ProcessKind.WORKER, "every", tuple(QUEUES)),
    ):
        pulse = Pulse(
            world.context.database,
            world.clock.now,
            folder,
            kind=kind,
            name=name,
            version="1",
            queues=queues,
            tally=tally,
        )
        pulse.write()
