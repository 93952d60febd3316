"""An effect knows the payment that the last send added to"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("effect", sa.Column("sent_into", sa.String(length=50), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("effect") as batch_op:
        batch_op.drop_column("sent_into")
