"""How often credentials were refused in a row, and since when; refused targets are tried again"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0013"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("breaker", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("breaker", sa.Column("refused_since", models.base.UtcTime(timezone=True), nullable=True))
    # Some of these were refused once, at a bad moment: the next sweep asks for each of them.
    op.execute(
        sa.text(
            "UPDATE connection SET not_before = connected_at, pause_reason = 'target_credentials' "
            "WHERE role = 'target' AND status = 'needs_reconnect'"
        )
    )


def downgrade() -> None:
    with op.batch_alter_table("breaker") as batch_op:
        batch_op.drop_column("refused_since")
        batch_op.drop_column("refusals")
