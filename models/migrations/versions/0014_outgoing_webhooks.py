"""Endpoints, and the notices that they are told about payments; a payment counts the changes of its status."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "outgoing_webhooks"
down_revision = "reconciliation"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WAITS = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column("organization", sa.Column("has_endpoints", sa.Boolean(), nullable=False, server_default=sa.false()))
    # A constant default rewrites the table on neither database.
    op.add_column("payment", sa.Column("status_changes", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "endpoint",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("kinds", _JSON, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.String(length=200), nullable=False),
        sa.Column("sealed_secrets", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("delivered_at", UtcTime(timezone=True), nullable=True),
        sa.Column("failing_since", UtcTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_endpoint_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
    )
    op.create_index("ix_endpoint_organization_id_id", "endpoint", ["organization_id", "id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("endpoint_id", _ID, nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payment_id", _ID, nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("facts", _JSON, nullable=True),
        sa.Column("occurred_at", UtcTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_tried_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name=op.f("fk_notice_endpoint_id_endpoint")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_notice_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_notice_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("uid", name=op.f("uq_notice_uid")),
    )
    op.create_index("ix_notice_endpoint_id_id", "notice", ["endpoint_id", "id"], unique=False)
    op.create_index("ix_notice_endpoint_id_state", "notice", ["endpoint_id", "state", "id"], unique=False)
    op.create_index("ix_notice_due_at", "notice", ["endpoint_id", "state", "due_at", "id"], unique=False)
    op.create_index(
        "ix_notice_waiting",
        "notice",
        ["payment_id", "endpoint_id"],
        unique=False,
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    )
    op.create_table(
        "notice_try",
        sa.Column("id", _ID, nullable=False),
        sa.Column("notice_id", _ID, nullable=False),
        sa.Column("tried_at", UtcTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_try_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_try")),
    )
    op.create_index("ix_notice_try_notice_id", "notice_try", ["notice_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("notice_try")
    op.drop_table("notice")
    op.drop_table("endpoint")
    op.drop_column("payment", "status_changes")
    op.drop_column("organization", "has_endpoints")
