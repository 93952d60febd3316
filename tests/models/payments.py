"""Payments as they are stored, newer and older."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count

from domain.records import AllocationKind, SourcePayment
from models.database import Database
from models.payment_store import Stored, store_payments
from models.payments import (
    Payment,
    payments_by_external_id,
)
from tests.models.rows import NOW, Books

Live = dict[tuple[str, str], Decimal]
slugs = count(1)


def store(database: Database, books: Books, *versions: SourcePayment) -> Stored:
    with database.writing() as session:
        return store_payments(session, books.organization_id, books.source_id, versions, NOW)


@contextmanager
def known(database: Database, books: Books, external_id: str = "163") -> Iterator[Payment | None]:
    with database.reading() as session:
        yield payments_by_external_id(session, books.source_id, [external_id]).get(external_id)


def live(database: Database, books: Books) -> Live:
    """What is applied to what now; the placeholder of a payment without any part is nothing."""
    with known(database, books) as row:
        assert row is not None
        return {
            (one.kind, one.document_id): one.amount
            for one in row.allocations
            if not one.removed and one.kind != AllocationKind.NOTHING
        }
