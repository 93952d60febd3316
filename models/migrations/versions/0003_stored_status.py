"""Each payment stores its status, which lists and counts ask for.

The payments there are get theirs from a later revision (`activity_and_reasons`), which stores their reasons as well: the
rule is the program's own (`domain/status.py`), and asks for columns that are not there yet.
"""

import sqlalchemy as sa
from alembic import op

revision = "stored_status"
down_revision = "find_by_number"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("status", sa.String(20), nullable=False, server_default="on_its_way"))
    with op.batch_alter_table("payment") as payment:
        payment.alter_column("status", server_default=None)
        payment.create_index(
            "ix_payment_organization_id_status", ["organization_id", "status", "listed_on", "first_seen_at", "id"]
        )
