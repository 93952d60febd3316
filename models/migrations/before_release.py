"""Upgrades the last schemas before the first release to the schema of the first release.

Until then every change had its own migration: nineteen, of which 0018, 0025 and 0026 are the last. They are one now
(`versions/0001_first_release.py`). A database of 0018 has the same tables, with columns that nothing read, and with
defaults that only helped their own migrations. The upgrade drops both and loses no row. A doubt that a flag and the
reason of a hold expressed together becomes one value (that was 0025), and a connection records whether its sums can be
trusted (that was 0026).
"""

import re

from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from sqlalchemy import Column, Connection, String, column, inspect, select, table, update

from models.schema import SchemaTooOld

FIRST = "first_release"
# In their order; nothing older can be upgraded.
LAST = ("0018", "0025", "0026")

_COLUMNS_NO_MORE = {
    "attempt": ["fencing"],
    "decision": ["organization_id", "payment_version"],
    "effect": ["key"],
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
    """Changes the schema in the transaction of this connection; does nothing to a database that does not need it.

    Raises:
        SchemaTooOld: it is older than the last schemas before the first release.
    """
    if connection.dialect.name == "sqlite":
        # Python's driver begins no transaction for a schema change. Half a change would break the database.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    if not inspect(connection).has_table(_VERSION.name):
        return
    # If two processes upgrade at once, the second one waits here and then finds nothing to do.
    moved = connection.execute(update(_VERSION).where(_VERSION.c.version_num.in_(LAST)).values(version_num=FIRST))
    if moved.rowcount:
        _change_tables(Operations(MigrationContext.configure(connection)))
        return
    revision = connection.scalar(select(_VERSION.c.version_num))
    if re.fullmatch(r"\d{4}", revision or ""):
        raise SchemaTooOld(
            f"the database is at revision {revision}, from before the first release; only the last ones before"
            f" it can be brought up to date: {', '.join(LAST)}"
        )


def _change_tables(operations: Operations) -> None:
    there = inspect(operations.get_bind())
    columns = {name: {one["name"] for one in there.get_columns(name)} for name in _NEW_COLUMNS}
    for name, one in _NEW_COLUMNS.items():
        if one not in columns[name]:
            operations.add_column(name, Column(one, String(10), nullable=False, server_default=""))
    has_flag = "maybe_sent" in columns["effect"]
    if has_flag:
        operations.execute(_ONE_DOUBT)
    operations.drop_index("ix_decision_reason", "decision")
    for name in sorted(_COLUMNS_NO_MORE.keys() | _NEEDLESS_DEFAULTS.keys()):
        # For that, SQLite rebuilds the table with all of its rows.
        with operations.batch_alter_table(name) as batch:
            if name == "effect":
                batch.drop_constraint("uq_effect_key", type_="unique")
                _change_columns(batch, ["maybe_sent"] if has_flag else [], [])
            _change_columns(batch, _COLUMNS_NO_MORE.get(name, []), _NEEDLESS_DEFAULTS.get(name, []))


def _change_columns(batch: BatchOperations, unread: list[str], defaults: list[str]) -> None:
    for one in unread:
        batch.drop_column(one)
    for one in defaults:
        batch.alter_column(one, server_default=None)
