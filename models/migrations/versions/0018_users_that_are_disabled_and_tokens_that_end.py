"""Users can be disabled; API tokens have a scope and an end

A token from before keeps its full scope, and ends a year after this migration.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None

_LASTS = timedelta(days=365)


def upgrade() -> None:
    op.add_column("dashboard_user", sa.Column("disabled_at", UtcTime(), nullable=True))
    op.add_column("api_token", sa.Column("scope", sa.String(10), nullable=False, server_default="write"))
    op.add_column("api_token", sa.Column("expires_at", UtcTime(), nullable=True))
    tokens = sa.table("api_token", sa.column("expires_at", UtcTime()))
    op.execute(tokens.update().values(expires_at=datetime.now(UTC) + _LASTS))
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.alter_column("scope", server_default=None, existing_type=sa.String(10), existing_nullable=False)
        batch_op.alter_column("expires_at", nullable=False, existing_type=UtcTime())


def downgrade() -> None:
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.drop_column("expires_at")
        batch_op.drop_column("scope")
    with op.batch_alter_table("dashboard_user") as batch_op:
        batch_op.drop_column("disabled_at")
