"""An organization has a time zone, and a country whose way of writing amounts and dates its pages follow."""

import sqlalchemy as sa
from alembic import op

revision = "time_zones"
down_revision = "outgoing_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False))
    op.add_column("organization", sa.Column("writing", sa.String(length=16), server_default="en-US", nullable=False))
