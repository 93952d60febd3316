"""The content of old reports is found by an index, to be forgotten."""

import sqlalchemy as sa

from models.migrations.online import create_index_online

revision = "upkeep"
down_revision = "payments_by_amount"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index_online("ix_inbox_event_payload", "inbox_event", ["id"], sa.text("payload IS NOT NULL"))
