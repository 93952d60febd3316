"""Long lists: whatever a server gives at once, the whole list is read, and a short list costs one call."""

import pytest

from connectors.base import Got
from connectors.connectwise.client import SMALLEST_PAGE, Page
from tests.connectors.vendors import ConnectWise

LIST = "GET /finance/invoices/{id}/payments"


@pytest.fixture
def _a_server_that_gives_two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.connectwise.listing.LARGEST_PAGE_SIZE", 2)


def invoice_with(connectwise: ConnectWise, payments: int) -> str:
    invoice_id = connectwise.sandbox.add_invoice("INV-1", "1000.00")
    for _ in range(payments):
        connectwise.sandbox.type_payment(invoice_id, "1.00")
    return str(invoice_id)


@pytest.mark.usefixtures("_a_server_that_gives_two_at_once")
@pytest.mark.parametrize("payments", [0, 1, 2, 3, 4, 5])
def test_a_server_that_gives_less_than_was_asked_for_hides_no_payment(connectwise: ConnectWise, payments: int) -> None:
    result = connectwise.target.list_payments(invoice_with(connectwise, payments))
    assert isinstance(result, Got)
    assert len({one.external_id for one in result.value}) == payments


@pytest.mark.usefixtures("_a_server_that_gives_two_at_once")
def test_it_hides_no_invoice_either(connectwise: ConnectWise) -> None:
    ids = {str(connectwise.sandbox.add_invoice(f"INV-{number}", "1.00")) for number in range(5)}
    by_id, by_number = connectwise.target.find_invoices(ids, []), connectwise.target.find_invoices([], ["INV-3"])
    assert isinstance(by_id, Got)
    assert isinstance(by_number, Got)
    assert {one.external_id for one in by_id.value.invoices} == ids
    assert len(by_number.value.invoices) == 1


@pytest.mark.parametrize("payments", [0, 3, 24])
def test_a_short_list_is_read_with_one_call(connectwise: ConnectWise, payments: int) -> None:
    invoice_id = invoice_with(connectwise, payments)
    connectwise.target.list_payments(invoice_id)
    assert connectwise.sandbox.calls.count(LIST) == 1


@pytest.mark.parametrize(
    ("link", "found", "goes_on"),
    [
        ('<https://x/payments?page=2>; rel="next", <https://x/payments?page=4>; rel="last"', 2, True),
        ("<https://x/payments?page=2>; rel=next", 2, True),
        ('<https://x/payments?page=1>; rel="first", <https://x/payments?page=3>; rel="prev"', 1000, False),
        ("", 1000, False),
        (None, SMALLEST_PAGE, True),
        (None, SMALLEST_PAGE - 1, False),
    ],
)
def test_the_server_says_itself_whether_there_is_more(link: str | None, found: int, goes_on: bool) -> None:
    assert Page([], link).may_go_on(found) is goes_on


def test_when_every_id_is_found_no_second_page_is_asked_for(connectwise: ConnectWise) -> None:
    numbers = [f"INV-{number}" for number in range(SMALLEST_PAGE + 5)]
    ids = {str(connectwise.sandbox.add_invoice(number, "1.00")) for number in numbers}

    def calls_for(ids: set[str], numbers: list[str]) -> int:
        before = connectwise.sandbox.calls.count("GET /finance/invoices")
        assert isinstance(connectwise.target.find_invoices(ids, numbers), Got)
        return connectwise.sandbox.calls.count("GET /finance/invoices") - before

    assert calls_for(ids, []) == 1
    assert calls_for({*ids, "999999"}, []) == 2, "the missing one may be on the next page"
    assert calls_for(set(), numbers) == 2, "another invoice of these numbers may be on the next page"
