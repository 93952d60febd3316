"""The signs of life of processes, the sums of what they count, and indexes by which stuck work is counted."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "operations"
down_revision = "writes_stopped"
branch_labels = None
depends_on = None

_IS_STUCK = sa.text("state IN ('in_doubt', 'held', 'dead')")
_IS_OPEN = sa.text("standing = 'open'")


def upgrade() -> None:
    op.create_table(
        "running_process",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("queues", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("alive_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_running_process")),
    )
    op.create_table(
        "measure",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("labels", sa.String(length=300), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", "part", name=op.f("pk_measure")),
    )
    op.create_index(
        "ix_effect_stuck", "effect", ["state"], unique=False, postgresql_where=_IS_STUCK, sqlite_where=_IS_STUCK
    )
    op.create_index(
        "ix_reconciliation_break_open",
        "reconciliation_break",
        ["kind", "currency"],
        unique=False,
        postgresql_where=_IS_OPEN,
        sqlite_where=_IS_OPEN,
    )


def downgrade() -> None:
    op.drop_index("ix_reconciliation_break_open", table_name="reconciliation_break")
    op.drop_index("ix_effect_stuck", table_name="effect")
    op.drop_table("measure")
    op.drop_table("running_process")
