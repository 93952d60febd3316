"""Where the trace of a payment goes on: on the event, on the payment, and on what we owe the target."""

import sqlalchemy as sa
from alembic import op

revision = "trace"
down_revision = "indexes_of_operations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("inbox_event", "payment", "effect"):
        op.add_column(table, sa.Column("trace", sa.String(length=55), nullable=True))
