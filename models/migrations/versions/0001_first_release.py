"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import ExactAmount, UtcTime

# Words, not a number: databases from before the first release carry numbers (`models/migrations/before_release.py`).
revision = "first_release"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:  # noqa: PLR0915 - a list of tables
    op.create_table(
        "lane",
        sa.Column("id", _ID, nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("fencing", _ID, nullable=False),
        sa.Column("lease_until", UtcTime(timezone=True), nullable=True),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint("step", "owner_id", name=op.f("uq_lane_step_owner_id")),
    )
    op.create_table(
        "organization",
        sa.Column("id", _ID, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sync_enabled", sa.Boolean(), nullable=False),
        sa.Column("sync_tool_enabled", sa.Boolean(), nullable=False),
        sa.Column("sync_mode", sa.String(length=20), nullable=False),
        sa.Column("cut_off_on", sa.Date(), nullable=True),
        sa.Column("correction_policy", sa.String(length=20), nullable=False),
        sa.Column("twin_policy", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.Column("last_used_at", UtcTime(timezone=True), nullable=True),
        sa.Column("revoked_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_api_token_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_organization_id"), "api_token", ["organization_id"])

    op.create_table(
        "connect_request",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("vendor", sa.String(length=30), nullable=False),
        sa.Column("session_id", _ID, nullable=True),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_connect_request_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connect_request")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_connect_request_state_hash")),
    )
    op.create_table(
        "connection",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("vendor", sa.String(length=30), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("sealed_secrets", sa.Text(), nullable=False),
        sa.Column("secrets_version", sa.Integer(), nullable=False),
        sa.Column("cursor_at", UtcTime(timezone=True), nullable=True),
        sa.Column("next_catch_up_at", UtcTime(timezone=True), nullable=True),
        sa.Column("caught_up_at", UtcTime(timezone=True), nullable=True),
        sa.Column("heard_at", UtcTime(timezone=True), nullable=True),
        sa.Column("not_before", UtcTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=40), nullable=False),
        sa.Column("status_detail", sa.Text(), nullable=False),
        sa.Column("missed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("reconnect_by", UtcTime(timezone=True), nullable=True),
        sa.Column("read_at", UtcTime(timezone=True), nullable=True),
        sa.Column("read_streak", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("sums", sa.String(length=10), nullable=False),
        sa.Column("connected_at", UtcTime(timezone=True), nullable=False),
        sa.Column("disconnected_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_connection_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("organization_id", "role", name=op.f("uq_connection_organization_id_role")),
        sa.UniqueConstraint("vendor", "account_id", name=op.f("uq_connection_vendor_account_id")),
    )
    op.create_index("ix_connection_role_status_next_catch_up_at", "connection", ["role", "status", "next_catch_up_at"])

    op.create_table(
        "dashboard_user",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("organization_id", _ID, nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("disabled_at", UtcTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role = 'operator') = (organization_id IS NULL)", name="ck_dashboard_user_organization"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_dashboard_user_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_user")),
        sa.UniqueConstraint("email", name=op.f("uq_dashboard_user_email")),
    )
    op.create_table(
        "invoice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.String(length=50), nullable=True),
        sa.Column("target_id", sa.String(length=50), nullable=True),
        sa.Column("link_learned", sa.Boolean(), nullable=False),
        sa.Column("total", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("updated_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_invoice_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("organization_id", "source_id", name=op.f("uq_invoice_organization_id_source_id")),
    )
    op.create_index("ix_invoice_organization_id_number", "invoice", ["organization_id", "number"])
    op.create_index("ix_invoice_organization_id_target_id", "invoice", ["organization_id", "target_id"])

    op.create_table(
        "breaker",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_since", UtcTime(timezone=True), nullable=True),
        sa.Column("rests_until", UtcTime(timezone=True), nullable=True),
        sa.Column("probed_until", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_breaker_connection_id_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaker")),
        sa.UniqueConstraint("connection_id", "kind", name=op.f("uq_breaker_connection_id_kind")),
    )
    op.create_table(
        "dashboard_session",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_dashboard_session_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["dashboard_user.id"], name=op.f("fk_dashboard_session_user_id_dashboard_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_dashboard_session_key_hash")),
    )
    op.create_index(op.f("ix_dashboard_session_expires_at"), "dashboard_session", ["expires_at"])
    op.create_index(op.f("ix_dashboard_session_user_id"), "dashboard_session", ["user_id"])

    op.create_table(
        "gap",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_at", UtcTime(timezone=True), nullable=False),
        sa.Column("until_at", UtcTime(timezone=True), nullable=True),
        sa.Column("opened_at", UtcTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("entities", sa.String(length=40), nullable=False),
        sa.Column("scan_began_at", UtcTime(timezone=True), nullable=True),
        sa.Column("scan_from_at", UtcTime(timezone=True), nullable=True),
        sa.Column("listed_until_at", UtcTime(timezone=True), nullable=True),
        sa.Column("checked_id", sa.String(length=50), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.Column("changed_count", sa.Integer(), nullable=False),
        sa.Column("deleted_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_gap_connection_id_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    op.create_index("ix_gap_connection_id_closed_at", "gap", ["connection_id", "closed_at"])

    op.create_table(
        "inbox_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.String(length=50), nullable=False),
        sa.Column("verb", sa.String(length=20), nullable=False),
        sa.Column("occurred_at", UtcTime(timezone=True), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_inbox_event_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_event")),
        sa.UniqueConstraint(
            "connection_id", "source", "event_id", name=op.f("uq_inbox_event_connection_id_source_event_id")
        ),
    )
    op.create_index("ix_inbox_event_entity", "inbox_event", ["connection_id", "entity", "entity_id"])
    op.create_index(
        "ix_inbox_event_waiting",
        "inbox_event",
        ["connection_id", "id"],
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )

    op.create_table(
        "invoice_look",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("others", ExactAmount(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("looked_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_invoice_look_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_look")),
        sa.UniqueConstraint(
            "connection_id", "target_invoice_id", name=op.f("uq_invoice_look_connection_id_target_invoice_id")
        ),
    )
    op.create_index(
        "ix_invoice_look_due",
        "invoice_look",
        ["connection_id", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )

    op.create_table(
        "login_link",
        sa.Column("id", _ID, nullable=False),
        sa.Column("nonce_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=False),
        sa.Column("used_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], name=op.f("fk_login_link_user_id_dashboard_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_link")),
        sa.UniqueConstraint("nonce_hash", name=op.f("uq_login_link_nonce_hash")),
    )
    op.create_index(op.f("ix_login_link_expires_at"), "login_link", ["expires_at"])
    op.create_index(op.f("ix_login_link_user_id"), "login_link", ["user_id"])

    op.create_table(
        "metered_reads",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_metered_reads_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metered_reads")),
        sa.UniqueConstraint("connection_id", "month", name=op.f("uq_metered_reads_connection_id_month")),
    )
    op.create_table(
        "own_payment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_own_payment_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_payment")),
        sa.UniqueConstraint("connection_id", "external_id", name=op.f("uq_own_payment_connection_id_external_id")),
    )
    op.create_table(
        "own_payment_intent",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("marker", sa.String(length=100), nullable=False),
        sa.Column("amount", ExactAmount(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_own_payment_intent_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_payment_intent")),
        sa.UniqueConstraint("connection_id", "marker", name=op.f("uq_own_payment_intent_connection_id_marker")),
    )
    op.create_index("ix_own_payment_intent_connection_id_amount", "own_payment_intent", ["connection_id", "amount"])

    op.create_table(
        "payment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("deletion_inferred", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcTime(timezone=True), nullable=True),
        sa.Column("flaw", sa.String(length=40), nullable=True),
        sa.Column("flawed_version", sa.Integer(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("total", ExactAmount(), nullable=False),
        sa.Column("live_total", ExactAmount(), nullable=False),
        sa.Column("unapplied", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("customer_id", sa.String(length=50), nullable=False),
        sa.Column("customer_name", sa.String(length=500), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_payment_connection_id_connection")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_payment_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("connection_id", "external_id", name=op.f("uq_payment_connection_id_external_id")),
    )
    op.create_index("ix_payment_organization_id_id", "payment", ["organization_id", "id"])
    op.create_index(
        "ix_payment_organization_id_listed_on", "payment", ["organization_id", "listed_on", "first_seen_at", "id"]
    )

    op.create_table(
        "source_invoice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=True),
        sa.Column("total", ExactAmount(), nullable=False),
        sa.Column("balance", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("customer_name", sa.String(length=500), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("deletion_inferred", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_source_invoice_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_invoice")),
        sa.UniqueConstraint("connection_id", "external_id", name=op.f("uq_source_invoice_connection_id_external_id")),
    )
    op.create_index("ix_source_invoice_connection_id_number", "source_invoice", ["connection_id", "number"])

    op.create_table(
        "allocation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("document_id", sa.String(length=50), nullable=False),
        sa.Column("amount", ExactAmount(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("similar_payment_ids", _JSON, nullable=True),
        sa.Column("ignore_twins", sa.Boolean(), nullable=False),
        sa.Column("same_money_id", sa.String(length=50), nullable=True),
        sa.Column("match_due_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_allocation_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_allocation_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint(
            "payment_id", "kind", "document_id", name=op.f("uq_allocation_payment_id_kind_document_id")
        ),
    )
    op.create_index("ix_allocation_organization_id_document_id", "allocation", ["organization_id", "document_id"])
    op.create_index(
        "ix_allocation_organization_id_match_due_at",
        "allocation",
        ["organization_id", "match_due_at"],
        postgresql_where=sa.text("match_due_at IS NOT NULL"),
        sqlite_where=sa.text("match_due_at IS NOT NULL"),
    )

    op.create_table(
        "own_payment_intent_part",
        sa.Column("id", _ID, nullable=False),
        sa.Column("intent_id", _ID, nullable=False),
        sa.Column("document_id", sa.String(length=50), nullable=False),
        sa.Column("amount", ExactAmount(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["own_payment_intent.id"],
            name=op.f("fk_own_payment_intent_part_intent_id_own_payment_intent"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_payment_intent_part")),
        sa.UniqueConstraint("intent_id", "document_id", name=op.f("uq_own_payment_intent_part_intent_id_document_id")),
    )
    op.create_table(
        "decision",
        sa.Column("id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("verdicts", _JSON, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("seen", _JSON, nullable=True),
        sa.Column("decided_at", UtcTime(timezone=True), nullable=False),
        sa.Column("looked_at", UtcTime(timezone=True), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocation.id"], name=op.f("fk_decision_allocation_id_allocation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_allocation_id"), "decision", ["allocation_id"])
    op.create_index(
        "uq_decision_current",
        "decision",
        ["allocation_id"],
        unique=True,
        postgresql_where=sa.text("current"),
        sqlite_where=sa.text("current"),
    )

    op.create_table(
        "effect",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("target_payment_id", sa.String(length=50), nullable=True),
        sa.Column("amount", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fencing", _ID, nullable=False),
        sa.Column("before_image", _JSON, nullable=True),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.Column("sent_into", sa.String(length=50), nullable=True),
        sa.Column("read_back_owed_since", UtcTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("delivered_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["allocation_id"], ["allocation.id"], name=op.f("fk_effect_allocation_id_allocation")),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_effect_connection_id_connection")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_effect_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect")),
        sa.UniqueConstraint("allocation_id", "generation", name=op.f("uq_effect_allocation_id_generation")),
    )
    op.create_index(op.f("ix_effect_allocation_id"), "effect", ["allocation_id"])
    op.create_index(
        "ix_effect_due",
        "effect",
        ["connection_id", "due_at"],
        postgresql_where=sa.text("state IN ('pending', 'sending', 'in_doubt')"),
        sqlite_where=sa.text("state IN ('pending', 'sending', 'in_doubt')"),
    )
    op.create_index("ix_effect_invoice", "effect", ["connection_id", "target_invoice_id", "state"])
    op.create_index(
        "ix_effect_read_back_owed",
        "effect",
        ["connection_id"],
        postgresql_where=sa.text("read_back_owed_since IS NOT NULL"),
        sqlite_where=sa.text("read_back_owed_since IS NOT NULL"),
    )
    op.create_index(
        "uq_effect_open",
        "effect",
        ["allocation_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('pending', 'sending', 'in_doubt')"),
        sqlite_where=sa.text("state IN ('pending', 'sending', 'in_doubt')"),
    )

    op.create_table(
        "ledger_entry",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("target_payment_id", sa.String(length=50), nullable=False),
        sa.Column("amount", ExactAmount(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("harmed", sa.Boolean(), nullable=False),
        sa.Column("finding", sa.String(length=20), nullable=False),
        sa.Column("found", _JSON, nullable=True),
        sa.Column("other_money_ids", _JSON, nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("removed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("removed_by_hand", sa.Boolean(), nullable=False),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocation.id"], name=op.f("fk_ledger_entry_allocation_id_allocation")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_ledger_entry_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_entry_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    op.create_index(op.f("ix_ledger_entry_allocation_id"), "ledger_entry", ["allocation_id"])
    op.create_index("ix_ledger_entry_invoice", "ledger_entry", ["connection_id", "target_invoice_id"])
    op.create_index(
        "uq_ledger_entry_claim",
        "ledger_entry",
        ["connection_id", "target_invoice_id", "target_payment_id"],
        unique=True,
        postgresql_where=sa.text("NOT shared AND NOT handed_over"),
        sqlite_where=sa.text("NOT shared AND NOT handed_over"),
    )
    op.create_index(
        "uq_ledger_entry_live",
        "ledger_entry",
        ["allocation_id"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
        sqlite_where=sa.text("removed_at IS NULL"),
    )

    op.create_table(
        "attempt",
        sa.Column("id", _ID, nullable=False),
        sa.Column("effect_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["effect_id"], ["effect.id"], name=op.f("fk_attempt_effect_id_effect")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("effect_id", "number", name=op.f("uq_attempt_effect_id_number")),
    )


def downgrade() -> None:
    op.drop_table("attempt")
    op.drop_table("ledger_entry")
    op.drop_table("effect")
    op.drop_table("decision")
    op.drop_table("own_payment_intent_part")
    op.drop_table("allocation")
    op.drop_table("source_invoice")
    op.drop_table("payment")
    op.drop_table("own_payment_intent")
    op.drop_table("own_payment")
    op.drop_table("metered_reads")
    op.drop_table("login_link")
    op.drop_table("invoice_look")
    op.drop_table("inbox_event")
    op.drop_table("gap")
    op.drop_table("dashboard_session")
    op.drop_table("breaker")
    op.drop_table("invoice")
    op.drop_table("dashboard_user")
    op.drop_table("connection")
    op.drop_table("connect_request")
    op.drop_table("api_token")
    op.drop_table("organization")
    op.drop_table("lane")
