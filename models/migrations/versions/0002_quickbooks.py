"""QuickBooks complete: gaps, metered reads, connect requests, intents, and how a connection's webhooks are"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CONNECTION_COLUMNS = ("missed_at", "missed_count", "reconnect_by", "read_at", "read_streak")


def upgrade() -> None:
    op.add_column("connection", sa.Column("missed_at", models.base.UtcTime(timezone=True), nullable=True))
    op.add_column("connection", sa.Column("missed_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("connection", sa.Column("reconnect_by", models.base.UtcTime(timezone=True), nullable=True))
    op.add_column("connection", sa.Column("read_at", models.base.UtcTime(timezone=True), nullable=True))
    op.add_column("connection", sa.Column("read_streak", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "gap",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("connection_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_at", models.base.UtcTime(timezone=True), nullable=False),
        sa.Column("until_at", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("opened_at", models.base.UtcTime(timezone=True), nullable=False),
        sa.Column("closed_at", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("entities", sa.String(length=40), nullable=False),
        sa.Column("scan_began_at", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("scan_from_at", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("listed_until_at", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("checked_id", sa.String(length=50), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.Column("changed_count", sa.Integer(), nullable=False),
        sa.Column("deleted_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_gap_connection_id_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    op.create_index("ix_gap_connection_id_closed_at", "gap", ["connection_id", "closed_at"])
    op.create_table(
        "metered_reads",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("connection_id", BIG_ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_metered_reads_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metered_reads")),
        sa.UniqueConstraint("connection_id", "month", name=op.f("uq_metered_reads_connection_id_month")),
    )
    op.create_table(
        "connect_request",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("vendor", sa.String(length=30), nullable=False),
        sa.Column("session_id", BIG_ID, nullable=True),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("expires_at", models.base.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_connect_request_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connect_request")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_connect_request_state_hash")),
    )
    op.create_table(
        "own_payment_intent",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("connection_id", BIG_ID, nullable=False),
        sa.Column("marker", sa.String(length=100), nullable=False),
        sa.Column("amount", models.base.ExactAmount(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.String(length=50), nullable=False),
        sa.Column("registered_at", models.base.UtcTime(timezone=True), nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_own_payment_intent_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_payment_intent")),
        sa.UniqueConstraint("connection_id", "marker", name=op.f("uq_own_payment_intent_connection_id_marker")),
    )
    op.create_index("ix_own_payment_intent_connection_id_amount", "own_payment_intent", ["connection_id", "amount"])


def downgrade() -> None:
    op.drop_index("ix_own_payment_intent_connection_id_amount", "own_payment_intent")
    op.drop_table("own_payment_intent")
    op.drop_table("connect_request")
    op.drop_table("metered_reads")
    op.drop_index("ix_gap_connection_id_closed_at", "gap")
    op.drop_table("gap")
    with op.batch_alter_table("connection") as batch_op:
        for name in CONNECTION_COLUMNS:
            batch_op.drop_column(name)
