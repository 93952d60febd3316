"""What delivery remembers: whole before-images, read-backs owed, harmed payments, and our name at the target"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IS_OWED = sa.text("read_back_owed_since IS NOT NULL")
EFFECT = sa.table("effect", sa.column("id", sa.BigInteger), sa.column("before_image", sa.JSON))


def upgrade() -> None:
    op.add_column("effect", sa.Column("read_back_owed_since", models.base.UtcTime(timezone=True), nullable=True))
    op.create_index(
        "ix_effect_read_back_owed", "effect", ["connection_id"], postgresql_where=IS_OWED, sqlite_where=IS_OWED
    )
    op.add_column("ledger_entry", sa.Column("harmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("connection", sa.Column("author", sa.String(length=100), nullable=False, server_default=""))
    # Images were lists of ids; their amounts are not known any more, which only makes a harm of long ago invisible.
    _rewrite_images(lambda image: [[identity, "0", None] for identity in image])


def downgrade() -> None:
    _rewrite_images(lambda image: [identity for identity, _, _ in image])
    with op.batch_alter_table("connection") as batch_op:
        batch_op.drop_column("author")
    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.drop_column("harmed")
    op.drop_index("ix_effect_read_back_owed", "effect")
    with op.batch_alter_table("effect") as batch_op:
        batch_op.drop_column("read_back_owed_since")


def _rewrite_images(rewritten: Callable[[list[Any]], list[Any]]) -> None:
    bind = op.get_bind()
    for identity, image in bind.execute(sa.select(EFFECT).where(EFFECT.c.before_image.is_not(None))).all():
        if image:
            bind.execute(EFFECT.update().where(EFFECT.c.id == identity).values(before_image=rewritten(image)))
