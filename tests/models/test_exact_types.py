"""Money and moments come back from both databases exactly as they went in."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, StatementError

from models.base import insert_new
from models.connections import Connection
from models.database import Database
from models.ledger import LedgerEntry
from models.payment_store import store_payments
from models.payments import OwnPayment, Payment
from tests.models.rows import NOW, PAID_ON, Books, add_allocations, payment

amounts = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda number: Decimal(number).scaleb(-5))
moments = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - hypothesis wants its bounds without a zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
# The same database for every example: each one writes over the same row.
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def row_id(database: Database, books: Books) -> int:
    with database.writing() as session:
        store_payments(session, books.organization_id, books.source_id, [payment(lines=[("70", "1.00")])], NOW)
    with database.reading() as session:
        row_id = session.scalar(select(Payment.id))
    assert row_id is not None
    return row_id


def stored(database: Database, row_id: int, **values: object) -> Payment:
    with database.writing() as session:
        row = session.get_one(Payment, row_id)
        for name, value in values.items():
            setattr(row, name, value)
    with database.reading() as session:
        return session.get_one(Payment, row_id)


@given(amount=amounts)
@MANY
def test_an_amount_comes_back_exactly(database: Database, row_id: int, amount: Decimal) -> None:
    back = stored(database, row_id, total=amount).total
    assert isinstance(back, Decimal)
    assert back == amount


@given(moment=moments)
@MANY
def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database, row_id: int, moment: datetime) -> None:
    back = stored(database, row_id, changed_at=moment).changed_at
    assert back == moment
    assert back.tzinfo is UTC


def test_an_amount_comes_back_as_people_write_it(database: Database, row_id: int) -> None:
    written = {"12.5": "12.50", "0": "0.00", "100": "100.00", "0.005": "0.005", "1E+3": "1000.00", "-0": "0.00"}
    for amount, text in written.items():
        assert str(stored(database, row_id, total=Decimal(amount)).total) == text


def test_an_amount_that_cannot_be_kept_exactly_is_refused_and_nothing_is_stored(
    database: Database, row_id: int
) -> None:
    for amount in ("0.000001", "1E+13", "-1E+13", "NaN", "Infinity", "1.0000000000000000000000000000001"):
        with pytest.raises(StatementError):
            stored(database, row_id, total=Decimal(amount), note="x")
    assert stored(database, row_id).note == ""


def test_a_moment_without_a_zone_is_refused(database: Database, row_id: int) -> None:
    with pytest.raises(StatementError):
        stored(database, row_id, changed_at=datetime(2026, 11, 22))  # noqa: DTZ001 - this is what is refused


def test_moments_are_compared_as_moments_whatever_their_zone(database: Database, row_id: int) -> None:
    stored(database, row_id, changed_at=NOW)
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    with database.reading() as session:
        assert session.scalar(select(Payment.id).where(Payment.changed_at <= east)) == row_id
        assert session.scalar(select(Payment.id).where(Payment.changed_at < east)) is None


def test_sums_are_exact(database: Database, books: Books) -> None:
    ids = add_allocations(database, books, 3)
    with database.writing() as session:
        for number, allocation_id in enumerate(ids):
            session.add(
                LedgerEntry(
                    organization_id=books.organization_id,
                    connection_id=books.target_id,
                    allocation_id=allocation_id,
                    target_invoice_id="200",
                    target_payment_id=str(number),
                    amount=Decimal("0.1"),
                    paid_on=PAID_ON,
                    ours=True,
                    created_at=NOW,
                )
            )
    with database.reading() as session:
        assert session.scalar(select(func.sum(LedgerEntry.amount))) == Decimal("0.3")


# --- inserting what is new ---


def own(books: Books, *external_ids: str) -> list[dict[str, object]]:
    return [{"connection_id": books.source_id, "external_id": one} for one in external_ids]


def test_inserting_says_how_many_were_new(database: Database, books: Books) -> None:
    with database.writing() as session:
        assert insert_new(session, OwnPayment, own(books, "1", "2")) == 2
        assert insert_new(session, OwnPayment, own(books, "2", "3")) == 1
        assert insert_new(session, OwnPayment, own(books, "1", "2", "3")) == 0
        assert insert_new(session, OwnPayment, []) == 0


def test_a_duplicate_within_one_insert_counts_once(database: Database, books: Books) -> None:
    with database.writing() as session:
        assert insert_new(session, OwnPayment, own(books, "1", "1", "2")) == 2


def test_many_rows_at_once_are_all_inserted(database: Database, books: Books) -> None:
    ids = [str(number) for number in range(5000)]
    with database.writing() as session:
        assert insert_new(session, OwnPayment, own(books, *ids)) == 5000
    with database.reading() as session:
        assert session.scalar(select(func.count(OwnPayment.id))) == 5000


def test_a_row_that_breaks_another_rule_is_an_error_and_not_a_duplicate(database: Database, books: Books) -> None:
    for change in ({"connection_id": 999_999}, {"external_id": None}):
        with pytest.raises(IntegrityError), database.writing() as session:
            insert_new(session, OwnPayment, [own(books, "1")[0] | change])


def test_an_exception_keeps_nothing_of_its_transaction(database: Database, books: Books) -> None:
    def fail_at_the_end() -> None:
        with database.writing() as session:
            insert_new(session, OwnPayment, own(books, "1"))
            session.get_one(Connection, books.source_id).account_id = "changed"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_at_the_end()
    with database.reading() as session:
        assert session.scalar(select(func.count(OwnPayment.id))) == 0
        assert session.get_one(Connection, books.source_id).account_id == "northwind"
