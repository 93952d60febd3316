"""Statements are written out as SQL once, for all tests of a process.

Each test has a database, and so an engine, of its own, which begins with an empty memory of compiled statements: a tenth
of the time of small tests went into writing out the same few hundred statements again.
"""

from typing import Any

from sqlalchemy import Engine, create_engine, util
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from models import database

STATEMENTS_MAX = 4_000


def share_compiled_statements() -> None:
    """To be called once, before the first engine is made."""
    shared: dict[str, Any] = {}

    def with_what_others_have_compiled(url: str, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        # Where SQLAlchemy keeps them; were it to have another name, tests would only be slower.
        engine._compiled_cache = shared.setdefault(engine.dialect.name, util.LRUCache(STATEMENTS_MAX))
        return engine

    database.create_engine = with_what_others_have_compiled  # type: ignore[attr-defined]
    # They are kept by dialect, of which each engine makes one; all of ours are set up alike.
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
