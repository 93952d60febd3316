"""Each payment stores its status, which lists and counts ask for.

The rule is the program's own (`domain/status.py`); the payments there are get theirs at once.
"""

import sqlalchemy as sa
from alembic import op

from models.database import Session
from models.payment_statuses import store_every_status

revision = "stored_status"
down_revision = "find_by_number"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("status", sa.String(20), nullable=False, server_default="on_its_way"))
    store_every_status(Session(op.get_bind()))
    with op.batch_alter_table("payment") as payment:
        payment.alter_column("status", server_default=None)
        payment.create_index(
            "ix_payment_organization_id_status", ["organization_id", "status", "listed_on", "first_seen_at", "id"]
        )
