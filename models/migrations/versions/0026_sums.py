"""Sums: whether a target's invoices have shown that their sums follow a payment at once."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("sums", sa.String(10), nullable=False, server_default=""))
    with op.batch_alter_table("connection") as table:
        table.alter_column("sums", server_default=None, existing_type=sa.String(10), existing_nullable=False)


def downgrade() -> None:
    raise NotImplementedError
