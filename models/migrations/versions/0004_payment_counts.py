"""Each organization's payments are counted by status as they change; those there are get counted at once.

Payments are also found by their amount. The indexes of texts belong to no revision (`models/search_indexes.py`).
"""

import sqlalchemy as sa
from alembic import op

revision = "payment_counts"
down_revision = "stored_status"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "payment_count",
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "status", name=op.f("pk_payment_count")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_payment_count_organization_id_organization")
        ),
    )
    op.execute(
        "INSERT INTO payment_count (organization_id, status, payments)"
        " SELECT organization_id, status, count(*) FROM payment GROUP BY organization_id, status"
    )
    op.create_index("ix_payment_organization_id_live_total", "payment", ["organization_id", "live_total"])
