"""What both systems said about an invoice when they were last read, and the outcome beside the invoice for lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import ExactAmount, UtcTime

revision = "invoice_comparisons"
down_revision = "activity_and_reasons"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_INDEXES = {
    "ix_invoice_organization_id_id": ["organization_id", "id"],
    "ix_invoice_organization_id_customer": ["organization_id", "customer", "id"],
    "ix_invoice_organization_id_total": ["organization_id", "total", "id"],
    "ix_invoice_organization_id_compared_as": ["organization_id", "compared_as", "number", "id"],
}


def upgrade() -> None:
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("compared_as", sa.String(length=10), server_default="", nullable=False))
        invoice.add_column(sa.Column("difference", ExactAmount(), nullable=True))
        invoice.add_column(sa.Column("compared_at", UtcTime(timezone=True), nullable=True))
    for name, columns in _INDEXES.items():
        op.create_index(name, "invoice", columns, unique=False)
    op.create_table(
        "invoice_comparison",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("invoice_id", _ID, nullable=False),
        sa.Column("sides", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_comparison_invoice_id_invoice"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_invoice_comparison_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_comparison")),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_invoice_comparison_invoice_id")),
    )
