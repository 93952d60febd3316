"""One doubt: what of ours may be at the target was told by a flag and by the reason of a hold.

Why a value: the two were read together in nine places, by sets that differed from one another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0018"
branch_labels = None
depends_on = None

_FILL = """
    UPDATE effect SET doubt = CASE
        WHEN maybe_sent AND reason IN ('several_candidates', 'target_replaced', 'target_changed_it') THEN 'asked'
        WHEN maybe_sent THEN 'unanswered'
        WHEN reason IN ('several_candidates', 'target_replaced', 'target_changed_it') THEN 'amiss'
        ELSE ''
    END
"""


def upgrade() -> None:
    op.add_column("effect", sa.Column("doubt", sa.String(10), nullable=False, server_default=""))
    op.execute(_FILL)
    with op.batch_alter_table("effect") as table:
        table.alter_column("doubt", server_default=None, existing_type=sa.String(10), existing_nullable=False)
        table.drop_column("maybe_sent")


def downgrade() -> None:
    raise NotImplementedError
