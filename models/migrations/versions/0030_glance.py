"""What match saw of an untouched invoice, for push in the same second."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "glance"
down_revision = "trace"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("effect", sa.Column("glance", _JSON, nullable=True))
