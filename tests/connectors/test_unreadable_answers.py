"""A look that shows nothing readable is not a look that shows nothing: what cannot be read is a failure."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Failure, Got
from connectors.connectwise import wire as connectwise_wire
from connectors.http import Answer
from sandbox.faults import Fault
from tests.connectors.vendors import ConnectWise, QuickBooks

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NO_LISTS = ['{"message":"The service is in maintenance."}', "{}", '"x"', "1", "true"]
NOTHING_READ = (
    "an answer that is no list is read as an empty list: in doubt, 'no payments' means 'send again', and the payment is "
    "created a second time"
)


@pytest.mark.parametrize("body", NO_LISTS)
def test_payments_that_are_no_list_are_not_no_payments(connectwise: ConnectWise, body: str) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.type_payment(200, "100.00")
    connectwise.sandbox.faults.add(Fault("error", path=r"/payments$", status=200, body=body))
    assert isinstance(connectwise.target.list_payments("200"), Failure)


def test_a_payment_that_is_no_object_makes_the_list_unreadable(connectwise: ConnectWise) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("error", path=r"/payments$", status=200, body="[null]"))
    assert isinstance(connectwise.target.list_payments("200"), Failure)


@pytest.mark.parametrize(
    "body",
    ['[{"amount":1}]', '[{"id":1}]', '[{"id":1,"amount":"one"}]', '[{"id":1,"amount":NaN}]', "null", "", "[", "<html>"],
)
def test_a_payment_without_id_or_amount_makes_the_list_unreadable(connectwise: ConnectWise, body: str) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("error", path=r"/payments$", status=200, body=body))
    assert isinstance(connectwise.target.list_payments("200"), Failure)


@pytest.mark.parametrize("body", NO_LISTS)
def test_invoices_that_are_no_list_are_not_no_invoices(connectwise: ConnectWise, body: str) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("error", path=r"/invoices$", status=200, body=body))
    assert isinstance(connectwise.target.find_invoices(["200"], []), Failure)


HUGE_EXPONENT = '[{"id":1,"amount":1e9999999999999999999}]'


def test_a_number_beyond_all_numbers_is_unreadable_and_no_traceback(connectwise: ConnectWise) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("error", path=r"/payments$", status=200, body=HUGE_EXPONENT))
    assert isinstance(connectwise.target.list_payments("200"), Failure)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"\x00", b"[" * 100_000, b"NaN", b"9" * 5000, b'{"a":1,"a":'])
def test_a_body_that_is_no_json_is_none(body: bytes) -> None:
    assert Answer(200, {}, body).json() is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("999999999", 86_400),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 0),
        ("Sun, 22 Nov 2026 13:01:00 +0100", 60),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(value: str, seconds: int) -> None:
    assert Answer(429, {"Retry-After": value}, b"").retry_after(NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "²", "Sun, 99 Nov 2026 12:01:00 GMT"])
def test_a_retry_after_that_says_nothing_is_none(value: str) -> None:
    assert Answer(429, {"Retry-After": value}, b"").retry_after(NOW) is None


@pytest.mark.parametrize("value", ["9" * 5000, "Mon, 01 Jan 99999999999 00:00:00 GMT"])
def test_a_retry_after_of_absurd_length_is_no_traceback(value: str) -> None:
    Answer(429, {"Retry-After": value}, b"").retry_after(NOW)


def test_a_retry_after_in_another_millennium_is_cut_to_a_day() -> None:
    wait = Answer(429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, b"").retry_after(NOW)
    assert wait is not None
    assert wait <= timedelta(days=1)


def test_a_date_at_the_end_of_the_calendar_is_no_traceback() -> None:
    """.NET's DateTime.MaxValue, as a server west of Greenwich writes it."""
    payment = connectwise_wire.payment_from({"id": 1, "amount": 1, "paymentDate": "9999-12-31T23:59:59-05:00"})
    assert payment is not None


CDC_WITHOUT_CHANGES = '{"CDCResponse":[{"QueryResponse":[{}]}],"time":"2026-11-22T12:00:00.000Z"}'


def test_no_changes_are_no_changes(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("error", path="/cdc", status=200, body=CDC_WITHOUT_CHANGES))
    result = quickbooks.source.changes_since(NOW)
    assert isinstance(result, Got)
    assert result.value.changes == ()


@pytest.mark.parametrize(
    "body",
    [
        '{"time":"2026-11-22T12:00:00.000Z"}',
        '{"CDCResponse":null,"time":"2026-11-22T12:00:00.000Z"}',
        '{"CDCResponse":[{"Fault":{"Error":[{"code":"10000"}]}}],"time":"2026-11-22T12:00:00.000Z"}',
        '{"Fault":{},"time":"2026-11-22T12:00:00.000Z"}',
    ],
)
def test_an_answer_without_changes_to_read_does_not_move_the_cursor(quickbooks: QuickBooks, body: str) -> None:
    quickbooks.sandbox.faults.add(Fault("error", path="/cdc", status=200, body=body))
    assert isinstance(quickbooks.source.changes_since(NOW), Failure)


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", '{"QueryResponse":[]}', '{"QueryResponse":{"Payment":7}}', "html", ""]
)
def test_a_query_answer_that_says_nothing_does_not_lose_a_payment(quickbooks: QuickBooks, body: str) -> None:
    payment_id = quickbooks.pay("1.00")
    quickbooks.sandbox.faults.add(Fault("error", path="/query", status=200, body=body))
    result = quickbooks.source.read_payments([payment_id])
    assert isinstance(result, Failure) or [one.external_id for one in result.value.payments] == [payment_id]


def test_a_company_without_information_is_no_traceback(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("error", path="/companyinfo", status=200, body='{"CompanyInfo":null}'))
    quickbooks.source.check()
