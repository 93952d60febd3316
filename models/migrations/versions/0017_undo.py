"""Taking back what was written in a span of time: the request and the parts that it is about."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "undo"
down_revision = "statements"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "undo",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", UtcTime(timezone=True), nullable=False),
        sa.Column("until", UtcTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=254), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(length=254), nullable=False),
        sa.Column("stopped_why", sa.String(length=500), nullable=False),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("after_id", _ID, nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_undo_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
    )
    op.create_index("ix_undo_due_at", "undo", ["due_at"])
    op.create_index("ix_undo_organization_id_id", "undo", ["organization_id", "id"])
    op.create_table(
        "undo_item",
        sa.Column("id", _ID, nullable=False),
        sa.Column("undo_id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("entry_id", _ID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("stays", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.ForeignKeyConstraint(["undo_id"], ["undo.id"], name=op.f("fk_undo_item_undo_id_undo")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_undo_item_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocation.id"], name=op.f("fk_undo_item_allocation_id_allocation")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_undo_item_entry_id_ledger_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_item")),
        sa.UniqueConstraint("undo_id", "allocation_id", name=op.f("uq_undo_item_undo_id_allocation_id")),
    )
    op.create_index("ix_undo_item_undo_id_payment_id", "undo_item", ["undo_id", "payment_id"])
