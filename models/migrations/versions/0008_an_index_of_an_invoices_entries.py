"""What stands for the payments on one invoice is found without reading the whole ledger"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "ix_ledger_entry_invoice"


def upgrade() -> None:
    op.create_index(NAME, "ledger_entry", ["connection_id", "target_invoice_id"])


def downgrade() -> None:
    op.drop_index(NAME, "ledger_entry")
