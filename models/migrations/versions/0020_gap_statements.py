"""Gap statements: how far the proof of a gap is, its counts, and its payments."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "gap_statements"
down_revision = "upkeep"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("gap", sa.Column("proof_stage", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("gap", sa.Column("proof_due_at", UtcTime(timezone=True), nullable=True))
    op.add_column("gap", sa.Column("proof_asked_at", UtcTime(timezone=True), nullable=True))
    op.add_column("gap", sa.Column("listed_payment_id", _ID, nullable=False, server_default="0"))
    op.create_index(op.f("ix_gap_proof_due_at"), "gap", ["proof_due_at"])
    op.create_table(
        "gap_count",
        sa.Column("id", _ID, nullable=False),
        sa.Column("gap_id", _ID, nullable=False),
        sa.Column("counted_at", UtcTime(timezone=True), nullable=False),
        sa.Column("source_count", sa.Integer(), nullable=False),
        sa.Column("held_before", sa.Integer(), nullable=False),
        sa.Column("incomplete", sa.Integer(), nullable=False),
        sa.Column("heard_until", UtcTime(timezone=True), nullable=True),
        sa.Column("held_after", sa.Integer(), nullable=True),
        sa.Column("compared_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gap_id"], ["gap.id"], name=op.f("fk_gap_count_gap_id_gap")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_count")),
    )
    op.create_index(op.f("ix_gap_count_gap_id_id"), "gap_count", ["gap_id", "id"])
    op.create_table(
        "gap_payment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("gap_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("happened", sa.String(length=10), nullable=False),
        sa.Column("found_by", sa.String(length=20), nullable=False),
        sa.Column("happened_at", UtcTime(timezone=True), nullable=True),
        sa.Column("heard_at", UtcTime(timezone=True), nullable=False),
        sa.Column("late_seconds", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.ForeignKeyConstraint(["gap_id"], ["gap.id"], name=op.f("fk_gap_payment_gap_id_gap")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_payment")),
        sa.UniqueConstraint("gap_id", "external_id", name=op.f("uq_gap_payment_gap_id_external_id")),
    )
