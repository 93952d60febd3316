"""What is wrong with the newest picture of a payment, where nothing may be concluded from it"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("flaw", sa.String(40), nullable=True))
    op.add_column("payment", sa.Column("flawed_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("payment") as batch_op:
        batch_op.drop_column("flawed_version")
        batch_op.drop_column("flaw")
