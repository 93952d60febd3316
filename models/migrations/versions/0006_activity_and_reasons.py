"""Who changed what is written down, each payment stores the reason of its status, and a person can leave one out.

The rule of statuses and reasons is the program's own (`domain/status.py`); the payments there are get theirs at once,
and are counted anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime
from models.database import Session
from models.payment_counts import count_every_payment
from models.payment_statuses import store_every_status

revision = "activity_and_reasons"
down_revision = "sync_tool"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("happened_at", UtcTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=500), nullable=False),
        sa.Column("payment_id", sa.String(length=50), nullable=False),
        sa.Column("changes", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_activity_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_organization_id_id", "activity", ["organization_id", "id"])
    op.drop_table("payment_count")
    op.create_table(
        "payment_count",
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "status", "reason", name=op.f("pk_payment_count")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_payment_count_organization_id_organization")
        ),
    )
    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("reason", sa.String(40), nullable=False, server_default=""))
        payment.add_column(sa.Column("left_out", sa.String(20), nullable=False, server_default=""))
        payment.add_column(sa.Column("left_out_version", sa.Integer(), nullable=True))
        payment.add_column(sa.Column("left_out_note", sa.String(500), nullable=False, server_default=""))
        payment.add_column(sa.Column("left_out_by", sa.String(254), nullable=False, server_default=""))
        payment.add_column(sa.Column("left_out_at", UtcTime(timezone=True), nullable=True))
    session = Session(op.get_bind())
    store_every_status(session)
    count_every_payment(session)
    with op.batch_alter_table("payment") as payment:
        for name in ("reason", "left_out", "left_out_note", "left_out_by"):
            payment.alter_column(name, server_default=None)
        payment.create_index(
            "ix_payment_organization_id_reason", ["organization_id", "reason", "listed_on", "first_seen_at", "id"]
        )
