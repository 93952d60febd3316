"""A payment says when we first heard of it, and an entry of the ledger its day, its currency and how long it took.

The overview adds these up for the last days, from indexes that hold them. A connection remembers its last test.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from domain.daily_numbers import class_of
from models.base import UtcTime

revision = "numbers_by_day"
down_revision = "previews"
branch_labels = None
depends_on = None

_ENTRIES_AT_A_TIME = 1_000


def upgrade() -> None:
    op.add_column("payment", sa.Column("heard_at", UtcTime(timezone=True), nullable=True))
    op.add_column("ledger_entry", sa.Column("currency", sa.String(length=3), nullable=True))
    op.add_column("ledger_entry", sa.Column("within_seconds", sa.Integer(), nullable=True))
    op.add_column("ledger_entry", sa.Column("entered_on", sa.Date(), nullable=True))
    op.add_column("connection", sa.Column("tested_at", UtcTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE payment SET heard_at = COALESCE((SELECT MIN(received_at) FROM inbox_event"
        " WHERE inbox_event.connection_id = payment.connection_id AND inbox_event.entity = 'payment'"
        " AND inbox_event.entity_id = payment.external_id), first_seen_at)"
    )
    op.drop_index("ix_payment_organization_id_listed_on", "payment")
    op.create_index(
        "ix_payment_organization_id_listed_on",
        "payment",
        ["organization_id", "listed_on", "first_seen_at", "id", "status"],
    )
    _fill_ledger(op.get_bind())
    op.create_index(
        "ix_ledger_entry_day",
        "ledger_entry",
        ["organization_id", "entered_on", "currency", "within_seconds", "removed_at", "amount"],
    )


def _fill_ledger(connection: sa.Connection) -> None:
    """Gives each entry its payment's currency and its own duration, a bounded number at a time."""
    entry = sa.table(
        "ledger_entry",
        sa.column("id", sa.BigInteger),
        sa.column("allocation_id", sa.BigInteger),
        sa.column("created_at", UtcTime),
        sa.column("currency", sa.String),
        sa.column("within_seconds", sa.Integer),
        sa.column("entered_on", sa.Date),
    )
    allocation = sa.table("allocation", sa.column("id", sa.BigInteger), sa.column("payment_id", sa.BigInteger))
    payment = sa.table(
        "payment",
        sa.column("id", sa.BigInteger),
        sa.column("currency", sa.String),
        sa.column("first_seen_at", UtcTime),
        sa.column("heard_at", UtcTime),
    )
    asked = (
        sa.select(entry.c.id, entry.c.created_at, payment.c.currency, payment.c.first_seen_at, payment.c.heard_at)
        .join_from(entry, allocation, allocation.c.id == entry.c.allocation_id)
        .join(payment, payment.c.id == allocation.c.payment_id)
        .where(entry.c.id > sa.bindparam("after"))
        .order_by(entry.c.id)
        .limit(_ENTRIES_AT_A_TIME)
    )
    change = (
        sa.update(entry)
        .where(entry.c.id == sa.bindparam("of_entry"))
        .values(
            currency=sa.bindparam("its_currency"),
            within_seconds=sa.bindparam("its_class"),
            entered_on=sa.bindparam("its_day"),
        )
    )
    after = 0
    while rows := connection.execute(asked, {"after": after}).all():
        values = [
            {
                "of_entry": entry_id,
                "its_currency": currency,
                "its_class": _class(created_at, first_seen_at, heard_at),
                "its_day": created_at.date(),
            }
            for entry_id, created_at, currency, first_seen_at, heard_at in rows
        ]
        connection.execute(change, values)
        after = rows[-1].id


def _class(created_at: datetime, first_seen_at: datetime, heard_at: datetime) -> int:
    return class_of((created_at - min(first_seen_at, heard_at)).total_seconds())
