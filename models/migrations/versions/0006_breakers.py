"""Breakers for each kind of call instead of failures of the whole connection, and which secrets a call was made with"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "breaker",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("connection_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("rests_until", models.base.UtcTime(timezone=True), nullable=True),
        sa.Column("probed_until", models.base.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_breaker_connection_id_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaker")),
        sa.UniqueConstraint("connection_id", "kind", name=op.f("uq_breaker_connection_id_kind")),
    )
    op.add_column("connection", sa.Column("secrets_version", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("connection") as batch_op:
        batch_op.drop_column("failures")


def downgrade() -> None:
    op.add_column("connection", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.drop_table("breaker")
    with op.batch_alter_table("connection") as batch_op:
        batch_op.drop_column("secrets_version")
