"""Alarms, what endpoints have been told of them and at which hours, and who is looked at for alarms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "alarms"
down_revision = "operations"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name, default in (("hears_payments", sa.true()), ("hears_alarms", sa.false()), ("urgent_anyway", sa.true())):
        op.add_column("endpoint", sa.Column(name, sa.Boolean(), nullable=False, server_default=default))
    op.add_column("endpoint", sa.Column("quiet_from", sa.Time(), nullable=True))
    op.add_column("endpoint", sa.Column("quiet_until", sa.Time(), nullable=True))
    op.add_column("endpoint", sa.Column("digest_hours", sa.Integer(), nullable=False, server_default="4"))
    op.create_table(
        "alarm",
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("began_at", UtcTime(timezone=True), nullable=False),
        sa.Column("causes", _JSON, nullable=False),
        sa.Column("gone_since", UtcTime(timezone=True), nullable=True),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_alarm_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind", name=op.f("pk_alarm")),
    )
    op.create_table(
        "alarm_telling",
        sa.Column("endpoint_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("told", _JSON, nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name=op.f("fk_alarm_telling_endpoint_id_endpoint")),
        sa.PrimaryKeyConstraint("endpoint_id", "kind", name=op.f("pk_alarm_telling")),
    )
    op.create_table(
        "alarm_watch",
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_alarm_watch_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_alarm_watch")),
    )
    op.create_index("ix_alarm_watch_due_at", "alarm_watch", ["due_at"], unique=False)
