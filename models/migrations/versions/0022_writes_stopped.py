"""A broken invariant stops an organization's writes; each comparison keeps what it found of the invariants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "writes_stopped"
down_revision = "ledger_changes"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("organization", sa.Column("writes_stopped_at", UtcTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("writes_stopped_for", _JSON, nullable=True))
    op.add_column("reconciliation_run", sa.Column("invariants", _JSON, nullable=True))
