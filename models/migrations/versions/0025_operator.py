"""For the operator: pauses of sending, and retrying by a filter."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "operator"
down_revision = "alarms"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        *_pause(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    for table in ("organization", "connection"):
        for column in _pause():
            op.add_column(table, column)
    op.create_table(
        "replay",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("chosen", _JSON, nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay")),
    )
    op.create_table(
        "replay_share",
        sa.Column("id", _ID, nullable=False),
        sa.Column("replay_id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=254), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(length=254), nullable=False),
        sa.Column("stopped_why", sa.String(length=500), nullable=False),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("after_id", _ID, nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["replay_id"], ["replay.id"], name=op.f("fk_replay_share_replay_id_replay")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_replay_share_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_share")),
        sa.UniqueConstraint("replay_id", "organization_id", name=op.f("uq_replay_share_replay_id_organization_id")),
    )
    op.create_index("ix_replay_share_due_at", "replay_share", ["due_at"])
    op.create_index("ix_replay_share_organization_id_due_at", "replay_share", ["organization_id", "due_at"])
    op.create_table(
        "replay_item",
        sa.Column("id", _ID, nullable=False),
        sa.Column("share_id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.ForeignKeyConstraint(["share_id"], ["replay_share.id"], name=op.f("fk_replay_item_share_id_replay_share")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_replay_item_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_item")),
        sa.UniqueConstraint("share_id", "payment_id", name=op.f("uq_replay_item_share_id_payment_id")),
    )


def _pause() -> list[sa.Column[Any]]:
    return [
        sa.Column("paused_at", UtcTime(timezone=True), nullable=True),
        sa.Column("paused_by", sa.String(length=254), server_default=sa.text("''"), nullable=False),
        sa.Column("paused_why", sa.String(length=500), server_default=sa.text("''"), nullable=False),
    ]
