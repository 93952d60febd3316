"""A history: payments that were delivered long ago, written straight into the tables."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from domain.daily_numbers import WITHIN_SECONDS
from models.attempts import Attempt
from models.base import Base
from models.database import Database
from models.decisions import DecisionRow
from models.effects import Effect
from models.inbox import InboxEvent
from models.invoices import Invoice, SourceInvoiceRow
from models.ledger import LedgerEntry
from models.payment_counts import count_every_payment
from models.payments import Allocation, Payment

ROWS_PER_INSERT = 5_000
# Far from all ids that the databases assign.
FIRST_ID = 1_000_000_000
LONG_AGO = datetime(2026, 1, 5, 12, tzinfo=UTC)
PAID_ON = date(2026, 1, 5)
AMOUNT = Decimal("100.00")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Owner:
    """The owner of a history."""

    organization_id: int
    source_id: int
    target_id: int


def long_ago(_place: int) -> datetime:
    return LONG_AGO


def add_history(
    database: Database,
    owners: list[Owner],
    payments: int,
    tables: Collection[type[Base]] | None = None,
    moment_of: Callable[[int], datetime] = long_ago,
    before: int = 0,
) -> None:
    """Adds payments, assigned to the owners in turn, each with event, decision, delivery and ledger entry.

    Args:
        tables: only their rows, if that is enough for what is measured.
        moment_of: when everything about a payment happened, by its place in the history; also its own date.
        before: how many payments of the history are there already.
    """
    for table in _TABLES if tables is None else tables:
        row_of = _TABLES[table]
        for start in range(before, before + payments, ROWS_PER_INSERT):
            places = range(start, min(start + ROWS_PER_INSERT, before + payments))
            rows = [
                {"id": FIRST_ID + place, **_moved(row_of(owners[place % len(owners)], place), moment_of(place))}
                for place in places
            ]
            with database.writing() as session:
                session.execute(insert(table), rows)
    with database.writing() as session:
        count_every_payment(session)


def _moved(row: Row, moment: datetime) -> Row:
    """The row, with this moment and its day for those of long ago."""
    instead = {LONG_AGO: moment, PAID_ON: moment.date()}
    return {name: instead.get(value, value) if isinstance(value, date) else value for name, value in row.items()}


def _payment(owner: Owner, place: int) -> Row:
    return {
        "organization_id": owner.organization_id,
        "connection_id": owner.source_id,
        "external_id": f"past-{place}",
        "version": 0,
        "changed_at": LONG_AGO,
        "state": "live",
        "paid_on": PAID_ON,
        "total": AMOUNT,
        "unapplied": Decimal(0),
        "currency": "USD",
        "customer_id": "1",
        "customer_name": "Cascade Dental",
        "reference": "",
        "note": "",
        "first_seen_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "status": "synced",
    }


def _allocation(owner: Owner, place: int) -> Row:
    return {
        "organization_id": owner.organization_id,
        "payment_id": FIRST_ID + place,
        "kind": "invoice",
        "document_id": f"past-{place}",
        "amount": AMOUNT,
    }


def _inbox_event(owner: Owner, place: int) -> Row:
    return {
        "connection_id": owner.source_id,
        "source": "webhook",
        "event_id": f"past-{place}",
        "entity": "payment",
        "entity_id": f"past-{place}",
        "verb": "created",
        "received_at": LONG_AGO,
        "due_at": LONG_AGO,
        "done_at": LONG_AGO,
    }


def _source_invoice(owner: Owner, place: int) -> Row:
    return {
        "connection_id": owner.source_id,
        "external_id": f"past-{place}",
        "version": 0,
        "changed_at": LONG_AGO,
        "number": f"PAST-{place}",
        "total": AMOUNT,
        "balance": Decimal(0),
        "currency": "USD",
        "customer_name": "Cascade Dental",
    }


def _invoice(owner: Owner, place: int) -> Row:
    return {
        "organization_id": owner.organization_id,
        "number": f"PAST-{place}",
        "origin": "sync_tool",
        "source_id": f"past-{place}",
        "target_id": f"past-{place}",
        "total": AMOUNT,
        "currency": "USD",
        "customer": "Cascade Dental",
        "updated_at": LONG_AGO,
    }


def _decision(_owner: Owner, place: int) -> Row:
    return {
        "allocation_id": FIRST_ID + place,
        "action": "push",
        "reason": "synced",
        "decided_at": LONG_AGO,
    }


def _effect(owner: Owner, place: int) -> Row:
    return {
        "organization_id": owner.organization_id,
        "connection_id": owner.target_id,
        "allocation_id": FIRST_ID + place,
        "generation": 1,
        "kind": "create",
        "target_invoice_id": f"past-{place}",
        "target_payment_id": f"past-{place}",
        "amount": AMOUNT,
        "currency": "USD",
        "paid_on": PAID_ON,
        "state": "delivered",
        "due_at": LONG_AGO,
        "created_at": LONG_AGO,
        "delivered_at": LONG_AGO,
    }


def _attempt(_owner: Owner, place: int) -> Row:
    return {
        "effect_id": FIRST_ID + place,
        "number": 1,
        "started_at": LONG_AGO,
        "finished_at": LONG_AGO,
        "outcome": "created",
    }


def _ledger_entry(owner: Owner, place: int) -> Row:
    return {
        "organization_id": owner.organization_id,
        "connection_id": owner.target_id,
        "allocation_id": FIRST_ID + place,
        "target_invoice_id": f"past-{place}",
        "target_payment_id": f"past-{place}",
        "amount": AMOUNT,
        "currency": "USD",
        "paid_on": PAID_ON,
        "within_seconds": WITHIN_SECONDS[place % 12],
        "ours": True,
        "created_at": LONG_AGO,
    }


# In the order of their references.
_TABLES: dict[type[Base], Callable[[Owner, int], Row]] = {
    Payment: _payment,
    Allocation: _allocation,
    InboxEvent: _inbox_event,
    SourceInvoiceRow: _source_invoice,
    Invoice: _invoice,
    DecisionRow: _decision,
    Effect: _effect,
    Attempt: _attempt,
    LedgerEntry: _ledger_entry,
}
