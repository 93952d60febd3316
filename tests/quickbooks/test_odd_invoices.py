"""An invoice that no column takes as it is: its payments are held with a reason, and nobody else waits for that."""

from collections.abc import Callable
from decimal import Decimal
from io import StringIO

import pytest

from models.invoices import AMOUNT_NOT_KEPT, source_invoices
from sandbox.quickbooks.world.records import Invoice as InvoiceRecord
from tests.quickbooks.looks import events
from tests.quickbooks.story import hint, source
from tests.quickbooks.telling import told
from tests.world import CUSTOMER, REALM, BothInvoices, World
from usecases.invoice_columns import COLUMNS
from usecases.invoice_import import import_invoices

TOO_LONG = "INV-" + "7" * 60
# Six digits after the point; ten trillion and more.
ODD_TOTALS = ["100.123456", "1E+13", "12345678901234.5"]


def record(world: World, invoice: BothInvoices) -> InvoiceRecord:
    """The invoice in the books, where it can be given what no screen would take."""
    return world.quickbooks.companies[REALM].invoices.records[invoice.quickbooks_id]


def noticed_by_hint(world: World, *payments: str) -> None:
    hint(world, *payments)
    world.settle()


def noticed_by_catch_up(world: World, *_: str) -> None:
    world.notice()


Notice = Callable[..., None]
both_ways = pytest.mark.parametrize("notice", [noticed_by_hint, noticed_by_catch_up])


@pytest.mark.both_in_the_build
@both_ways
@pytest.mark.parametrize("total", ODD_TOTALS)
def test_a_total_that_cannot_be_kept_holds_its_own_payments_only(world: World, notice: Notice, total: str) -> None:
    odd, even = world.invoice("INV-1"), world.invoice("INV-2")
    record(world, odd).total = Decimal(total)
    held, synced = world.pay("10.00", (odd, "10.00")), world.pay("20.00", (even, "20.00"))
    notice(world, held, synced)
    assert (world.reason(held), world.reason(synced)) == ("total_differs", "synced")
    assert world.on(odd) == []
    verdict = next(one for one in world.decision(held).verdicts if one["field"] == "total")
    assert Decimal(verdict["source"]) == AMOUNT_NOT_KEPT
    world.clock.move(minutes=16)
    world.quickbooks.edit_invoice(odd.quickbooks_id, total="100.00")
    world.notice()
    assert world.reason(held) == "synced"


@both_ways
def test_a_number_that_is_too_long_is_never_taken_for_a_shorter_one(world: World, notice: Notice) -> None:
    odd, even = world.invoice("INV-1", in_connectwise=False), world.invoice("INV-2")
    record(world, odd).doc_number = TOO_LONG
    others = [in_connectwise(world, number) for number in cuts(TOO_LONG)]
    held, synced = world.pay("10.00", (odd, "10.00")), world.pay("20.00", (even, "20.00"))
    notice(world, held, synced)
    assert (world.reason(held), world.reason(synced)) == ("target_invoice_missing", "synced")
    assert [world.connectwise.invoice(one).payments for one in others] == [()] * len(others)


def test_a_number_that_is_too_long_finds_no_record_of_the_platform(world: World) -> None:
    odd = world.invoice("INV-1", origin=None, in_connectwise=False)
    record(world, odd).doc_number = TOO_LONG
    rows = [f"{number},sync_tool,,,100.00,USD,{CUSTOMER}" for number in cuts(TOO_LONG)]
    text = StringIO("\n".join([",".join(COLUMNS), *rows]))
    assert import_invoices(world.context, world.organization_id, text).new == 3
    payment = world.pay("10.00", (odd, "10.00"))
    world.notice()
    assert world.reason(payment) == "invoice_unknown"


@both_ways
def test_a_customer_whose_name_is_too_long_is_nobody_else(world: World, notice: Notice) -> None:
    """A cut name ends where another begins: here the part behind the colon would be the customer in ConnectWise."""
    odd, even = world.invoice("INV-1"), world.invoice("INV-2", customer="Even")
    books = world.quickbooks.companies[REALM]
    books.customers.records[world.customer_id].name = "N" * (499 - len("Cascade Dental")) + ":Cascade Dental of Ohio"
    another = world.quickbooks.add_customer("Even")
    record(world, even).customer_id = another
    held = world.pay("10.00", (odd, "10.00"))
    synced = world.quickbooks.record_payment(another, "20.00", [(even.quickbooks_id, "20.00")])
    notice(world, held, synced)
    assert (world.reason(held), world.reason(synced)) == ("customer_differs", "synced")
    assert world.on(odd) == []


