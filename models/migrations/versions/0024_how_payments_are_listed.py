"""The day under which a payment is listed, and what a voided one came to"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0017"
branch_labels = None
depends_on = None

_DAY = {"sqlite": "date(first_seen_at)", "postgresql": "CAST(first_seen_at AS DATE)"}
_WAS_WORTH = "SELECT SUM(amount) FROM allocation WHERE payment_id = payment.id AND kind IN ('invoice', 'unapplied')"


def upgrade() -> None:
    op.add_column("payment", sa.Column("listed_on", sa.Date(), nullable=True))
    op.add_column("payment", sa.Column("live_total", sa.BigInteger(), nullable=True))
    day = _DAY[op.get_bind().dialect.name]
    op.execute(f"UPDATE payment SET listed_on = COALESCE(paid_on, {day}), live_total = total")  # noqa: S608 - our own words
    # The last live total of these was not kept; what their parts came to is nearest to it.
    op.execute(f"UPDATE payment SET live_total = COALESCE(({_WAS_WORTH}), 0) WHERE state = 'voided'")  # noqa: S608
    with op.batch_alter_table("payment") as batch_op:
        batch_op.alter_column("listed_on", existing_type=sa.Date(), nullable=False)
        batch_op.alter_column("live_total", existing_type=sa.BigInteger(), nullable=False)
        batch_op.create_index(
            "ix_payment_organization_id_listed_on", ["organization_id", "listed_on", "first_seen_at", "id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("payment") as batch_op:
        batch_op.drop_index("ix_payment_organization_id_listed_on")
        batch_op.drop_column("live_total")
        batch_op.drop_column("listed_on")
