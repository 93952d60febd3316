"""The history of the ledger: a row for each change of an entry, which the database itself lets nobody change again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.base import UtcTime

revision = "ledger_changes"
down_revision = "gap_statements"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# What an entry says, in both tables.
_SAID = (
    "connection_id, allocation_id, target_invoice_id, target_payment_id, amount, currency, paid_on, within_seconds, "
    "ours, shared, harmed, finding, found, other_money_ids, created_at, entered_on, removed_at, removed_by_hand, "
    "handed_over"
)
# Programs that keep the history themselves are called `payments`, and what is typed by hand is to be found.
_IS_OLDER = "current_setting('application_name') NOT LIKE 'payments%' AND current_setting('application_name') <> 'psql'"
_REFUSAL = "the history of the ledger is only ever added to"


def upgrade() -> None:
    op.create_table(
        "ledger_change",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("effect_id", _ID, nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("changed_at", UtcTime(timezone=True), nullable=False),
        sa.Column("connection_id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("target_invoice_id", sa.String(length=50), nullable=False),
        sa.Column("target_payment_id", sa.String(length=50), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("within_seconds", sa.Integer(), nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("harmed", sa.Boolean(), nullable=False),
        sa.Column("finding", sa.String(length=20), nullable=False),
        sa.Column("found", _JSON, nullable=True),
        sa.Column("other_money_ids", _JSON, nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("removed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("removed_by_hand", sa.Boolean(), nullable=False),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_change_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_change")),
    )
    op.create_index(
        "ix_ledger_change_organization_id_entry_id_id", "ledger_change", ["organization_id", "entry_id", "id"]
    )
    op.add_column("organization", sa.Column("erasing_since", UtcTime(timezone=True), nullable=True))
    erasing = "SELECT 1 FROM organization WHERE id = OLD.organization_id AND erasing_since IS NOT NULL"
    if op.get_bind().dialect.name == "sqlite":
        for act, when in (("UPDATE", ""), ("DELETE", f"WHEN NOT EXISTS ({erasing}) ")):
            op.execute(
                f"CREATE TRIGGER ledger_change_no_{act.lower()} BEFORE {act} ON ledger_change "
                f"{when}BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND EXISTS ({erasing}) THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_change_is_only_added_to BEFORE UPDATE OR DELETE ON ledger_change "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )
    # The release before this one keeps no history, and goes on working until it is replaced. The release after this one
    # takes both away again (releases.toml). SQLite has no release beside another one: docs/upgrading.md.
    as_it_is = ", ".join(f"NEW.{name.strip()}" for name in _SAID.split(","))
    op.execute(
        "CREATE FUNCTION keep_history_for_older_programs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608 - names
        f"INSERT INTO ledger_change (organization_id, entry_id, kind, actor, changed_at, {_SAID}) "
        f"VALUES (NEW.organization_id, NEW.id, 'by_older_version', '', CURRENT_TIMESTAMP, {as_it_is}); "
        "RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_entry_of_older_programs AFTER INSERT OR UPDATE ON ledger_entry FOR EACH ROW "
        f"WHEN ({_IS_OLDER}) EXECUTE FUNCTION keep_history_for_older_programs()"
    )
