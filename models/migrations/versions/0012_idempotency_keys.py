"""Keys that programs send with their writes, with the answers; and who made an API token."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "idempotency_keys"
down_revision = "numbers_by_day"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("began_at", UtcTime(timezone=True), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_idempotency_key_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("organization_id", "key", name=op.f("uq_idempotency_key_organization_id_key")),
    )
    op.create_index("ix_idempotency_key_began_at", "idempotency_key", ["began_at"], unique=False)
    op.add_column(
        "api_token", sa.Column("made_by", sa.String(length=254), server_default=sa.text("''"), nullable=False)
    )
    op.execute(
        "UPDATE api_token SET made_by = COALESCE((SELECT MAX(actor) FROM activity"
        " WHERE activity.organization_id = api_token.organization_id AND activity.kind = 'token_created'"
        " AND activity.about = api_token.name AND activity.happened_at = api_token.created_at), '')"
    )
