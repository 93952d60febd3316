"""What is to be decided has an index of its own: finished payments are not in it"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_allocation_organization_id_match_due_at", ["organization_id", "match_due_at"]
IS_TO_BE_DECIDED = sa.text("match_due_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, "allocation")
    op.create_index(NAME, "allocation", COLUMNS, postgresql_where=IS_TO_BE_DECIDED, sqlite_where=IS_TO_BE_DECIDED)


def downgrade() -> None:
    op.drop_index(NAME, "allocation")
    op.create_index(NAME, "allocation", COLUMNS)
