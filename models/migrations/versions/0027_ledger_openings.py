"""The history of each entry of the ledger that has none begins: what was changed before is not known."""

from alembic import op
from sqlalchemy import text

revision = "ledger_openings"
down_revision = "former_pictures"
branch_labels = None
depends_on = None

# What an entry says, in both tables.
_SAID = (
    "connection_id, allocation_id, target_invoice_id, target_payment_id, amount, currency, paid_on, within_seconds, "
    "ours, shared, harmed, finding, found, other_money_ids, created_at, entered_on, removed_at, removed_by_hand, "
    "handed_over"
)
# The organization waits for so many at most, which takes a fraction of a second.
_AT_A_TIME = 5_000
_HAS_HISTORY = (
    "SELECT 1 FROM ledger_change WHERE ledger_change.organization_id = ledger_entry.organization_id"
    " AND ledger_change.entry_id = ledger_entry.id"
)
_OPEN = text(
    f"INSERT INTO ledger_change (organization_id, entry_id, kind, actor, changed_at, {_SAID}) "  # noqa: S608 - names
    f"SELECT organization_id, id, 'opening', '', CURRENT_TIMESTAMP, {_SAID} FROM ledger_entry "
    f"WHERE organization_id = :organization AND NOT EXISTS ({_HAS_HISTORY}) ORDER BY id LIMIT {_AT_A_TIME}"
)


def upgrade() -> None:
    organizations = op.get_bind().scalars(text("SELECT id FROM organization ORDER BY id")).all()
    if op.get_context().dialect.name == "sqlite":
        for organization in organizations:
            while op.get_bind().execute(_OPEN, {"organization": organization}).rowcount:
                pass
        return
    with op.get_context().autocommit_block():
        for organization in organizations:
            while _open(organization):
                pass


def _open(organization: int) -> int:
    """How many histories were begun, in a transaction that has the organization for itself (`models/locks.py`)."""
    connection = op.get_bind()
    connection.exec_driver_sql("BEGIN")
    try:
        connection.execute(
            text("SELECT id FROM organization WHERE id = :organization FOR NO KEY UPDATE"),
            {"organization": organization},
        )
        begun = connection.execute(_OPEN, {"organization": organization}).rowcount
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
    return begun
