"""The signs of life of processes, and the sums of what they count."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "operations"
down_revision = "writes_stopped"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "running_process",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("queues", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("alive_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_running_process")),
    )
    op.create_table(
        "measure",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("labels", sa.String(length=300), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", "part", name=op.f("pk_measure")),
    )


def downgrade() -> None:
    op.drop_table("measure")
    op.drop_table("running_process")
