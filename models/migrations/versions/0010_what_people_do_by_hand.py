"""What people do at the target by hand is remembered; links that we found ourselves give way to it"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entry", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ledger_entry", sa.Column("removed_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Whether the links that are there were found or imported nobody knows: they are all taken for the partner's word.
    op.add_column("invoice", sa.Column("link_learned", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("invoice") as batch_op:
        batch_op.drop_column("link_learned")
    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.drop_column("removed_by_hand")
        batch_op.drop_column("gone")
