"""The last picture of the source's invoices: never older than what was seen, and a deletion is final."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from sqlalchemy import select

from domain.match.comparison import same_customer
from domain.preferences import InvoiceOrigin
from domain.records import SourceInvoice
from models.database import Database
from models.invoices import AMOUNT_NOT_KEPT, Invoice, source_invoices, store_source_invoices
from tests.models.rows import NOW, Books

MINUTE = timedelta(minutes=1)
FIRST = SourceInvoice("70", 0, NOW, "INV-1", Decimal(100), Decimal(100), "USD", "Cascade Dental")
DELETED = SourceInvoice("70", -1, NOW + timedelta(hours=1), None, Decimal(0), Decimal(0), None, "", deleted=True)


def store(database: Database, books: Books, *pictures: SourceInvoice) -> set[str]:
    with database.writing() as session:
        return set(store_source_invoices(session, books.source_id, pictures, NOW).external_ids)


def picture(database: Database, books: Books) -> SourceInvoice:
    with database.reading() as session:
        return source_invoices(session, books.source_id, ["70"])["70"].as_record()


def version(sync_token: int, **changes: object) -> SourceInvoice:
    return replace(FIRST, version=sync_token, **changes)  # type: ignore[arg-type]


def test_only_a_change_that_a_decision_depends_on_is_told(database: Database, books: Books) -> None:
    assert store(database, books, FIRST) == {"70"}
    assert store(database, books, FIRST) == set()
    assert store(database, books, version(1, balance=Decimal(0))) == set()
    for sync_token, change in enumerate(
        [{"number": "INV-2"}, {"total": Decimal(1)}, {"currency": "CAD"}, {"customer_name": "Other"}], start=2
    ):
        assert store(database, books, version(sync_token, **change)) == {"70"}


def test_the_newest_picture_is_kept_in_whatever_order_they_come(database: Database, books: Books) -> None:
    pictures = [version(number, total=Decimal(number)) for number in range(4)]
    for order in permutations(pictures):
        store(database, books, *order)
        for one in order:
            store(database, books, one)
        assert picture(database, books).total == Decimal(3)


def test_of_two_looks_at_one_version_the_later_one_knows_the_customers_name(database: Database, books: Books) -> None:
    """A rename of the customer changes no version; the two may be told in any order."""
    renamed = version(0, customer_name="Cascade Group", seen_at=NOW + MINUTE)
    assert store(database, books, FIRST) == {"70"}
    assert store(database, books, renamed) == {"70"}
    assert store(database, books, FIRST, renamed) == set()
    assert picture(database, books).customer_name == "Cascade Group"
    assert store(database, books, version(0, customer_name="Cascade Group", seen_at=NOW + 2 * MINUTE)) == set()
    assert store(database, books, version(0, seen_at=NOW + MINUTE)) == set()
    assert picture(database, books).customer_name == "Cascade Group"


def test_a_deletion_is_told_and_keeps_the_last_picture_readable(database: Database, books: Books) -> None:
    store(database, books, version(5))
    assert store(database, books, DELETED) == {"70"}
    kept = picture(database, books)
    assert (kept.deleted, kept.number, kept.total) == (True, "INV-1", Decimal(100))
    assert store(database, books, DELETED) == set()


RESURRECTED = (
    "a tombstone has version -1, so any older picture that comes with it or after it is 'newer' and undoes the deletion"
)


def test_an_older_picture_after_a_deletion_changes_nothing(database: Database, books: Books) -> None:
    store(database, books, version(5))
    store(database, books, DELETED)
    store(database, books, version(4))
    assert picture(database, books).deleted


def test_a_deletion_in_the_same_batch_as_an_older_picture_wins(database: Database, books: Books) -> None:
    store(database, books, version(4), DELETED)
    assert picture(database, books).deleted


def add_invoice(database: Database, books: Books, **values: object) -> int:
    with database.writing() as session:
        invoice = Invoice(
            organization_id=books.organization_id,
            number="INV-1",
            origin=InvoiceOrigin.SYNC_TOOL.value,
            total=Decimal(100),
            currency="USD",
            customer="Cascade Dental",
            updated_at=NOW,
            **values,
        )
        session.add(invoice)
        session.flush()
        return invoice.id


@pytest.mark.parametrize(
    ("before", "after", "is_ours"),
    [
        ((None, None, False), ("70", "200", True), True),
        (("70", None, False), ("70", "200", True), True),
        (("70", "199", False), ("70", "200", True), True),
        ((None, "199", False), ("70", "200", True), True),
        # What an import said about the target stays a partner's word; what we had found stays ours.
        ((None, "200", False), ("70", "200", False), True),
        ((None, "200", True), ("70", "200", True), True),
        (("70", "200", False), ("70", "200", False), True),
        (("71", None, False), ("71", None, False), False),
        (("71", "199", False), ("71", "199", False), False),
        (("71", "200", False), ("71", "200", False), False),
    ],
)
def test_a_link_never_takes_an_invoice_away_from_another_document(
    database: Database,
    books: Books,
    before: tuple[str | None, str | None, bool],
    after: tuple[str, str | None, bool],
    is_ours: bool,
) -> None:
    source_id, target_id, learned = before
    invoice_id = add_invoice(database, books, source_id=source_id, target_id=target_id, link_learned=learned)
    with database.writing() as session:
        assert session.get_one(Invoice, invoice_id).link("70", "200", NOW + MINUTE) is is_ours
    with database.reading() as session:
        row = session.scalars(select(Invoice)).one()
    assert (row.source_id, row.target_id, row.link_learned) == after
    assert row.updated_at == (NOW if before == after else NOW + MINUTE)


ODD_AMOUNTS = ["100.000001", "1E+13", "-1E+13", "1E+1000000", "1E-1000000", "NaN"]


@pytest.mark.parametrize("amount", ODD_AMOUNTS)
def test_an_amount_that_cannot_be_kept_is_no_invoices_total_and_spoils_no_other(
    database: Database, books: Books, amount: str
) -> None:
    odd = version(1, total=Decimal(amount), balance=Decimal(amount))
    even = replace(FIRST, external_id="71")
    assert store(database, books, odd, even) == {"70", "71"}
    assert (picture(database, books).total, picture(database, books).balance) == (AMOUNT_NOT_KEPT, AMOUNT_NOT_KEPT)
    assert store(database, books, replace(odd, version=2)) == set(), "nothing that a decision depends on has changed"
    assert store(database, books, version(3)) == {"70"}
    assert picture(database, books).total == Decimal(100)


def test_texts_that_are_too_long_are_never_taken_for_shorter_ones(database: Database, books: Books) -> None:
    name = "N" * 490 + ":Cascade Dental"
    longest = version(1, number="7" * 50, customer_name=name[:500])
    store(database, books, longest)
    assert (picture(database, books).number, picture(database, books).customer_name) == ("7" * 50, name[:500])
    store(database, books, version(2, number="7" * 51, customer_name=name))
    kept = picture(database, books)
    assert kept.number is None
    assert len(kept.customer_name) == 500
    for cut in (499, 500):
        assert not same_customer(kept.customer_name, (name[:cut].partition(":")[2], name[:cut]))
