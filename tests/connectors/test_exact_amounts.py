"""Money is the same amount on both sides of the wire, to the last digit."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Created, Got
from connectors.connectwise import wire as connectwise_wire
from connectors.quickbooks import wire as quickbooks_wire
from domain.money import without_dust
from tests.connectors.vendors import ConnectWise, QuickBooks, open_connectwise, open_quickbooks

cents = st.integers(1, 10**15 - 1).map(lambda number: Decimal(number).scaleb(-2))
exact = st.integers(1, 10**18 - 1).map(lambda number: Decimal(number).scaleb(-5))
days = st.dates(min_value=date(1999, 12, 31), max_value=date(2100, 3, 1))
OVER_THE_WIRE = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def tenant() -> Iterator[ConnectWise]:
    with open_connectwise() as opened:
        yield opened


@pytest.fixture(scope="module")
def company() -> Iterator[QuickBooks]:
    with open_quickbooks() as opened:
        yield opened


@given(cents, days)
@OVER_THE_WIRE
def test_connectwise_gets_and_shows_the_amount_and_the_day_that_were_meant(
    tenant: ConnectWise, amount: Decimal, day: date
) -> None:
    invoice_id = tenant.sandbox.add_invoice("INV-1", "1.00")
    outcome = tenant.target.create_payment(str(invoice_id), amount, day)
    assert isinstance(outcome, Created)
    [truth] = tenant.sandbox.invoice(invoice_id).payments
    assert (truth.amount, truth.payment_date.date()) == (amount, day)
    listed = tenant.target.list_payments(str(invoice_id))
    assert isinstance(listed, Got)
    for payment in (outcome.payment, listed.value[0]):
        assert (payment.amount, payment.paid_on) == (amount, day)


@given(cents)
@OVER_THE_WIRE
def test_the_total_of_an_invoice_is_read_as_it_is(tenant: ConnectWise, total: Decimal) -> None:
    invoice_id = tenant.sandbox.add_invoice("INV-1", total)
    found = tenant.target.find_invoices([str(invoice_id)], [])
    assert isinstance(found, Got)
    assert (found.value.invoices[0].total, found.value.invoices[0].balance) == (total, total)


@given(exact)
@OVER_THE_WIRE
def test_quickbooks_amounts_are_read_as_they_are(company: QuickBooks, amount: Decimal) -> None:
    payment_id = company.pay(str(amount))
    read = company.source.read_payments([payment_id])
    assert isinstance(read, Got)
    assert (read.value.payments[0].total, read.value.payments[0].unapplied) == (amount, amount)
    told = company.source.changes_since(company.clock.now() - timedelta(minutes=1))
    company.sandbox.delete_payment(payment_id)
    assert isinstance(told, Got)
    [change] = [one for one in told.value.changes if one.entity_id == payment_id]
    assert company.source.parse_payment(change.payload).total == amount


@given(exact, st.sampled_from([0, 2, 3]))
def test_a_body_carries_exactly_the_amount_as_a_number(amount: Decimal, digits: int) -> None:
    needed = connectwise_wire.digits_of(amount, None)
    body = connectwise_wire.payment_body("200", amount, max(needed, digits), date(2026, 11, 20), 0)
    parsed = simplejson.loads(body, use_decimal=True)
    assert Decimal(str(parsed["amount"])) == amount
    assert b'"amount": "' not in body
    patch = connectwise_wire.change_body(amount, max(needed, digits), date(2026, 11, 20), 0)
    assert Decimal(str(simplejson.loads(patch, use_decimal=True)[0]["value"])) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("100", "USD", b"100.00"),
        ("1E+2", "USD", b"100.00"),
        ("100.5", None, b"100.50"),
        ("100", "JPY", b"100"),
        ("1.5", "KWD", b"1.500"),
        ("1.234", "USD", b"1.234"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(amount: str, currency: str | None, text: bytes) -> None:
    digits = connectwise_wire.digits_of(Decimal(amount), currency)
    body = connectwise_wire.payment_body("200", Decimal(amount), digits, date(2026, 11, 20), 0)
    assert b'"amount": ' + text + b"," in body


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_the_day_of_a_payment_survives_any_hour(tenant: ConnectWise, hour: int) -> None:
    day = date(2026, 3, 8)
    invoice_id = str(tenant.sandbox.add_invoice("INV-1", "1.00"))
    outcome = tenant.connect(hour=hour).create_payment(invoice_id, Decimal(1), day)
    assert isinstance(outcome, Created)
    assert outcome.payment.paid_on == day


@given(exact)
def test_a_payload_is_read_without_a_detour_over_floats(amount: Decimal) -> None:
    payload = f'{{"Id":"1","TotalAmt":{amount:f},"Line":[{{"Amount":{amount:f},"LinkedTxn":[{{"TxnId":"7","TxnType":"Invoice"}}]}}]}}'
    payment = quickbooks_wire.payment_from(quickbooks_wire.parse(payload), "USD")
    assert (payment.total, payment.allocations[0].amount) == (amount, amount)


# What a double makes of an amount, the currency, and what is meant.
DUST = [
    ("93.99999999999999", "USD", "94.00"),
    ("94.00000000000001", "USD", "94.00"),
    ("0.30000000000000004", "EUR", "0.30"),
    ("1.4210854715202004e-14", "USD", "0"),
    ("-1.4210854715202004e-14", "USD", "0"),
    ("-20.099999999999998", "USD", "-20.10"),
    ("94.00009", "USD", "94.00"),
    ("94.0001", "USD", "94.0001"),
    ("93.99", "USD", "93.99"),
    ("93.994", "USD", "93.994"),
    ("99.99999999999999", "JPY", "100"),
    ("100.01", "JPY", "100.01"),
    ("1.2349999999999999", "KWD", "1.235"),
    ("1.235", "KWD", "1.235"),
    ("1.23502", "KWD", "1.23502"),
]


@pytest.mark.parametrize(("shown", "currency", "meant"), DUST)
def test_a_doubles_dust_on_connectwises_sums_is_no_difference(shown: str, currency: str, meant: str) -> None:
    wire = simplejson.loads(
        f'{{"id": 200, "invoiceNumber": "INV-1", "total": {shown}, "balance": {shown},'
        f' "currency": {{"currencyCode": "{currency}"}}}}',
        use_decimal=True,
    )
    invoice = connectwise_wire.invoice_from(wire, "CAD")
    assert invoice is not None
    assert (invoice.total, invoice.balance, invoice.payable) == (Decimal(meant), Decimal(meant), True)
    assert not invoice.balance.is_signed() or invoice.balance


@pytest.mark.parametrize(("shown", "currency", "meant"), [row for row in DUST if row[0] != "99.99999999999999"])
def test_a_doubles_dust_on_a_payment_is_no_difference(shown: str, currency: str, meant: str) -> None:
    """A payment names no currency, so no cent of any is taken for dust."""
    payment = connectwise_wire.payment_from(simplejson.loads(f'{{"id": 7, "amount": {shown}}}', use_decimal=True))
    assert payment is not None
    assert payment.amount == Decimal(meant)


@pytest.mark.parametrize("shown", ["59.99999999999999", "60.000000000000007"])
def test_a_doubles_dust_in_quickbooks_is_no_difference(shown: str) -> None:
    payload = f'{{"Id":"1","TotalAmt":{shown},"UnappliedAmt":{shown},"Line":[]}}'
    payment = quickbooks_wire.payment_from(quickbooks_wire.parse(payload), "USD")
    assert (payment.total, payment.unapplied) == (Decimal(60), Decimal(60))


@given(cents, st.floats(-1e-9, 1e-9))
def test_no_cent_is_ever_taken_for_dust(amount: Decimal, dust: float) -> None:
    shown = amount + Decimal(repr(dust))
    assert without_dust(amount, "USD") == amount
    assert without_dust(amount + Decimal("0.01"), "USD") != amount
    assert without_dust(shown, "USD") == amount


@pytest.mark.parametrize("amount", ["1E+400", "NaN", "Infinity", "9" * 40])
def test_what_is_no_amount_is_left_as_it_is(amount: str) -> None:
    assert str(without_dust(Decimal(amount), "USD")) == str(Decimal(amount))
