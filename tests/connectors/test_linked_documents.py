"""What a payment's line is linked to, what its amount does to the payment's money, and the one reason that follows."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.quickbooks.wire import payment_from
from domain.match.decisions import Hold, Push, Skip
from domain.match.eligibility import decide
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourcePayment
from tests.domain.situations import FACTS, FOUND, replace

INVOICE = ("70", "Invoice")
# Intuit's Payment reference, the links of its other entities, what bank feeds leave behind, and what nobody has seen.
CREDITS_OR_CHARGES = ["Deposit", "Charge", "StatementCharge", "ReimburseCharge", "TimeActivity", "Estimate", "Bill"]
UNKNOWN = ["VendorCredit", "Payment", "SalesReceipt", "Transfer", "SomethingNew", "54"]
OTHERS = CREDITS_OR_CHARGES + UNKNOWN
OWN_REASON = {
    "CreditMemo": Reason.CREDIT_MEMO,
    "JournalEntry": Reason.JOURNAL_ENTRY,
    "Expense": Reason.REFUND,
    "Check": Reason.REFUND,
    "CreditCardCredit": Reason.REFUND,
    "RefundReceipt": Reason.REFUND,
}
EVERY = OTHERS + list(OWN_REASON)


def line(amount: Any, *linked: tuple[str, str]) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": one, "TxnType": kind} for one, kind in linked]}


def read(total: Any, *lines: Any, unapplied: Any = 0) -> SourcePayment:
    body = {"Id": "163", "SyncToken": "0", "TotalAmt": total, "UnappliedAmt": unapplied, "Line": list(lines)}
    return payment_from(body, "USD")


def told(payment: SourcePayment) -> list[tuple[str, str]]:
    """For each line, what is decided about it, were everything else in order."""
    assert payment.flaw is None
    assert payment.state is PaymentState.LIVE
    decisions = [
        decide(replace(FACTS, kind=one.kind, amount=one.amount, problem=one.problem), FOUND)
        for one in payment.allocations
    ]
    for decision in decisions:
        assert isinstance(decision, Push | Skip | Hold)
    return [(type(one).__name__, one.reason.value) for one in decisions]


SYNCED, NO_MONEY, MIXED = ("Push", "eligible"), ("Skip", "credit_applied"), ("Hold", "mixed_with_credit")


def own_or(type_: str, otherwise: Reason) -> tuple[str, str]:
    return ("Skip", OWN_REASON.get(type_, otherwise).value)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("type_", EVERY)
def test_where_no_money_came_in_nothing_waits_for_a_person(type_: str, sign: int) -> None:
    payment = read(0, line(50, INVOICE), line(sign * 50, ("88", type_)))
    assert told(payment) == [NO_MONEY, own_or(type_, Reason.CREDIT_APPLIED)]


@pytest.mark.parametrize("type_", EVERY)
def test_what_took_part_of_the_money_is_skipped_and_keeps_no_invoice_waiting(type_: str) -> None:
    if type_ == "CreditMemo":
        return  # never takes money
    payment = read(75, line(50, INVOICE), line(20, ("88", type_)), unapplied=5)
    kind = payment.allocations[1].kind
    # A refund in a payment of money: which invoice it offsets is not said.
    first = MIXED if kind is AllocationKind.REFUND else SYNCED
    assert told(payment) == [first, own_or(type_, Reason.OTHER_DOCUMENT)]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("type_", EVERY)
def test_what_gave_credit_beside_money_holds_the_invoice_only(type_: str, sign: int) -> None:
    payment = read(30, line(50, INVOICE), line(sign * 20, ("88", type_)))
    assert told(payment) == [MIXED, own_or(type_, Reason.OTHER_DOCUMENT)]


NOWHERE: list[tuple[str, dict[str, Any]]] = [
    ("no link", line(50)),
    ("links not told", {"Amount": 50}),
    ("links no list", {"Amount": 50, "LinkedTxn": {"TxnId": "70"}}),
    ("no id", line(50, ("", "Invoice"))),
    ("no type", line(50, ("88", ""))),
]


@pytest.mark.parametrize("broken", [one for _, one in NOWHERE], ids=[name for name, _ in NOWHERE])
def test_a_line_that_names_no_document(broken: dict[str, Any]) -> None:
    assert told(read(50, broken)) == [("Hold", "line_without_document")]
    assert told(read(150, line(100, ("71", "Invoice")), broken)) == [SYNCED, ("Hold", "line_without_document")]
    zero = told(read(0, line(50, ("71", "CreditMemo")), broken))
    assert zero == [("Skip", "credit_memo"), NO_MONEY]


SEVERAL = [
    ([INVOICE, ("71", "Invoice")], ("Hold", "line_unreadable")),
    ([INVOICE, ("88", "Deposit")], ("Hold", "line_unreadable")),
    ([INVOICE, ("88", "")], ("Hold", "line_unreadable")),
    ([("87", "JournalEntry"), ("88", "Deposit")], ("Skip", "other_document")),
    ([INVOICE, INVOICE], SYNCED),
]


@pytest.mark.parametrize(("linked", "expected"), SEVERAL)
def test_a_line_that_names_several_documents(linked: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    assert told(read(50, line(50, *linked))) == [expected]
    of_no_money = told(read(0, line(50, ("99", "CreditMemo")), line(50, *linked)))[1]
    assert of_no_money == NO_MONEY


@pytest.mark.parametrize("type_", ["invoice", "INVOICE", " Invoice "])
def test_the_name_of_a_type_in_other_letters(type_: str) -> None:
    assert told(read(50, line(50, ("70", type_)))) == [SYNCED]


def test_money_that_went_out_is_no_credit() -> None:
    [(action, reason)] = told(read(-20, line(-20, INVOICE)))
    assert (action, reason) == ("Hold", "amount_not_representable")


def test_a_line_of_nothing_is_no_part() -> None:
    assert [one.amount for one in read(50, line(50, INVOICE), line(0, ("88", "Deposit"))).allocations] == [Decimal(50)]
