"""Lists show payments by their own date, then as they came in; pages walk through all of them once, by an index."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.counting import counted, plan_of
from models.database import Database
from models.payments import Payment
from models.views.payment_list import list_payments
from tests.models.payments import slugs
from tests.models.rows import NOW, Books, add_books

Spec = tuple[int | None, int]
# A day of the month (or no date), and the minute of its arrival.
specs = st.lists(st.tuples(st.none() | st.integers(1, 4), st.integers(0, 3)), max_size=12)


def add_payments(database: Database, books: Books, specs: list[Spec]) -> None:
    with database.writing() as session:
        for number, (day, minute) in enumerate(specs):
            session.add(
                Payment(
                    organization_id=books.organization_id,
                    connection_id=books.source_id,
                    external_id=str(number),
                    version=1,
                    changed_at=NOW,
                    state="live",
                    paid_on=date(2026, 11, day) if day else None,
                    total=Decimal(1),
                    unapplied=Decimal(0),
                    customer_id="1",
                    customer_name="",
                    reference="",
                    note="",
                    first_seen_at=NOW + timedelta(minutes=minute),
                    updated_at=NOW,
                )
            )
            session.flush()


def walked(database: Database, books: Books, limit: int) -> list[str]:
    ids: list[str] = []
    before_id = None
    with database.reading() as session:
        while True:
            page = list_payments(session, books.organization_id, limit=limit, before_id=before_id)
            ids += [row.external_id for row in page.rows]
            before_id = page.next_before_id
            if before_id is None:
                return ids


@given(specs=specs, limit=st.integers(1, 5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_show_every_payment_once_by_date_and_arrival(database: Database, specs: list[Spec], limit: int) -> None:
    books = add_books(database, f"order-{next(slugs)}")
    add_payments(database, books, specs)

    def place(number: int) -> tuple[date, int, int]:
        day, minute = specs[number]
        return date(2026, 11, day) if day else NOW.date(), minute, number

    expected = sorted(range(len(specs)), key=place, reverse=True)
    assert walked(database, books, limit) == [str(number) for number in expected]


def test_an_old_payment_that_is_told_late_is_not_the_latest(database: Database, books: Books) -> None:
    add_payments(database, books, [(3, 0), (4, 1), (1, 2)])
    with database.reading() as session:
        rows = list_payments(session, books.organization_id).rows
    assert [row.external_id for row in rows] == ["1", "0", "2"]


def test_after_a_payment_that_there_is_not_nothing_comes(database: Database, books: Books) -> None:
    add_payments(database, books, [(3, 0)])
    other = add_books(database, "other")
    add_payments(database, other, [(4, 0)])
    with database.reading() as session:
        page = list_payments(session, books.organization_id, limit=1)
        assert page.next_before_id is None
        assert list_payments(session, books.organization_id, before_id=2**63 - 1).rows == ()
        assert list_payments(session, books.organization_id, before_id=2).rows == ()


@pytest.mark.sqlite_decides
def test_a_page_is_read_from_an_index_in_its_order(database: Database, books: Books) -> None:
    add_payments(database, books, [(3, 0), (4, 1), (1, 2)])
    for before_id in (None, 2):
        with counted(database) as statements, database.reading() as session:
            list_payments(session, books.organization_id, limit=1, before_id=before_id)
        listing = next(one for one in statements.seen if re.search(r"ORDER BY payment.listed_on DESC", str(one[0])))
        plan = plan_of(database, *listing)
        if database.engine.dialect.name == "sqlite":
            assert any("ix_payment_organization_id_listed_on" in step for step in plan), plan
            assert not any("TEMP B-TREE" in step for step in plan), plan
        else:
            assert plan
