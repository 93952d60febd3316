"""One broken row or more for each invariant, as no code of ours makes them; and the rows as they were before."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Table, delete, insert, null, select, update
from sqlalchemy.orm import Session

from models.attempts import Attempt
from models.base import Base
from models.billed_invoices import BilledInvoiceRow
from models.connections import Connection
from models.copy_runs import CopyRunItem
from models.database import Database
from models.decisions import DecisionRow
from models.effects import Effect
from models.inbox import InboxEvent
from models.invoices import Invoice
from models.ledger import LedgerEntry
from models.organizations import Organization
from models.payment_counts import PaymentCount
from models.payments import Payment

PAYMENT = ("target_invoice_id", "target_payment_id")


def set_all(table: type[Any], **values: Any) -> Callable[[Session], object]:
    return lambda session: session.execute(update(table).values(**values))


def remove_all(table: type[Any]) -> Callable[[Session], object]:
    return lambda session: session.execute(delete(table))


def give_one_payment_to_both(session: Session) -> None:
    """As it was before an entry was shared: the unique key is the first to go for who repairs by hand."""
    first, second = session.scalars(select(LedgerEntry.id).order_by(LedgerEntry.id))
    same = {
        name: select(getattr(LedgerEntry, name)).where(LedgerEntry.id == first).scalar_subquery() for name in PAYMENT
    }
    session.execute(update(LedgerEntry).where(LedgerEntry.id == first).values(shared=True))
    session.execute(update(LedgerEntry).where(LedgerEntry.id == second).values(**same))


def forget_what_a_cursor_stands_for(session: Session) -> None:
    session.execute(delete(InboxEvent))
    session.execute(update(Connection).values(caught_up_at=None))


BROKEN: dict[str, tuple[Callable[[Session], object], int]] = {
    "effect_has_decision": (set_all(DecisionRow, current=False), 2),
    "delivered_has_entry": (remove_all(LedgerEntry), 2),
    "claimed_once": (give_one_payment_to_both, 1),
    "ledger_agrees": (set_all(LedgerEntry, amount=Decimal(90)), 2),
    "ledger_replays": (set_all(LedgerEntry, ours=False), 2),
    "everything_decided": (set_all(DecisionRow, current=False), 2),
    "status_by_rule": (set_all(Payment, status="skipped"), 2),
    "copied_has_copy": (set_all(BilledInvoiceRow, books_id=None), 1),
    "copies_are_due": (set_all(BilledInvoiceRow, state="queued"), 1),
    "runs_come_to_an_end": (set_all(CopyRunItem, state="queued"), 1),
    "copies_are_linked": (set_all(Invoice, target_id="1"), 1),
    "counts_agree": (set_all(PaymentCount, payments=7), 1),
    "endpoints_are_told": (set_all(Organization, has_endpoints=True), 1),
    "cursor_behind_inbox": (forget_what_a_cursor_stands_for, 1),
}


def send_without_an_attempt(session: Session) -> None:
    session.execute(delete(Attempt))
    session.execute(update(Effect).values(state="in_doubt", due_at=datetime(2999, 1, 1, tzinfo=UTC)))


# What breaks each invariant.
BREAKS: dict[str, Callable[[Session], object]] = {
    **{name: breaks for name, (breaks, _) in BROKEN.items()},
    "sent_has_attempt": send_without_an_attempt,
}


def break_rule(database: Database, name: str) -> Callable[[], None]:
    """Breaks the invariant; returns what repairs it, and leaves alone whatever else has changed by then."""
    tables = Base.metadata.sorted_tables
    with database.reading() as session:
        before = {table: _rows(session, table) for table in tables}
    with database.writing() as session:
        BREAKS[name](session)
    with database.reading() as session:
        after = {table: _rows(session, table) for table in tables}

    def repair() -> None:
        with database.writing() as session:
            for table in tables:
                _put_back(session, table, before[table], after[table])

    return repair


Rows = dict[tuple[Any, ...], dict[str, Any]]


def _rows(session: Session, table: Table) -> Rows:
    found = [dict(row) for row in session.execute(select(table)).mappings()]
    return {tuple(row[column.name] for column in table.primary_key): row for row in found}


def _put_back(session: Session, table: Table, before: Rows, after: Rows) -> None:
    # The last first: what was unique before is so again after each row.
    for key, row in reversed(before.items()):
        if key not in after:
            # A value that is not there is no JSON text "null".
            session.execute(insert(table).values({name: null() if one is None else one for name, one in row.items()}))
        elif after[key] != row:
            changed = {name: value for name, value in row.items() if after[key][name] != value}
            this = [column == value for column, value in zip(table.primary_key, key, strict=True)]
            session.execute(update(table).where(*this).values(changed))
