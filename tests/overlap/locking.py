"""Watches in which order a transaction locks rows, and whether PostgreSQL had to break a deadlock."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, ExceptionContext, event

from tests.servers import EMPTYING, psycopg_url

# Rows of one organization that nobody changes without having locked it.
OF_AN_ORGANIZATION = {
    "allocation",
    "attempt",
    "decision",
    "effect",
    "invoice",
    "ledger_entry",
    "own_payment",
    "payment",
    "payment_count",
    "source_invoice",
}
_LOCKS = re.compile(
    r"^\s*(?:(?P<verb>INSERT INTO|UPDATE|DELETE FROM) (?P<changed>\w+)"
    r"|(?:WITH \w+ AS\s*\(UPDATE (?P<before>\w+) .*)?"
    r"SELECT .*?\sFROM (?P<read>\w+).*\sFOR (?:NO KEY )?UPDATE(?: OF (?P<several>[\w, ]+))?)",
    re.DOTALL,
)


@contextmanager
def watched_locks(engine: Engine) -> Iterator[list[str]]:
    """What breaks the order of `models/locks.py`, as sentences; none of them if all is well."""
    broken: list[str] = []

    def forget(connection: Any) -> None:
        connection.info["locked"] = []

    def note(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        locked = connection.info.setdefault("locked", [])
        for table in _locked_by(statement):
            if table in OF_AN_ORGANIZATION and "organization" not in locked:
                broken.append(f"{table} before the organization: {' '.join(statement.split())[:160]}")
            if table == "lane" and set(locked) - {"lane"}:
                broken.append(f"a lane after {locked}: {' '.join(statement.split())[:80]}")
            locked.append(table)

    def tell(failed: ExceptionContext) -> None:
        if isinstance(failed.original_exception, psycopg.errors.DeadlockDetected):
            locked = failed.connection.info.get("locked") if failed.connection is not None else None
            broken.append(f"{failed.original_exception} after {locked}: {' '.join((failed.statement or '').split())}")

    listeners: list[tuple[str, Any]] = [("begin", forget), ("before_cursor_execute", note), ("handle_error", tell)]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield broken
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def _locked_by(statement: str) -> list[str]:
    """The tables whose rows the statement locks; one that names several locks them in the order of their names.

    One that begins with a change and joins its rows has locked these before.
    """
    found = _LOCKS.match(statement)
    if found is None:
        return []
    before = [found["before"]] if found["before"] else []
    return [*before, *(found["several"] or found["changed"] or found["read"]).split(", ")]


def deadlocks(database_url: str, patience_seconds: float = 120) -> int:
    """PostgreSQL's own count for this database; a session's part of it is there when the session has ended."""
    others = (
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{EMPTYING}'"
    )
    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with psycopg.connect(psycopg_url(database_url), autocommit=True) as connection:
        ends = time.monotonic() + patience_seconds
        while (connection.execute(others).fetchone() or (0,))[0] and time.monotonic() < ends:
            time.sleep(0.05)
        return int((connection.execute(counted).fetchone() or (0,))[0])
