"""Previews of a change of preferences, and the parts of payments behind their numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "previews"
down_revision = "people"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "preview",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("after", _JSON, nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("after_id", _ID, nullable=False),
        sa.Column("newest_id", _ID, nullable=False),
        sa.Column("statuses", _JSON, nullable=False),
        sa.Column("due_anyway", sa.Integer(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("counted_at", UtcTime(timezone=True), nullable=True),
        sa.Column("saved_by", sa.String(length=254), nullable=False),
        sa.Column("saved_at", UtcTime(timezone=True), nullable=True),
        sa.Column("came_out", _JSON, nullable=False),
        sa.Column("comparing", _JSON, nullable=False),
        sa.Column("compared_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_preview_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview")),
    )
    op.create_index("ix_preview_organization_id_id", "preview", ["organization_id", "id"], unique=False)
    op.create_index("ix_preview_due_at", "preview", ["due_at"], unique=False)
    op.create_table(
        "preview_piece",
        sa.Column("id", _ID, nullable=False),
        sa.Column("preview_id", _ID, nullable=False),
        sa.Column("last_id", _ID, nullable=False),
        sa.Column("parts", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["preview_id"], ["preview.id"], name=op.f("fk_preview_piece_preview_id_preview")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_piece")),
    )
    op.create_index("ix_preview_piece_preview_id_last_id", "preview_piece", ["preview_id", "last_id"], unique=True)


def downgrade() -> None:
    op.drop_table("preview_piece")
    op.drop_table("preview")
