"""A deletion that was only inferred is marked as such; when a picture was seen; why an event led to nothing"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PICTURES = ("payment", "source_invoice")
PAYMENT = sa.table("payment", sa.column("state", sa.String()), sa.column("deletion_inferred", sa.Boolean()))
INVOICE = sa.table("source_invoice", sa.column("deleted", sa.Boolean()), sa.column("deletion_inferred", sa.Boolean()))


def upgrade() -> None:
    for table in PICTURES:
        op.add_column(table, sa.Column("deletion_inferred", sa.Boolean(), server_default=sa.false(), nullable=False))
        op.add_column(table, sa.Column("seen_at", models.base.UtcTime(timezone=True), nullable=True))
    # What is deleted already may have been inferred: should a live picture of it ever come, it is to be believed.
    op.execute(PAYMENT.update().where(PAYMENT.c.state == "deleted").values(deletion_inferred=sa.true()))
    op.execute(INVOICE.update().where(INVOICE.c.deleted.is_(sa.true())).values(deletion_inferred=sa.true()))
    op.add_column("inbox_event", sa.Column("outcome", sa.String(length=20), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("inbox_event") as batch_op:
        batch_op.drop_column("outcome")
    for table in PICTURES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("seen_at")
            batch_op.drop_column("deletion_inferred")