def in_connectwise(world: World, number: str) -> int:
    """An invoice with a number that is longer than ConnectWise takes today."""
    identity = world.connectwise.add_invoice("INV", "100.00", company_name=CUSTOMER)
    [company] = world.connectwise.companies.values()
    company.renumber(company.invoices[identity], number)
    return identity


def cuts(text: str) -> list[str]:
    return [text[:50], text[:49] + "…", text[:49]]


# --- objects of change data capture that no arithmetic takes ---

NUMBERS = ["1E+1000000", "-1E+999999999999999999", "1E+13", "0.003456"]


def payment_of(identity: str, document: str, amount: object, **more: object) -> dict[str, object]:
    linked = [{"TxnId": document, "TxnType": "Invoice"}]
    body = {"Id": identity, "SyncToken": "0", "TotalAmt": amount, "TxnDate": "2026-11-20", **more}
    return {**body, "CurrencyRef": {"value": "USD"}, "Line": [{"Amount": amount, "LinkedTxn": linked}]}


@pytest.mark.parametrize("number", NUMBERS)
def test_an_amount_beyond_all_arithmetic_holds_its_own_payment_only(world: World, number: str) -> None:
    invoice = world.invoice("INV-1")
    amount = Decimal(number)
    odd = payment_of("900", invoice.quickbooks_id, amount, UnappliedAmt=amount)
    told(world, Payment=[odd, payment_of("901", invoice.quickbooks_id, Decimal("10.00"))])
    world.notice()
    assert world.reason("900", invoice) in {"amount_not_representable", "mixed_with_credit"}
    assert world.reason("901") == "synced"
    assert world.amounts_on(invoice) == ["10.00"]


@pytest.mark.parametrize("dust", ["1E-1000000", "0.000001"])
def test_an_amount_that_is_nothing_but_a_doubles_dust_stops_nobody(world: World, dust: str) -> None:
    invoice = world.invoice("INV-1")
    odd = payment_of("900", invoice.quickbooks_id, Decimal(dust), UnappliedAmt=Decimal(dust))
    told(world, Payment=[odd, payment_of("901", invoice.quickbooks_id, Decimal("10.00"))])
    world.notice()
    assert world.reason("901") == "synced"
    assert world.amounts_on(invoice) == ["10.00"]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_invoice_beyond_all_arithmetic_keeps_nobody_waiting(world: World, number: str) -> None:
    even, total = world.invoice("INV-2"), Decimal(number)
    world.notice()
    world.clock.move(minutes=16)
    odd = {"Id": "900", "SyncToken": "0", "DocNumber": "INV-1", "TotalAmt": total, "Balance": total}
    told(world, Payment=[payment_of("901", even.quickbooks_id, Decimal("10.00"))], Invoice=[odd])
    world.notice()
    assert world.reason("901") == "synced"
    with world.context.database.reading() as session:
        kept = source_invoices(session, world.source_id, ["900"])["900"]
    assert (kept.total, kept.balance) == (AMOUNT_NOT_KEPT, AMOUNT_NOT_KEPT)


@pytest.mark.parametrize(
    "odd",
    [{"Id": "9" * 60}, {"Id": "9\x00" * 40}, {"SyncToken": "1" * 300}, {"MetaData": {"LastUpdatedTime": "x" * 300}}],
)
def test_an_object_with_an_odd_name_stops_no_catch_up(world: World, odd: dict[str, object]) -> None:
    invoice = world.invoice("INV-1")
    before = source(world).cursor_at
    body = payment_of("900", invoice.quickbooks_id, Decimal("5.00")) | odd
    told(world, Payment=[body, payment_of("901", invoice.quickbooks_id, Decimal("10.00"))])
    world.notice()
    assert world.reason("901") == "synced"
    assert source(world).cursor_at != before
    if "Id" in odd:
        [event] = events(world, str(odd["Id"]).replace("\x00", "")[:50])
        assert event.done_at is not None
    else:
        assert world.reason("900") == "synced"
