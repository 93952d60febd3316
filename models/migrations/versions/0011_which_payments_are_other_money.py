"""Which payments at the target were there when a person said that they are other money"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ids = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("allocation", sa.Column("similar_payment_ids", ids, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("allocation") as batch_op:
        batch_op.drop_column("similar_payment_ids")
