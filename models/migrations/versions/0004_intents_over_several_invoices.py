"""The platform's own payment may pay several invoices, and leave a rest on account"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "own_payment_intent_part",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("intent_id", BIG_ID, nullable=False),
        sa.Column("document_id", sa.String(length=50), nullable=False),
        sa.Column("amount", models.base.ExactAmount(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["own_payment_intent.id"],
            name=op.f("fk_own_payment_intent_part_intent_id_own_payment_intent"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_payment_intent_part")),
        sa.UniqueConstraint("intent_id", "document_id", name=op.f("uq_own_payment_intent_part_intent_id_document_id")),
    )
    # Until now an intent was one invoice that gets all of it.
    op.execute(
        "INSERT INTO own_payment_intent_part (intent_id, document_id, amount)"
        " SELECT id, document_id, amount FROM own_payment_intent"
    )
    with op.batch_alter_table("own_payment_intent") as batch_op:
        batch_op.drop_column("document_id")


def downgrade() -> None:
    op.add_column(
        "own_payment_intent", sa.Column("document_id", sa.String(length=50), server_default="", nullable=False)
    )
    # Intents over several invoices cannot be told any more; one of them is as good as another.
    op.execute(
        "UPDATE own_payment_intent SET document_id = coalesce((SELECT min(part.document_id)"
        " FROM own_payment_intent_part part WHERE part.intent_id = own_payment_intent.id), '')"
    )
    op.drop_table("own_payment_intent_part")
