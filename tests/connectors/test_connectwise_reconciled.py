"""Every open invoice of ConnectWise, and all others in slices: counted, in the order of the ids, or not trusted."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Failure, FailureKind, Got
from connectors.connectwise.lists import PAGE_SIZE
from connectors.connectwise.reconciled import ConnectWiseReconciled
from connectors.reconciling import as_untrusted
from domain.reconciliation.documents import TargetOpen
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from sandbox.faults import Fault
from tests.connectors.vendors import ConnectWise

LIST, COUNT = "GET /finance/invoices", "GET /finance/invoices/count"


@pytest.fixture
def reconciled(connectwise: ConnectWise) -> ConnectWiseReconciled:
    return ConnectWiseReconciled(connectwise.target._client, connectwise.target, "USD")


@pytest.fixture
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.connectwise.reconciled.PAGE_SIZE", 3)


def opened(reconciled: ConnectWiseReconciled) -> TargetOpen:
    result = reconciled.read_open()
    assert isinstance(result, Got), result
    return result.value


def test_invoices_with_any_balance_are_open_and_no_others(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    sandbox = connectwise.sandbox
    sandbox.add_invoice("OPEN", "100.00", downpayment_applied="25.00", bill_to_identifier="Payer")
    overpaid, paid = sandbox.add_invoice("OVERPAID", "100.00", currency="CAD"), sandbox.add_invoice("PAID", "100.00")
    sandbox.type_payment(overpaid, "130.00")
    sandbox.type_payment(overpaid, "5.00", credit_memo="CM-1")
    sandbox.type_payment(paid, "100.00")
    found = opened(reconciled)
    one, other = found.invoices
    assert (one.number, one.balance, one.payments, one.credits, one.downpayment) == ("OPEN", 100, 0, 0, 25)
    assert (one.status, one.type, one.is_credit_memo, one.changed_at) == (
        "Closed",
        "Standard",
        False,
        connectwise.clock.now(),
    )
    assert "Payer" in one.customer_names
    assert (other.number, other.balance, other.payments, other.credits) == ("OVERPAID", -35, 130, 5)
    assert found.totals == {"USD": Decimal(100), "CAD": Decimal(-35)}
    assert (found.count_before, found.count_after, found.evidence.calls, found.evidence.metered_reads) == (2, 2, 3, 0)


def test_the_downpayment_is_never_below_zero(connectwise: ConnectWise, reconciled: ConnectWiseReconciled) -> None:
    connectwise.sandbox.set_switches(downpayment_applied="negative")
    connectwise.sandbox.add_invoice("OPEN", "100.00", downpayment_applied="25.00")
    assert opened(reconciled).invoices[0].downpayment == 25


@pytest.mark.usefixtures("_short_pages")
@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_all_pages_are_read_with_one_call_each(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled, count: int
) -> None:
    for number in range(count):
        connectwise.sandbox.add_invoice(str(number), "10.00")
    assert [one.number for one in opened(reconciled).invoices] == [str(number) for number in range(count)]
    assert connectwise.sandbox.calls.count(LIST) == max(1, -(-count // 3))


@pytest.mark.usefixtures("_short_pages")
def test_an_invoice_that_is_paid_between_two_pages_hides_no_other(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    ids = [connectwise.sandbox.add_invoice(str(number), "10.00") for number in range(7)]
    pay_before(reconciled, 3, lambda: connectwise.sandbox.type_payment(ids[0], "10.00"))
    assert len(opened(reconciled).invoices) == 6


def pay_before(reconciled: ConnectWiseReconciled, number: int, happens: Any, *, for_ever: bool = False) -> None:
    made = 0

    def keep() -> None:
        nonlocal made
        made += 1
        if for_ever or made == number:
            happens()

    reconciled._keep = keep


def test_a_tenant_that_never_holds_still_is_not_trusted(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    pay_before(reconciled, 0, lambda: connectwise.sandbox.add_invoice("N", "1.00"), for_ever=True)
    result = reconciled.read_open()
    assert isinstance(result, Untrusted)
    assert result.why is WhyUntrusted.COUNT_CHANGED


@pytest.mark.usefixtures("_short_pages")
def test_a_server_that_leaves_out_a_page_is_not_trusted(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    for number in range(5):
        connectwise.sandbox.add_invoice(str(number), "10.00")
    connectwise.sandbox.faults.add(Fault("error", path="/finance/invoices$", body="[]", status=200, skip=1, times=None))
    result = reconciled.read_open()
    assert isinstance(result, Untrusted)
    assert result.why is WhyUntrusted.COUNT_DIFFERS


@pytest.mark.usefixtures("_short_pages")
@pytest.mark.parametrize("path", ["/finance/invoices$", "/finance/invoices/count$"])
def test_a_page_that_fails_in_the_middle_is_a_failure_and_never_a_short_list(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled, path: str
) -> None:
    for number in range(7):
        connectwise.sandbox.add_invoice(str(number), "10.00")
    connectwise.sandbox.faults.add(Fault("error", path=path, skip=1))
    result = reconciled.read_open()
    assert isinstance(result, Failure)
    assert as_untrusted(result).why is WhyUntrusted.PAGE_FAILED


def test_a_member_without_the_right_is_told_apart(connectwise: ConnectWise, reconciled: ConnectWiseReconciled) -> None:
    connectwise.sandbox.set_permissions(inquire=False)
    result = reconciled.count_open()
    assert isinstance(result, Failure)
    assert (result.kind, as_untrusted(result).why) == (FailureKind.FORBIDDEN, WhyUntrusted.PERMISSION)


def test_an_invoice_that_the_members_location_hides_is_proved_hidden_where_connectwise_says_so(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    hidden = str(connectwise.sandbox.add_invoice("INV-1", "10.00", location="West"))
    connectwise.sandbox.limit_locations(["Main Office"])
    connectwise.sandbox.set_switches(hidden_invoice=403)
    why = reconciled.why_hidden([hidden, "no id"])
    assert isinstance(why, Untrusted)
    assert why.why is WhyUntrusted.PERMISSION
    connectwise.sandbox.limit_locations(None)
    assert reconciled.why_hidden([hidden, "99999"]) is None


@pytest.mark.usefixtures("_short_pages")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_every_invoice_is_in_exactly_one_slice(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled, limit: int
) -> None:
    for number in range(8):
        invoice_id = connectwise.sandbox.add_invoice(str(number), "10.00")
        connectwise.sandbox.type_payment(invoice_id, "10.00")
    found, after = [], None
    while True:
        result = reconciled.read_invoice_slice(after, limit)
        assert isinstance(result, Got), result
        found += [one.number for one in result.value.invoices]
        assert result.value.counted == len(result.value.invoices) <= limit
        after = result.value.next_after
        if after is None:
            break
    assert found == [str(number) for number in range(8)]


def test_a_slice_that_is_not_as_long_as_connectwise_counts_is_not_trusted(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    connectwise.sandbox.add_invoice("INV-1", "10.00")
    connectwise.sandbox.faults.add(Fault("error", path="/finance/invoices$", body="[]", status=200, times=None))
    result = reconciled.read_invoice_slice()
    assert result == Untrusted(WhyUntrusted.COUNT_DIFFERS, "1 counted, 0 came")


def test_a_slice_begins_where_the_last_one_said(reconciled: ConnectWiseReconciled) -> None:
    assert isinstance(reconciled.read_invoice_slice("nowhere"), Failure)


def test_invoices_are_found_by_id_and_number_and_by_their_last_change(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    first = connectwise.sandbox.add_invoice("INV-1", "10.00")
    connectwise.clock.move(hours=1)
    since = connectwise.clock.now()
    connectwise.sandbox.add_invoice("INV-2", "10.00")
    both = reconciled.read_standings([str(first)], ["INV-2", 'INV"3'])
    assert isinstance(both, Got)
    assert {one.number for one in both.value.invoices} == {"INV-1", "INV-2"}
    changed = reconciled.read_changed_since(since)
    assert isinstance(changed, Got)
    assert [one.number for one in changed.value.invoices] == ["INV-2"]


def test_a_number_that_connectwise_refuses_spoils_the_search(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    connectwise.sandbox.add_invoice("INV-1", "10.00")
    connectwise.sandbox.refuse_queries_for(["INV-2"])
    result = reconciled.read_standings([], ["INV-1", "INV-2"])
    assert isinstance(result, Untrusted)
    assert result.why is WhyUntrusted.PAGE_FAILED


@pytest.mark.parametrize("broken", ['"balance":null', '"balance":"much"', '"total":null'])
def test_an_invoice_without_readable_amounts_is_no_invoice_of_zero(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled, broken: str
) -> None:
    told = '[{"id":7,"invoiceNumber":"INV-1","total":10,"balance":10,' + broken + "}]"
    connectwise.sandbox.faults.add(Fault("error", path="/finance/invoices$", body=told, status=200))
    result = reconciled.read_open()
    assert isinstance(result, Untrusted)
    assert (result.why, result.detail) == (WhyUntrusted.ROW_UNREADABLE, "invoice 7")


def test_a_step_may_be_asked_before_every_call(connectwise: ConnectWise, reconciled: ConnectWiseReconciled) -> None:
    class LeaseLost(Exception):
        pass

    def lose() -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        reconciled.keeping(lose).read_open()
    assert connectwise.sandbox.calls.count(COUNT) == 0


def test_ids_that_lie_close_together_are_read_by_the_page(
    connectwise: ConnectWise, reconciled: ConnectWiseReconciled
) -> None:
    ids = [str(connectwise.sandbox.add_invoice(f"INV-{number}", "100.00")) for number in range(700)]
    wanted = set(ids[:650]) - set(ids[10:12])
    before = connectwise.sandbox.calls.count(LIST)
    result = reconciled.read_standings(wanted)
    assert isinstance(result, Got), result
    assert {one.external_id for one in result.value.invoices} == wanted
    assert connectwise.sandbox.calls.count(LIST) - before == -(-650 // PAGE_SIZE)
