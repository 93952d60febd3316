"""Many values in one parameter find what they would find one by one."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, union

from models.base import one_of
from models.database import Database
from models.invoices import SourceInvoiceRow
from tests.models.rows import NOW, Books

NUMBERS = ["INV-1", "inv-1", "7", "007", "it's", 'with "marks"', "a\\b", "ö", "", "null"]


@pytest.fixture
def numbers(database: Database, books: Books) -> Database:
    """One invoice for each number."""
    with database.writing() as session:
        for place, number in enumerate(NUMBERS):
            row = SourceInvoiceRow(connection_id=books.source_id, external_id=str(place), version=0, changed_at=NOW)
            row.number, row.total, row.balance, row.customer_name = number, Decimal(0), Decimal(0), ""
            session.add(row)
    return database


@pytest.mark.parametrize("wanted", [[], ["INV-1"], ["7", "it's"], NUMBERS, ["no such"], ["x"] * 40_000 + ["ö"]])
def test_texts_are_found_as_they_are_written(numbers: Database, wanted: list[str]) -> None:
    with numbers.reading() as session:
        found = session.scalars(select(SourceInvoiceRow.number).where(one_of(SourceInvoiceRow.number, wanted))).all()
    assert sorted(map(str, found)) == sorted(set(wanted) & set(NUMBERS))


def test_ids_are_found_also_beside_other_conditions(numbers: Database, books: Books) -> None:
    ids = select(SourceInvoiceRow.id).order_by(SourceInvoiceRow.id)
    with numbers.reading() as session:
        first, second, *_ = session.scalars(ids).all()
        wanted: Any = one_of(SourceInvoiceRow.id, [first, second, 2**40])
        both = ids.where(SourceInvoiceRow.connection_id == books.source_id, wanted)
        assert session.scalars(both).all() == [first, second]
        either = union(select(SourceInvoiceRow.id).where(wanted), select(SourceInvoiceRow.id).where(wanted))
        assert sorted(session.scalars(either)) == [first, second]
        # The same statement with other values: it is made once, and its values are not.
        assert session.scalars(ids.where(one_of(SourceInvoiceRow.id, [second]))).all() == [second]
