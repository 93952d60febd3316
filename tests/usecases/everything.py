"""A row of an organization in every table there is, made from what the tables themselves say about their columns."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Integer, String, Table, Time, insert
from sqlalchemy.orm import Session

from models.base import ExactAmount, UtcTime
from models.ownership import owned_tables
from models.replays import Replay

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def add_a_row_everywhere(session: Session, number: int) -> None:
    """The rows of the organization with this id; each has the same id, and refers to the others."""
    # What an operator asked for about many organizations belongs to none of them, and their shares refer to it.
    for table in (Replay.__table__, *sorted(owned_tables(), key=lambda one: one.name == "lane")):
        assert isinstance(table, Table)
        session.execute(insert(table).values({column.name: _value(table, column, number) for column in table.columns}))


def _value(table: Table, column: Column[Any], number: int) -> Any:
    if column.foreign_keys or column.name in ("id", "owner_id"):
        return number
    if table.name == "lane" and column.name == "step":
        return "match"
    # A moment that is set often means that something has happened; a time of day only has to be written down.
    if column.nullable and not isinstance(column.type, Time):
        return None
    return _of_type(column, number)


def _of_type(column: Column[Any], number: int) -> Any:
    match column.type:
        case ExactAmount():
            return Decimal(number)
        case UtcTime():
            return NOW
        case Boolean():
            return False
        case Integer() | BigInteger():
            return number
        case Date():
            return date(2026, 11, 20)
        case Time():
            return time(22)
        case JSON():
            return {}
        case String(length=length):
            return f"{column.name}-{number}"[-(length or 50) :]
        case _ if column.type.python_type is dict:
            return {}
    raise AssertionError(f"nobody knows what to put into {column}")
