"""What a payment said before each change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import ExactAmount, UtcTime

revision = "former_pictures"
down_revision = "operator"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "former_picture",
        sa.Column("id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("replaced_at", UtcTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("flaw", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("total", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("parts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_former_picture_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_picture")),
    )
    op.create_index("ix_former_picture_payment_id", "former_picture", ["payment_id", "replaced_at", "id"])
