"""Indexes by which stuck work and open differences are counted, and what is held is listed over all organizations."""

import sqlalchemy as sa

from models.migrations.online import create_index_online

revision = "indexes_of_operations"
down_revision = "ledger_openings"
branch_labels = None
depends_on = None

_IS_STUCK = sa.text("state IN ('in_doubt', 'held', 'dead')")
_IS_OPEN = sa.text("standing = 'open'")
_IS_HELD = sa.text("status IN ('needs_attention', 'waiting')")


def upgrade() -> None:
    create_index_online("ix_effect_stuck", "effect", ["state"], _IS_STUCK)
    create_index_online("ix_reconciliation_break_open", "reconciliation_break", ["kind", "currency"], _IS_OPEN)
    create_index_online("ix_payment_held_listed_on", "payment", ["listed_on", "first_seen_at", "id"], _IS_HELD)
    create_index_online("ix_payment_held_reason", "payment", ["reason", "listed_on", "first_seen_at", "id"], _IS_HELD)
