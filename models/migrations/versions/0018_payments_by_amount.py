"""Lists of payments with the largest amount first, and of one amount, each in the order of an index."""

from alembic import op

revision = "payments_by_amount"
down_revision = "undo"
branch_labels = None
depends_on = None

_NAME = "ix_payment_organization_id_live_total"


def upgrade() -> None:
    op.drop_index(_NAME, "payment")
    op.create_index(_NAME, "payment", ["organization_id", "live_total", "listed_on", "first_seen_at", "id"])
