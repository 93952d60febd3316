"""A preference: invoices are found in both systems by their number.

Payments on invoices that the platform did not know are decided again: they may be found now.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "find_by_number"
down_revision = "first_release"
branch_labels = None
depends_on = None

_ALLOCATION = sa.table("allocation", sa.column("id", sa.BigInteger), sa.column("match_due_at", UtcTime(timezone=True)))
_DECISION = sa.table(
    "decision",
    sa.column("allocation_id", sa.BigInteger),
    sa.column("reason", sa.String),
    sa.column("current", sa.Boolean),
)


def upgrade() -> None:
    with op.batch_alter_table("organization") as organization:
        organization.add_column(sa.Column("find_by_number", sa.Boolean(), nullable=False, server_default=sa.true()))
    unknown = sa.select(_DECISION.c.allocation_id).where(_DECISION.c.current, _DECISION.c.reason == "invoice_unknown")
    op.execute(
        _ALLOCATION.update()
        .where(_ALLOCATION.c.match_due_at.is_(None), _ALLOCATION.c.id.in_(unknown))
        .values(match_due_at=datetime.now(UTC))
    )
