"""The Sync Tool: the biller's closed invoices, what became of each, runs, customers, and the books' lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import ExactAmount, UtcTime

revision = "sync_tool"
down_revision = "payment_counts"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "copy_run",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=200), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("checked_anew", sa.Integer(), nullable=False),
        sa.Column("confirmed_beforehand", sa.Boolean(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_copy_run_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_run")),
    )
    op.create_index("ix_copy_run_organization_id_state", "copy_run", ["organization_id", "state"], unique=False)
    op.create_index("ix_copy_run_due_at", "copy_run", ["due_at"], unique=False)
    op.create_table(
        "customer_link",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("company_id", sa.String(length=50), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.String(length=50), nullable=True),
        sa.Column("customer", sa.String(length=500), nullable=False),
        sa.Column("create_as", sa.String(length=500), nullable=True),
        sa.Column("found_id", sa.String(length=50), nullable=True),
        sa.Column("found", sa.String(length=500), nullable=False),
        sa.Column("found_owner", sa.String(length=20), nullable=True),
        sa.Column("found_active", sa.Boolean(), nullable=False),
        sa.Column("looked_at", UtcTime(timezone=True), nullable=True),
        sa.Column("chosen_by", sa.String(length=200), nullable=False),
        sa.Column("chosen_at", UtcTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_customer_link_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_link")),
        sa.UniqueConstraint("organization_id", "company_id", name=op.f("uq_customer_link_organization_id_company_id")),
    )
    op.create_table(
        "billed_invoice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("subtotal", ExactAmount(), nullable=False),
        sa.Column("tax", ExactAmount(), nullable=False),
        sa.Column("total", ExactAmount(), nullable=False),
        sa.Column("company_id", sa.String(length=50), nullable=False),
        sa.Column("company_identifier", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("bill_to_id", sa.String(length=50), nullable=False),
        sa.Column("bill_to_identifier", sa.String(length=200), nullable=False),
        sa.Column("bill_to", sa.String(length=200), nullable=False),
        sa.Column("location_id", sa.String(length=50), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("closed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("listed_at", UtcTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=True),
        sa.Column("state_before", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("fencing", _ID, nullable=True),
        sa.Column("run_id", _ID, nullable=True),
        sa.Column("books_id", sa.String(length=50), nullable=True),
        sa.Column("books_version", sa.Integer(), nullable=True),
        sa.Column("books_seen_at", UtcTime(timezone=True), nullable=True),
        sa.Column("books_total", ExactAmount(), nullable=True),
        sa.Column("books_tax", ExactAmount(), nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("rounding_of_version", sa.Integer(), nullable=True),
        sa.Column("update_of_version", sa.Integer(), nullable=True),
        sa.Column("unwanted", sa.Boolean(), nullable=False),
        sa.Column("batch_identifier", sa.String(length=50), nullable=True),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("copied_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_billed_invoice_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_billed_invoice_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["copy_run.id"], name=op.f("fk_billed_invoice_run_id_copy_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billed_invoice")),
        sa.UniqueConstraint("connection_id", "external_id", name=op.f("uq_billed_invoice_connection_id_external_id")),
        sa.UniqueConstraint("organization_id", "books_id", name=op.f("uq_billed_invoice_organization_id_books_id")),
    )
    op.create_index("ix_billed_invoice_due_at", "billed_invoice", ["due_at", "organization_id"], unique=False)
    op.create_index(
        "ix_billed_invoice_list", "billed_invoice", ["organization_id", "state", "issued_on", "id"], unique=False
    )
    op.create_index("ix_billed_invoice_location", "billed_invoice", ["organization_id", "location"], unique=False)
    op.create_index(
        "ix_billed_invoice_sums", "billed_invoice", ["organization_id", "state", "currency", "total"], unique=False
    )
    op.create_table(
        "billed_list",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("after", sa.String(length=100), nullable=True),
        sa.Column("started_at", UtcTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcTime(timezone=True), nullable=True),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("unreadable", _JSON, nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_billed_list_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_billed_list_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billed_list")),
        sa.UniqueConstraint("connection_id", name=op.f("uq_billed_list_connection_id")),
    )
    op.create_index(op.f("ix_billed_list_due_at"), "billed_list", ["due_at"], unique=False)
    op.create_table(
        "books_lists",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("rules", _JSON, nullable=True),
        sa.Column("rules_read_at", UtcTime(timezone=True), nullable=True),
        sa.Column("items", _JSON, nullable=False),
        sa.Column("tax_codes", _JSON, nullable=False),
        sa.Column("lists_read_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_books_lists_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_books_lists_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_books_lists")),
        sa.UniqueConstraint("connection_id", name=op.f("uq_books_lists_connection_id")),
    )
    op.create_index(op.f("ix_books_lists_due_at"), "books_lists", ["due_at"], unique=False)
    op.create_table(
        "copy_attempt",
        sa.Column("id", _ID, nullable=False),
        sa.Column("billed_invoice_id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("request_id", sa.String(length=50), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["billed_invoice_id"], ["billed_invoice.id"], name=op.f("fk_copy_attempt_billed_invoice_id_billed_invoice")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["copy_run.id"], name=op.f("fk_copy_attempt_run_id_copy_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_attempt")),
    )
    op.create_index("ix_copy_attempt_billed_invoice_id", "copy_attempt", ["billed_invoice_id", "id"], unique=False)
    op.create_table(
        "copy_run_item",
        sa.Column("id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("billed_invoice_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("preview", _JSON, nullable=True),
        sa.Column("books_id", sa.String(length=50), nullable=True),
        sa.Column("ended_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["billed_invoice_id"], ["billed_invoice.id"], name=op.f("fk_copy_run_item_billed_invoice_id_billed_invoice")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["copy_run.id"], name=op.f("fk_copy_run_item_run_id_copy_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_run_item")),
        sa.UniqueConstraint("run_id", "billed_invoice_id", name=op.f("uq_copy_run_item_run_id_billed_invoice_id")),
    )
    op.create_index("ix_copy_run_item_billed_invoice_id", "copy_run_item", ["billed_invoice_id"], unique=False)
    op.create_index("ix_copy_run_item_run_id_state", "copy_run_item", ["run_id", "state", "id"], unique=False)
    with op.batch_alter_table("organization") as organization:
        organization.add_column(sa.Column("copy_choices", _JSON, server_default=sa.text("'{}'"), nullable=False))
