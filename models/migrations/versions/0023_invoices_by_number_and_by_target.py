"""Indexes for who else has an invoice's number, and to which records a target invoice is linked"""

from alembic import op

revision = "0023"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_invoice_organization_id_target_id", "invoice", ["organization_id", "target_id"])
    op.create_index("ix_source_invoice_connection_id_number", "source_invoice", ["connection_id", "number"])


def downgrade() -> None:
    op.drop_index("ix_source_invoice_connection_id_number", "source_invoice")
    op.drop_index("ix_invoice_organization_id_target_id", "invoice")
