"""People: roles within an organization, invitations, and second factors.

Everybody who worked in an organization could do everything there, so each becomes one of its admins.
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision = "people"
down_revision = "invoice_comparisons"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("UPDATE dashboard_user SET role = 'admin' WHERE role <> 'operator'")
    op.add_column("dashboard_user", sa.Column("last_login_at", UtcTime(timezone=True), nullable=True))
    op.add_column(
        "dashboard_session", sa.Column("browser", sa.String(length=60), nullable=False, server_default=sa.text("''"))
    )
    op.create_table(
        "invitation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_invitation_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("organization_id", "email", name=op.f("uq_invitation_organization_id_email")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_table(
        "second_factor",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["dashboard_user.id"], name=op.f("fk_second_factor_user_id_dashboard_user")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["dashboard_user.id"], name=op.f("fk_recovery_code_user_id_dashboard_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )
    op.create_table(
        "half_login",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], name=op.f("fk_half_login_user_id_dashboard_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_login")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_half_login_key_hash")),
    )
    op.create_index(op.f("ix_half_login_user_id"), "half_login", ["user_id"], unique=False)
    op.create_index(op.f("ix_half_login_expires_at"), "half_login", ["expires_at"], unique=False)
