"""Reconciliation: runs, the invoices that they still have to read in depth, breaks, and the history of each break."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "reconciliation"
down_revision = "idempotency_keys"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reconciliation_run",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("parameters", _JSON, nullable=False),
        sa.Column("source", _JSON, nullable=False),
        sa.Column("target", _JSON, nullable=False),
        sa.Column("untrusted", _JSON, nullable=False),
        sa.Column("bridge", _JSON, nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Integer(), nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
        sa.Column("metered_reads", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("breaks", _JSON, nullable=False),
        sa.Column("history_after", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_reconciliation_run_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_run")),
    )
    op.create_index("ix_reconciliation_run_due_at", "reconciliation_run", ["due_at"])
    op.create_index("ix_reconciliation_run_organization_id_id", "reconciliation_run", ["organization_id", "id"])
    op.create_table(
        "reconciliation_pair",
        sa.Column("id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("pair", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["reconciliation_run.id"],
            name=op.f("fk_reconciliation_pair_run_id_reconciliation_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_pair")),
    )
    op.create_index("ix_reconciliation_pair_run_id_id", "reconciliation_pair", ["run_id", "id"])
    op.create_table(
        "reconciliation_break",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("invoice", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("customer", sa.String(length=500), nullable=False),
        sa.Column("source_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("source_amount", sa.BigInteger(), nullable=True),
        sa.Column("target_amount", sa.BigInteger(), nullable=True),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("target_date", sa.Date(), nullable=True),
        sa.Column("source_payment_ids", _JSON, nullable=False),
        sa.Column("target_payment_ids", _JSON, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("first_seen_at", UtcTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcTime(timezone=True), nullable=False),
        sa.Column("last_run_id", _ID, nullable=False),
        sa.Column("accepted_by", sa.String(length=254), nullable=True),
        sa.Column("accepted_at", UtcTime(timezone=True), nullable=True),
        sa.Column("accepted_note", sa.String(length=500), nullable=False),
        sa.Column("accepted_max", sa.BigInteger(), nullable=True),
        sa.Column("accepted_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_reconciliation_break_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_break")),
        sa.UniqueConstraint("organization_id", "subject", name=op.f("uq_reconciliation_break_organization_id_subject")),
    )
    op.create_index(
        "ix_reconciliation_break_organization_id_invoice", "reconciliation_break", ["organization_id", "invoice"]
    )
    op.create_index(
        "ix_reconciliation_break_organization_id_standing",
        "reconciliation_break",
        ["organization_id", "standing", "kind", "id"],
    )
    op.create_table(
        "reconciliation_step",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("break_id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=True),
        sa.Column("happened_at", UtcTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_reconciliation_step_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["break_id"], ["reconciliation_break.id"], name=op.f("fk_reconciliation_step_break_id_reconciliation_break")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_step")),
    )
    op.create_index(op.f("ix_reconciliation_step_break_id"), "reconciliation_step", ["break_id"])
    op.create_index(
        "ix_reconciliation_step_organization_id_happened_at", "reconciliation_step", ["organization_id", "happened_at"]
    )
