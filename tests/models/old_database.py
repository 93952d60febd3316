"""Databases as they were before the first release: their schema from a dump, with rows in every table."""

import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Column, MetaData, Table, create_engine, inspect, make_url, select, text
from sqlalchemy.orm import Session
from sqlalchemy.types import JSON, Boolean, Date, DateTime, Integer, String

from tests.servers import psycopg_url

DUMPS = Path(__file__).parent / "before_release"
ROWS = 2
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# What an index of texts consists of: no part of the schema that a revision describes.
_OF_SEARCH = re.compile(r"search_\w+|ix_\w+_search")
Rows = dict[str, list[dict[str, Any]]]
# Where any text would do for the column and not for its table.
FITTING = {
    ("dashboard_user", "role"): ["customer", "customer"],
    ("decision", "action"): ["push", "hold"],
    ("decision", "reason"): ["synced", "twin_nearby"],
    ("effect", "state"): ["delivered", "held"],
}


def make_old_database(url: str, revision: str, rows: int = ROWS) -> Mapping[str, Table]:
    """Its tables, each with so many rows whose every column says something."""
    if make_url(url).drivername.startswith("sqlite"):
        file = Path(make_url(url).database or "")
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file)
        connection.executescript((DUMPS / "sqlite.sql").read_text())
        connection.close()
    else:
        with psycopg.connect(psycopg_url(url)) as server:
            server.execute((DUMPS / "postgresql.sql").read_bytes())
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                connection.execute(table.insert(), {"version_num": revision})
                continue
            for number in range(1, rows + 1):
                row = {one.name: _value(one, number) for one in table.columns if one.name != "id"}
                connection.execute(table.insert(), row)
    engine.dispose()
    return tables.tables


def _value(column: Column[Any], number: int) -> Any:
    fitting = FITTING.get((column.table.name, column.name))
    if fitting is not None:
        return fitting[(number - 1) % len(fitting)]
    if column.foreign_keys:
        # Those of the row of the same number.
        return number
    match column.type:
        case Boolean():
            return number % 2 == 0
        case DateTime():
            moment = NOON + timedelta(minutes=number)
            return moment if column.type.timezone else moment.replace(tzinfo=None)
        case Date():
            return date(2026, 11, number)
        case JSON():
            return [column.name, number]
        case Integer():
            return 1_000 + number
        case String(length=length):
            return f"{number} {column.name}"[:length]
        case other:
            raise AssertionError(f"no value for {column}: {other}")


def is_of_search(name: str | None) -> bool:
    return _OF_SEARCH.fullmatch(name or "") is not None


def rows_of(url: str) -> Rows:
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine, only=lambda name, _: not is_of_search(name))
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in tables.sorted_tables
        }
    engine.dispose()
    return rows


def only(row: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in like}


def description(url: str) -> dict[str, Any]:
    """Everything that the database itself says of its tables, but for the order of the columns."""
    engine = create_engine(url)
    found = inspect(engine)
    # Asked about all tables at once: one after the other they take PostgreSQL a second.
    columns, keys = found.get_multi_columns(), found.get_multi_pk_constraint()
    unique, foreign = found.get_multi_unique_constraints(), found.get_multi_foreign_keys()
    checks, indexes = found.get_multi_check_constraints(), found.get_multi_indexes()
    described = {
        table: {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in columns[None, table]
            },
            "key": (keys[None, table]["name"], keys[None, table]["constrained_columns"]),
            "unique": {one["name"]: one["column_names"] for one in unique[None, table]},
            "foreign": {
                one["name"]: (one["constrained_columns"], one["referred_table"], one["options"])
                for one in foreign[None, table]
            },
            "checks": {one["name"]: one["sqltext"] for one in checks[None, table]},
            "indexes": {
                one["name"]: (one["column_names"], one["unique"], _condition(one)) for one in indexes[None, table]
            },
        }
        for table in found.get_table_names()
        if not is_of_search(table)
    }
    engine.dispose()
    return described


def _condition(index: Any) -> str:
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def violations_of_foreign_keys(session: Session) -> list[Any]:
    """PostgreSQL lets none come to be; SQLite tells where one is asked for."""
    if session.get_bind().dialect.name != "sqlite":
        return []
    return list(session.execute(text("PRAGMA foreign_key_check")))
