"""All the ways in which a database can be unusable at this moment, kept apart from statements that it refused.

Code that opens a session sees one class, `DatabaseUnavailable`: the webhook endpoint and pages answer 503, a command
ends with one line, a step leaves its work to the next nudge. A statement that the database refuses as wrong (a broken
constraint, a value that does not fit, a missing column) is a bug of ours or an old schema: that error stays as it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# The database refused a statement; for code that informs a person and may not know SQLAlchemy.
DatabaseRefused = DBAPIError


class DatabaseUnavailable(Exception):
    """The database cannot do its work now; nothing of the transaction is kept, and the same may succeed later.

    Attributes:
        fate: the word for it in logs and metrics.
    """

    fate: ClassVar[str] = "database_unavailable"


class DatabaseAway(DatabaseUnavailable):
    """It cannot be reached, is starting or stopping, is full, or is read-only."""

    fate = "database_away"


class DatabaseBusy(DatabaseUnavailable):
    """It is reachable: another transaction held a lock too long, or one of two had to give way to the other."""

    fate = "database_busy"


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BUSY_STATES = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: the time for waiting is over
    }
)
_AWAY_STATES = frozenset(
    {
        "25006",  # read_only_sql_transaction: after a failover we talk to the replica
        "25P03",  # idle_in_transaction_session_timeout
        "25P04",  # transaction_timeout
        "40003",  # statement_completion_unknown
        "57014",  # query_canceled: a time limit ran out
    }
)
_AWAY_CLASSES = frozenset(
    {
        "08",  # connection exceptions
        "28",  # the password is refused: it is being changed right now, or it is wrong
        "3D",  # there is no database of this name, yet or any more
        "53",  # too many connections, disk full, out of memory
        "57",  # shutting down, starting up
        "58",  # the system below it failed
    }
)
# https://www.sqlite.org/rescode.html, the lower eight bits.
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)


def unavailable(error: SQLAlchemyError) -> DatabaseUnavailable | None:
    """The unavailability that this error means; None if the database is well and refused the statement."""
    if isinstance(error, PoolTimeoutError):
        return DatabaseBusy("every connection of this process is in use")
    if isinstance(error, DisconnectionError):
        return DatabaseAway(str(error))
    if not isinstance(error, DBAPIError):
        return None
    kind = _kind(error)
    return kind(_first_line(error)) if kind is not None else None


def _kind(error: DBAPIError) -> type[DatabaseUnavailable] | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _kind_on_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if state in _BUSY_STATES:
        return DatabaseBusy
    if error.connection_invalidated or state in _AWAY_STATES or (state or "")[:2] in _AWAY_CLASSES:
        return DatabaseAway
    # Errors of the client's library itself have no state: it could not connect, or the connection broke.
    says_the_client = state is None and type(cause).__name__ in {"OperationalError", "InterfaceError"}
    return DatabaseAway if says_the_client or _is_a_broken_connection(error) else None


def _is_a_broken_connection(error: DBAPIError) -> bool:
    return isinstance(error.orig, OSError)


def _kind_on_sqlite(cause: sqlite3.Error) -> type[DatabaseUnavailable] | None:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _SQLITE_BUSY:
        return DatabaseBusy
    return DatabaseAway if code in _SQLITE_AWAY else None


def _first_line(error: DBAPIError) -> str:
    return str(error.orig or error).strip().partition("\n")[0]


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Put around all code that talks to a database."""
    try:
        yield
    except SQLAlchemyError as error:
        meaning = unavailable(error)
        if meaning is None:
            raise
        raise meaning from error
