"""The schema that a database has, and the one that this code needs."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError

from models.unavailable import told_as_unavailable


class SchemaTooOld(Exception):
    """This program cannot upgrade the database's schema to its own; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Revisions of the schema; `current` is None for a database without tables."""

    current: str | None
    needed: str | None

    @property
    def is_up_to_date(self) -> bool:
        return self.current == self.needed


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
    # Imported here: no other command needs it, and it would cost each of them a third of a second.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    needed = ScriptDirectory.from_config(config).get_current_head()
    return SchemaState(_current(url), needed)


def _current(url: str) -> str | None:
    from alembic.runtime.migration import MigrationContext

    address = make_url(url)
    if address.drivername.startswith("sqlite") and not Path(address.database or "").exists():
        # The query would create an empty file.
        return None
    engine = create_engine(url)
    try:
        with told_as_unavailable(), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
