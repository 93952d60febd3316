"""What every table shares: exact money, UTC time, and an insert that ignores what is there already."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from domain.money import AMOUNT_DIGITS_MAX, is_storable


class Base(DeclarativeBase):
    # Named constraints, so that a migration can drop what an earlier one made.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# SQLite only counts rowids up by itself in a column that is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(postgresql.JSONB(), "postgresql")


class ExactAmount(TypeDecorator[Decimal]):
    """A decimal as a whole number of 1/100,000: exact on both databases, and SQL can still add it up.

    SQLite has no decimal type (it would make floats of them); five digits are what QuickBooks writes at most.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if not is_storable(value):
            raise ValueError(f"the amount {value} cannot be kept exactly")
        return int(value.scaleb(AMOUNT_DIGITS_MAX))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else _plain(Decimal(value).scaleb(-AMOUNT_DIGITS_MAX))


def _plain(amount: Decimal) -> Decimal:
    """Two digits where they are enough, so that 12.50 reads back as 12.50 and not as 12.50000."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, aware on both sides; SQLite keeps no zone, so it is put back when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Inserts the rows that do not clash with a unique constraint; says how many those were."""
    if not rows:
        return 0
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing().returning(table.__table__.c.id)
    return len(session.execute(statement, list(rows)).all())
