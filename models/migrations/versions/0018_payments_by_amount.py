"""Lists of payments with the largest amount first, and of one amount, each in the order of an index."""

from models.migrations.online import replace_index_online

revision = "payments_by_amount"
down_revision = "undo"
branch_labels = None
depends_on = None


def upgrade() -> None:
    replace_index_online(
        "ix_payment_organization_id_live_total",
        "payment",
        ["organization_id", "live_total", "listed_on", "first_seen_at", "id"],
    )
