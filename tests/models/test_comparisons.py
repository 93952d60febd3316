"""The last reading of an invoice: kept whole, replaced by newer ones only, and gone with its invoice."""

from datetime import timedelta
from decimal import Decimal

from domain.comparing.comparison import compare
from domain.comparing.sides import BothSides, NotRead, WhyNotRead
from domain.records import Trace
from models.comparisons import store_comparison, stored_sides
from models.database import Database
from models.invoices import Invoice, forget_copies
from tests.domain.comparing.sides import NOW, both, credited, entered, known, paid, source, target
from tests.models.rows import Books


def add_invoice(database: Database, books: Books) -> int:
    with database.writing() as session:
        invoice = Invoice(
            organization_id=books.organization_id,
            number="INV-1",
            origin="sync_tool",
            source_id="70",
            target_id="200",
            total=Decimal("100.00"),
            currency="USD",
            customer="Cascade Dental",
            updated_at=NOW,
        )
        session.add(invoice)
        session.flush()
        return invoice.id


def store(database: Database, books: Books, invoice_id: int, sides: BothSides) -> bool:
    with database.writing() as session:
        return store_comparison(session, books.organization_id, invoice_id, sides, compare(sides))


def stored(database: Database, books: Books, invoice_id: int) -> BothSides | None:
    with database.reading() as session:
        return stored_sides(session, books.organization_id, invoice_id)


def test_everything_that_both_systems_said_reads_back_the_same(database: Database, books: Books) -> None:
    """Amounts to the last digit, days, moments, credits, and what was not read."""
    invoice_id = add_invoice(database, books)
    statement = source(paid("163", "40.12345"), credited("164", "5.00"), deposit="1.10", unread_ids=("165",))
    traced = type(statement)(
        statement.invoice, statement.payments, {"163": Trace(NOW, "0")}, statement.deposit, statement.unread_ids, 2
    )
    rich = both(traced, target(entered("7000", "40.00"), entered("7001", "5.00", on=None, credit=True)), known("163"))
    for sides in (
        rich,
        both(NotRead(WhyNotRead.PAUSED), target(), known("163", as_="7000")),
        both(source(), NotRead(WhyNotRead.NO_ANSWER, "words")),
    ):
        assert store(database, books, invoice_id, sides)
        assert stored(database, books, invoice_id) == sides


def test_an_older_reading_never_replaces_a_newer_one(database: Database, books: Books) -> None:
    """Two people press the button at once, and the first call is answered last."""
    invoice_id = add_invoice(database, books)
    newer = BothSides(source(), target(), (), NOW, NOW)
    before = NOW - timedelta(seconds=1)
    older = BothSides(source(balance="60.00"), target(), (), before, before)
    assert store(database, books, invoice_id, newer)
    assert not store(database, books, invoice_id, older)
    assert stored(database, books, invoice_id) == newer
    with database.reading() as session:
        assert session.get_one(Invoice, invoice_id).compared_as == "agrees"


def test_a_reading_of_an_invoice_that_is_gone_or_anothers_is_not_kept(database: Database, books: Books) -> None:
    invoice_id = add_invoice(database, books)
    sides = both(source(), target())
    with database.writing() as session:
        assert not store_comparison(session, books.organization_id + 1, invoice_id, sides, compare(sides))
    assert store(database, books, invoice_id, sides)
    with database.writing() as session:
        forget_copies(session, books.organization_id, ["70"])
    assert stored(database, books, invoice_id) is None
    assert not store(database, books, invoice_id, sides)
