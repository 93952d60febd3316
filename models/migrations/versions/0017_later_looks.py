"""Later looks at what was written, what they find, and which payments a person was asked about"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0023"
branch_labels = None
depends_on = None

# What was written before anybody looked again comes up one by one in this time, not all at once.
SPREAD_SECONDS = 14 * 24 * 3600


def upgrade() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "invoice_look",
        sa.Column("id", big_id, nullable=False),
        sa.Column("connection_id", big_id, nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("others", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_invoice_look_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_look")),
        sa.UniqueConstraint(
            "connection_id", "target_invoice_id", name=op.f("uq_invoice_look_connection_id_target_invoice_id")
        ),
    )
    with op.batch_alter_table("invoice_look") as batch_op:
        batch_op.create_index(
            "ix_invoice_look_due",
            ["connection_id", "due_at"],
            unique=False,
            postgresql_where=sa.text("due_at IS NOT NULL"),
            sqlite_where=sa.text("due_at IS NOT NULL"),
        )
    op.add_column("ledger_entry", sa.Column("finding", sa.String(20), nullable=False, server_default=""))
    op.add_column("ledger_entry", sa.Column("found", json, nullable=True))
    op.add_column("ledger_entry", sa.Column("other_money_ids", json, nullable=True))
    op.add_column("ledger_entry", sa.Column("handed_over", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE ledger_entry SET finding = 'gone' WHERE gone")
    _claims_are_unique("NOT shared AND NOT handed_over")
    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.drop_column("gone")
    op.add_column("decision", sa.Column("seen", json, nullable=True))
    op.add_column("decision", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("allocation", sa.Column("same_money_id", sa.String(50), nullable=True))
    _look_at_what_was_written()


def downgrade() -> None:
    with op.batch_alter_table("allocation") as batch_op:
        batch_op.drop_column("same_money_id")
    with op.batch_alter_table("decision") as batch_op:
        batch_op.drop_column("looked_at")
        batch_op.drop_column("seen")
    op.add_column("ledger_entry", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE ledger_entry SET gone = true WHERE finding = 'gone'")
    # Of a payment that was handed over the older key knows one entry only: the one that has it now.
    op.execute("DELETE FROM ledger_entry WHERE handed_over")
    _claims_are_unique("NOT shared")
    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.drop_column("handed_over")
        batch_op.drop_column("other_money_ids")
        batch_op.drop_column("found")
        batch_op.drop_column("finding")
    op.drop_table("invoice_look")


def _claims_are_unique(where: str) -> None:
    op.drop_index("uq_ledger_entry_claim", table_name="ledger_entry")
    op.create_index(
        "uq_ledger_entry_claim",
        "ledger_entry",
        ["connection_id", "target_invoice_id", "target_payment_id"],
        unique=True,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )


def _look_at_what_was_written() -> None:
    """Every invoice with a payment that stands for something; the moments are spread by the rows' own numbers."""
    ledger = sa.table(
        "ledger_entry", sa.column("connection_id"), sa.column("target_invoice_id"), sa.column("removed_at")
    )
    looks = sa.table(
        "invoice_look",
        sa.column("connection_id"),
        sa.column("target_invoice_id"),
        sa.column("looks"),
        sa.column("due_at", sa.DateTime(timezone=True)),
    )
    connection, now = op.get_bind(), datetime.now(UTC)
    invoices = connection.execute(
        sa.select(ledger.c.connection_id, ledger.c.target_invoice_id)
        .where(ledger.c.removed_at.is_(None))
        .distinct()
        .order_by(ledger.c.connection_id, ledger.c.target_invoice_id)
    ).all()
    rows = [
        {
            "connection_id": connection_id,
            "target_invoice_id": invoice_id,
            "looks": 0,
            "due_at": now + timedelta(seconds=SPREAD_SECONDS * number / len(invoices)),
        }
        for number, (connection_id, invoice_id) in enumerate(invoices, start=1)
    ]
    for start in range(0, len(rows), 1000):
        connection.execute(looks.insert(), rows[start : start + 1000])
