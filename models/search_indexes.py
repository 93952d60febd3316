"""The indexes by which a search finds part of a text: each text is cut into pieces of three characters.

PostgreSQL has them in its extension pg_trgm, SQLite in a full-text table beside each table, kept by triggers. They only
tell which rows to look at; the search compares the texts itself and finds the same without them, only slower.

They belong to no revision of the schema. Every upgrade makes those that are missing: where PostgreSQL refused the
extension, the next upgrade makes them once it is there; and where a migration rebuilds a table, as on SQLite nearly
every change does, the triggers go with the old one.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.schema import drop_broken_index

_EXTENSION, _TOKENIZER = "pg_trgm", "trigram"
# Shorter texts have no piece.
CHARACTERS_MIN = 3
PREFIX = "search_"
_COLUMNS: Mapping[str, Sequence[str]] = {
    "payment": ("customer_name", "reference"),
    "source_invoice": ("number",),
    "invoice": ("number",),
}
_HOW_TO_POSTGRESQL = (
    "Searches are slow: PostgreSQL has no extension pg_trgm here. As a superuser of this database, run: "
    "CREATE EXTENSION pg_trgm; then run: python -m cli database upgrade"
)
_HOW_TO_SQLITE = (
    "Searches are slow: this SQLite has no index of trigrams. Use SQLite 3.34 or newer with FTS5; "
    "then run: python -m cli database upgrade"
)


def search_table(table: str) -> str:
    """SQLite's full-text table beside this one."""
    return f"{PREFIX}{table}"


def pieces_of(search: str) -> list[str]:
    """The pieces of a search, side by side: they cover it, and the others would keep out few more rows.

    Each piece costs as much as the next, which is most of what a search costs where all names begin alike.
    """
    last = len(search) - CHARACTERS_MIN
    starts = dict.fromkeys([*range(0, last, CHARACTERS_MIN), last])
    return [search[start : start + CHARACTERS_MIN] for start in starts]


def make_search_indexes(engine: Engine) -> None:
    """Makes what is missing; leaves everything else as it is, and is content where the database has no such index.

    On PostgreSQL the tables can be written to meanwhile.
    """
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            _make_on_sqlite(connection)
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _make_on_postgresql(connection)


def is_search_indexed(session: Session) -> bool:
    """Whether all indexes are there."""
    return _has_all(session.connection())


def why_search_is_slow(session: Session) -> str | None:
    """What an operator can do about it, as a sentence; None if the indexes are there."""
    if is_search_indexed(session):
        return None
    return _HOW_TO_SQLITE if session.get_bind().dialect.name == "sqlite" else _HOW_TO_POSTGRESQL


def _has_all(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        wanted = {name for table in _COLUMNS for name in (search_table(table), *_triggers(table))}
        names = text("SELECT name FROM sqlite_master WHERE name IN :names")
    else:
        wanted = {_gin_index(table) for table in _COLUMNS}
        # One whose making was broken off is none.
        names = text(
            "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indisvalid AND relnamespace = current_schema()::regnamespace AND relname IN :names"
        )
    asked = names.bindparams(bindparam("names", sorted(wanted), expanding=True))
    return wanted == set(connection.scalars(asked))


# --- PostgreSQL ---


def _gin_index(table: str) -> str:
    return f"ix_{table}_search"


def _make_on_postgresql(connection: Connection) -> None:
    if _has_all(connection):
        return
    try:
        connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {_EXTENSION}"))
    except DBAPIError:
        # It is not installed, or we may not make it. `why_search_is_slow` tells what to do.
        return
    # It waits for transactions that began before it; broken off, it would leave an index that nobody uses.
    connection.execute(text("SET lock_timeout = 0"))
    for table, columns in _COLUMNS.items():
        name = _gin_index(table)
        drop_broken_index(connection, name)
        texts = ", ".join(f"lower({column}) gin_trgm_ops" for column in columns)
        connection.execute(text(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} USING gin ({texts})"))


# --- SQLite ---


def _triggers(table: str) -> dict[str, str]:
    """What keeps a full-text table: by their names."""
    columns, index = _COLUMNS[table], search_table(table)
    names = ", ".join(columns)
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new"))
    forget = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608 - our own names
    learn = f"INSERT INTO {index} (rowid, {names}) VALUES (new.id, {new});"  # noqa: S608 - our own names
    differs = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    return {
        f"{index}_new": f"AFTER INSERT ON {table} BEGIN {learn} END",
        f"{index}_gone": f"AFTER DELETE ON {table} BEGIN {forget} END",
        f"{index}_changed": f"AFTER UPDATE OF {names} ON {table} WHEN {differs} BEGIN {forget} {learn} END",
    }


def _make_on_sqlite(connection: Connection) -> None:
    if _has_all(connection):
        return
    # Python's driver begins no transaction for a schema change; and no row may be written between rows and triggers.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for table, columns in _COLUMNS.items():
        index, names = search_table(table), ", ".join(columns)
        for trigger in _triggers(table):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {index}")
        # It keeps no copy of the texts, and not where in a text a piece stands.
        options = f"content='{table}', content_rowid='id', tokenize='{_TOKENIZER}', detail='none', columnsize=0"
        try:
            connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {index} USING fts5({names}, {options})")
        except DBAPIError:
            return
        connection.exec_driver_sql(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608 - our own names
        for trigger, does in _triggers(table).items():
            connection.exec_driver_sql(f"CREATE TRIGGER {trigger} {does}")
