"""Rows for the tests of the tables: an organization, its two connections, payments with allocations, effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.push.effect import EffectState
from domain.records import AllocationKind, PaymentState, SourceAllocation, SourcePayment
from models.connections import Connection, Role
from models.database import Database
from models.effects import Effect
from models.organizations import Organization
from models.payment_store import store_payments
from models.payments import payments_by_external_id

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAID_ON = date(2026, 11, 20)


@dataclass(frozen=True)
class Books:
    """One organization with its source and its target."""

    organization_id: int
    source_id: int
    target_id: int


def add_books(database: Database, slug: str = "northwind") -> Books:
    with database.writing() as session:
        organization = Organization(slug=slug, name=slug.title(), sync_enabled=True, created_at=NOW)
        session.add(organization)
        session.flush()
        connections = [
            Connection(
                organization_id=organization.id,
                role=role.value,
                vendor=role.value,
                account_id=slug,
                settings={},
                sealed_secrets="",
                connected_at=NOW,
            )
            for role in Role
        ]
        session.add_all(connections)
        session.flush()
        return Books(organization.id, connections[0].id, connections[1].id)


def payment(
    external_id: str = "163",
    version: int = 0,
    lines: Sequence[tuple[str, str]] = (),
    *,
    unapplied: str = "0",
    state: PaymentState = PaymentState.LIVE,
) -> SourcePayment:
    """A payment whose lines are pairs of invoice and amount."""
    return SourcePayment(
        external_id=external_id,
        version=version,
        changed_at=NOW,
        state=state,
        paid_on=PAID_ON,
        total=sum((Decimal(amount) for _, amount in lines), Decimal(unapplied)),
        unapplied=Decimal(unapplied),
        currency="USD",
        customer_id="20",
        customer_name="Cascade Dental",
        reference="",
        note="",
        allocations=tuple(SourceAllocation(AllocationKind.INVOICE, one, Decimal(amount)) for one, amount in lines),
    )


def add_allocations(database: Database, books: Books, count: int = 1) -> list[int]:
    """The ids of the allocations, decided already, of a payment that is split over so many invoices."""
    lines = [(str(70 + number), "100.00") for number in range(count)]
    with database.writing() as session:
        store_payments(session, books.organization_id, books.source_id, [payment(lines=lines)], NOW)
        found = payments_by_external_id(session, books.source_id, ["163"])
        for allocation in found["163"].allocations:
            allocation.match_due_at = None
        return [allocation.id for allocation in found["163"].allocations]


def add_effect(
    session: Session,
    books: Books,
    allocation_id: int,
    *,
    generation: int = 1,
    invoice: str = "200",
    state: EffectState = EffectState.PENDING,
    due_at: datetime = NOW,
) -> Effect:
    effect = Effect(
        organization_id=books.organization_id,
        connection_id=books.target_id,
        allocation_id=allocation_id,
        generation=generation,
        kind="create",
        target_invoice_id=invoice,
        amount=Decimal("100.00"),
        currency="USD",
        paid_on=PAID_ON,
        state=state.value,
        due_at=due_at,
        created_at=NOW,
    )
    session.add(effect)
    session.flush()
    return effect
