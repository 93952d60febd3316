"""The content of old reports is found by an index, to be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "upkeep"
down_revision = "payments_by_amount"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_inbox_event_payload",
        "inbox_event",
        ["id"],
        postgresql_where=sa.text("payload IS NOT NULL"),
        sqlite_where=sa.text("payload IS NOT NULL"),
    )
