"""The way from the last schema before the first release to that of the first release.

Until then every change had a migration of its own: seventeen, of which 0018 is the last. They are one now
(`versions/0001_first_release.py`). A database of the last of them has the same tables, with columns that nothing read,
and with defaults that only helped their own migrations. Here it loses both, and no row. What was doubted by a flag and
by the reason of a hold becomes one value.
"""

import re

from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from sqlalchemy import Column, Connection, String, column, inspect, select, table, update

from models.schema import SchemaTooOld

LAST, FIRST = "0018", "first_release"

_COLUMNS_NO_MORE = {
    "attempt": ["fencing"],
    "decision": ["organization_id", "payment_version"],
    "effect": ["key", "maybe_sent"],
    "inbox_event": ["outcome"],
    "invoice": ["created_at"],
    "own_payment": ["registered_at"],
    "own_payment_intent": ["registered_at"],
}
_NEEDLESS_DEFAULTS = {
    "connection": ["author", "missed_count", "read_streak", "secrets_version", "sums"],
    "effect": ["doubt"],
    "invoice": ["link_learned"],
    "ledger_entry": ["finding", "handed_over", "harmed", "removed_by_hand"],
    "payment": ["deletion_inferred"],
    "source_invoice": ["deletion_inferred"],
}
_NEW_COLUMNS = {"connection": "sums", "effect": "doubt"}
_ONE_DOUBT = """
    UPDATE effect SET doubt = CASE
        WHEN maybe_sent AND reason IN ('several_candidates', 'target_replaced', 'target_changed_it') THEN 'asked'
        WHEN maybe_sent THEN 'unanswered'
        WHEN reason IN ('several_candidates', 'target_replaced', 'target_changed_it') THEN 'amiss'
        ELSE ''
    END
"""
_VERSION = table("alembic_version", column("version_num"))


def bring_over(connection: Connection) -> None:
    """Changes the schema in the transaction of this connection; does nothing to a database that has no such need.

    Raises:
        SchemaTooOld: it is older than the last schema before the first release.
    """
    if connection.dialect.name == "sqlite":
        # Python's driver begins no transaction for a change of the schema. Half of one would be a broken database.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    if not inspect(connection).has_table(_VERSION.name):
        return
    # Of two who are at it, the second one waits here and then finds nothing to do.
    moved = connection.execute(update(_VERSION).where(_VERSION.c.version_num == LAST).values(version_num=FIRST))
    if moved.rowcount:
        _change_tables(Operations(MigrationContext.configure(connection)))
        return
    revision = connection.scalar(select(_VERSION.c.version_num))
    if re.fullmatch(r"\d{4}", revision or ""):
        raise SchemaTooOld(
            f"the database is at revision {revision}, from before the first release; only {LAST}, the last one before it,"
            " can be brought up to date"
        )


def _change_tables(operations: Operations) -> None:
    for name, one in _NEW_COLUMNS.items():
        operations.add_column(name, Column(one, String(10), nullable=False, server_default=""))
    operations.execute(_ONE_DOUBT)
    operations.drop_index("ix_decision_reason", "decision")
    for name in sorted(_COLUMNS_NO_MORE.keys() | _NEEDLESS_DEFAULTS.keys()):
        # SQLite makes the table anew for that, with all of its rows.
        with operations.batch_alter_table(name) as batch:
            if name == "effect":
                batch.drop_constraint("uq_effect_key", type_="unique")
            _change_columns(batch, _COLUMNS_NO_MORE.get(name, []), _NEEDLESS_DEFAULTS.get(name, []))


def _change_columns(batch: BatchOperations, unread: list[str], defaults: list[str]) -> None:
    for one in unread:
        batch.drop_column(one)
    for one in defaults:
        batch.alter_column(one, server_default=None)
