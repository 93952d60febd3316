"""The schema that a database has, and the one that this code needs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from models.silent_peers import CONNECT_ARGUMENTS
from models.unavailable import told_as_unavailable


class SchemaTooOld(Exception):
    """This program cannot upgrade the database's schema to its own; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Revisions of the schema; `current` is None for a database without tables.

    Attributes:
        older: the revisions that this program knows as older than the one it needs.
    """

    current: str | None
    needed: str | None
    older: frozenset[str] = frozenset()

    @property
    def is_up_to_date(self) -> bool:
        return self.current == self.needed

    @property
    def can_be_worked_with(self) -> bool:
        """Also by a program whose successor has upgraded the database already: migrations leave it working."""
        return self.current is not None and self.current not in self.older

    @property
    def is_newer(self) -> bool:
        """A later release has upgraded it, and this one can work with that."""
        return self.can_be_worked_with and not self.is_up_to_date


def problem_with_address(url: str) -> str | None:
    """Why this is no database address. Does not repeat the address, which may hold a password. Connects nowhere."""
    try:
        create_engine(url).dispose()
    except (ArgumentError, ValueError):
        return "it is not an address such as postgresql+psycopg://user:password@host/name"
    except ImportError as error:
        return f"there is no driver for it ({error.name or 'unknown'}); write postgresql+psycopg://"
    return None


def schema_state(url: str) -> SchemaState:
    """Asks the database; DatabaseUnavailable if it does not answer."""
    return state_at(_current(url))


def state_at(current: str | None) -> SchemaState:
    """The state of a schema at this revision."""
    needed, older = _known_revisions()
    return SchemaState(current, needed, older)


@lru_cache(maxsize=1)
def _known_revisions() -> tuple[str | None, frozenset[str]]:
    """The revision that this program needs, and all that came before it."""
    # Imported here: no other command needs it, and it would cost each of them a third of a second.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    needed = scripts.get_current_head()
    return needed, frozenset(one.revision for one in scripts.walk_revisions()) - {needed}


def current_revision(session: Session) -> str | None:
    """The revision of the schema that this session works on.

    Raises:
        DatabaseRefused: it has no tables of ours at all.
    """
    revision: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _current(url: str) -> str | None:
    from alembic.runtime.migration import MigrationContext

    address = make_url(url)
    if address.drivername.startswith("sqlite") and not Path(address.database or "").exists():
        # The query would create an empty file.
        return None
    engine = create_engine(url, connect_args={} if address.drivername.startswith("sqlite") else dict(CONNECT_ARGUMENTS))
    try:
        with told_as_unavailable(), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def drop_broken_index(connection: Connection, name: str) -> None:
    """Drops an index of this name whose making beside other writers was broken off; PostgreSQL only, in no transaction.

    It costs every write and serves no question, and "if it does not exist" takes it for one.
    """
    is_broken = text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    if connection.scalar(is_broken, {"name": name}):
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {name}")
