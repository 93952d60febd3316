"""Statements that people sign; and in the history of a break what each side said then."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "statements"
down_revision = "time_zones"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("reconciliation_step", sa.Column("source_amount", sa.BigInteger(), nullable=True))
    op.add_column("reconciliation_step", sa.Column("target_amount", sa.BigInteger(), nullable=True))
    op.create_table(
        "reconciliation_statement",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("prepared_by", sa.String(length=254), nullable=False),
        sa.Column("prepared_at", UtcTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.String(length=254), nullable=True),
        sa.Column("reviewed_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_reconciliation_statement_organization_id_organization"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_statement")),
        sa.UniqueConstraint(
            "organization_id",
            "first_day",
            "last_day",
            name=op.f("uq_reconciliation_statement_organization_id_first_day_last_day"),
        ),
    )
