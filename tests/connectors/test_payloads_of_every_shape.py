"""QuickBooks' objects of any shape become a record that every database takes, or a ValueError."""

from decimal import Decimal
from typing import Any

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.quickbooks.wire import invoice_from, payment_from
from domain.money import is_currency_code
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourcePayment
from sandbox.quickbooks.incomplete import SHAPES, shown_incompletely

GOOD: dict[str, Any] = {
    "Id": "163",
    "SyncToken": "0",
    "MetaData": {"LastUpdatedTime": "2015-01-16T15:08:12-08:00"},
    "TxnDate": "2015-01-16",
    "TotalAmt": Decimal("65.0"),
    "UnappliedAmt": Decimal("10.0"),
    "CurrencyRef": {"value": "USD"},
    "CustomerRef": {"name": "Red Rock Diner", "value": "20"},
    "Line": [{"Amount": Decimal("55.0"), "LinkedTxn": [{"TxnId": "70", "TxnType": "Invoice"}]}],
}


def line(amount: Any, *linked: tuple[Any, Any]) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": one, "TxnType": kind} for one, kind in linked]}


def read(**changes: Any) -> SourcePayment:
    return payment_from(GOOD | changes, "USD")


def allocations(*lines: Any, **changes: Any) -> list[tuple[AllocationKind, str, Decimal, Reason | None]]:
    payment = read(Line=list(lines), **changes)
    return [(one.kind, one.document_id, one.amount, one.problem) for one in payment.allocations]


def test_a_line_with_several_documents_needs_a_person() -> None:
    [(kind, document, amount, problem)] = allocations(line(5, ("70", "Invoice"), ("71", "Invoice")))
    assert (kind, document, amount, problem) == (AllocationKind.UNREADABLE, "70+71", Decimal(5), Reason.LINE_UNREADABLE)


@pytest.mark.parametrize(
    "broken",
    [
        line(5),
        {"Amount": 5},
        {"Amount": 5, "LinkedTxn": 7},
        line(5, ("", "Invoice")),
        line(5, ("1", "")),
        line(5, ("7" * 51, "Invoice")),
    ],
)
def test_a_line_without_a_document_that_can_be_read_needs_a_person(broken: dict[str, Any]) -> None:
    [(_, _, _, problem)] = allocations(broken)
    assert problem is Reason.LINE_WITHOUT_DOCUMENT


@pytest.mark.parametrize("amount", [None, "x", True, [], Decimal("NaN")])
def test_a_line_without_an_amount_needs_a_person(amount: Any) -> None:
    assert allocations(line(amount, ("70", "Invoice"))) == [
        (AllocationKind.INVOICE, "70", Decimal(0), Reason.AMOUNT_NOT_REPRESENTABLE)
    ]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("JournalEntry", AllocationKind.JOURNAL_ENTRY),
        ("Expense", AllocationKind.REFUND),
        ("Check", AllocationKind.REFUND),
        ("CreditCardCredit", AllocationKind.REFUND),
        ("CreditMemo", AllocationKind.CREDIT_MEMO),
    ],
)
def test_each_document_has_its_kind(type_: str, kind: AllocationKind) -> None:
    assert [one[0] for one in allocations(line(5, ("88", type_)))] == [kind]


@pytest.mark.parametrize("type_", ["CreditMemo", "Expense", "Check", "CreditCardCredit"])
def test_money_mixed_with_credits_needs_a_person(type_: str) -> None:
    mixed = allocations(line(50, ("70", "Invoice")), line(20, ("88", type_)), TotalAmt=30)
    assert [one[3] for one in mixed] == [Reason.MIXED_WITH_CREDIT, None]
    credit_only = allocations(line(50, ("70", "Invoice")), line(50, ("88", type_)), TotalAmt=0)
    assert [one[3] for one in credit_only] == [Reason.CREDIT_APPLIED, None]


INVOICE_PART, ENTRY = ("70", "Invoice"), ("88", "JournalEntry")


@pytest.mark.parametrize("type_", ["JournalEntry", "SomethingNew"])
def test_a_line_that_works_as_a_credit_is_one_whatever_its_type(type_: str) -> None:
    credit_only = allocations(line(50, INVOICE_PART), line(50, ("88", type_)), TotalAmt=0, UnappliedAmt=0)
    assert credit_only[0][3] is Reason.CREDIT_APPLIED
    mixed = allocations(line(50, INVOICE_PART), line(20, ("88", type_)), TotalAmt=30, UnappliedAmt=0)
    assert mixed[0][3] is Reason.MIXED_WITH_CREDIT


def test_a_journal_entry_that_the_money_pays_is_no_credit() -> None:
    paid = allocations(line(50, INVOICE_PART), line(20, ENTRY), TotalAmt=75, UnappliedAmt=5)
    assert [one[3] for one in paid] == [None, None]


@pytest.mark.parametrize(
    ("lines", "total", "unapplied"),
    [
        ([line(50, INVOICE_PART), line(20, ENTRY), line(20, ("89", "JournalEntry"))], 50, 0),
        ([line(50, INVOICE_PART), line(-50, ENTRY)], 0, 0),
        ([line(50, INVOICE_PART)], 50, 50),
        ([line(50, INVOICE_PART)], 30, 0),
        ([line(50, INVOICE_PART)], 0, -50),
    ],
    ids=["one entry paid, one used", "a negative line", "all of it on account", "credit on no line", "less than none"],
)
def test_an_invoice_that_got_more_than_was_received_got_credit(lines: list[Any], total: int, unapplied: int) -> None:
    assert allocations(*lines, TotalAmt=total, UnappliedAmt=unapplied)[0][3] in (
        Reason.CREDIT_APPLIED,
        Reason.MIXED_WITH_CREDIT,
    )


@pytest.mark.parametrize("total", [None, "x", Decimal("NaN")])
def test_a_total_that_is_not_told_is_not_nought(total: Any) -> None:
    assert [one[3] for one in allocations(line(50, INVOICE_PART), TotalAmt=total)] == [Reason.TOTAL_UNREADABLE]
    without_lines = read(TotalAmt=total, UnappliedAmt=0, Line=[])
    assert without_lines.state is PaymentState.LIVE
    assert [one.problem for one in without_lines.allocations] == [Reason.TOTAL_UNREADABLE]


WHOLE = [
    {},
    {"Line": [], "UnappliedAmt": Decimal("65.0")},
    {"Line": [], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [], "TotalAmt": 0, "UnappliedAmt": None, "PrivateNote": "Voided - by the bank"},
    {"Line": [line(65, INVOICE_PART)], "UnappliedAmt": 0},
    {"Line": [line(30, INVOICE_PART), line(35, ("71", "Invoice"))], "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(50, ("88", "CreditMemo"))], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(-50, ("88", "CreditMemo"))], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(50, ENTRY)], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(20, ENTRY)], "TotalAmt": 70, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(20, ENTRY)], "TotalAmt": 35, "UnappliedAmt": 5},
    {"Line": [line(50, ENTRY), line(20, ("89", "Expense")), line(70, ("88", "CreditMemo"))], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(50, ("90", "Deposit"))], "TotalAmt": 0, "UnappliedAmt": 0},
    {"Line": [line(65, INVOICE_PART), line(0, ("71", "Invoice"))], "UnappliedAmt": 0},
    {"status": "Deleted", "Line": None, "TotalAmt": None},
]  # fmt: skip


@pytest.mark.parametrize("changes", WHOLE)
def test_a_picture_that_adds_up_is_relied_on(changes: dict[str, Any]) -> None:
    assert read(**changes).flaw is None


def test_no_unapplied_amount_is_missed_where_the_lines_come_to_the_total() -> None:
    told = {name: value for name, value in GOOD.items() if name != "UnappliedAmt"}
    assert payment_from(told | {"TotalAmt": 55}, "USD").flaw is None
    assert payment_from(told, "USD").flaw is Reason.INCOMPLETE
    assert payment_from(told | {"TotalAmt": 0, "Line": []}, "USD").flaw is Reason.INCOMPLETE


NOT_WHOLE = [
    {"Line": [], "TotalAmt": 60, "UnappliedAmt": 0},
    {"Line": [], "UnappliedAmt": 10},
    {"TotalAmt": 0, "UnappliedAmt": 0},
    {"TotalAmt": 60},
    {"TotalAmt": Decimal("65.01")},
    {"UnappliedAmt": 0},
    {"Line": [*GOOD["Line"], *GOOD["Line"]]},
    {"Line": [*GOOD["Line"], None]},
    {"Line": {"Amount": 55}},
    {"Line": None, "UnappliedAmt": 65},
    {"Line": [line(None, INVOICE_PART)]},
    {"Line": [line(50, INVOICE_PART), line(20, ("88", "CreditMemo"))], "TotalAmt": 70, "UnappliedAmt": 0},
    {"Line": [line(50, INVOICE_PART), line(20, ENTRY)], "TotalAmt": 60, "UnappliedAmt": 0},
    {"Line": [line(1, (str(one), "JournalEntry")) for one in range(30)], "TotalAmt": 31, "UnappliedAmt": 0},
]


@pytest.mark.parametrize("changes", NOT_WHOLE)
def test_a_picture_that_does_not_add_up_is_not_relied_on(changes: dict[str, Any]) -> None:
    payment = read(**changes)
    assert (payment.flaw, payment.state) == (Reason.INCOMPLETE, PaymentState.LIVE)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_no_shape_of_a_bad_day_is_relied_on(shape: str) -> None:
    body = shown_incompletely(simplejson.dumps({"Payment": GOOD}, use_decimal=True).encode(), shape)
    payment = payment_from(simplejson.loads(body, use_decimal=True)["Payment"], "USD")
    assert payment.flaw in (Reason.INCOMPLETE, Reason.TOTAL_UNREADABLE)


amounts = st.integers(0, 20_000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(total=amounts, unapplied=amounts, on_invoices=st.lists(amounts, max_size=4))
def test_of_money_on_invoices_exactly_what_adds_up_is_relied_on(
    total: Decimal, unapplied: Decimal, on_invoices: list[Decimal]
) -> None:
    told = [line(amount, (str(number), "Invoice")) for number, amount in enumerate(on_invoices)]
    for one in (total, sum(on_invoices, unapplied)):
        is_whole = one == sum(on_invoices, unapplied)
        assert (read(Line=told, TotalAmt=one, UnappliedAmt=unapplied).flaw is None) == is_whole


def test_a_zero_total_with_lines_is_live_and_without_is_voided() -> None:
    assert read(TotalAmt=0, UnappliedAmt=0).state is PaymentState.LIVE
    assert read(TotalAmt=0, UnappliedAmt=0, Line=[]).state is PaymentState.VOIDED
    assert read(status="Deleted").state is PaymentState.DELETED


def test_a_missing_currency_is_the_home_currency_or_unknown() -> None:
    without = {name: value for name, value in GOOD.items() if name != "CurrencyRef"}
    assert payment_from(without, "CAD").currency == "CAD"
    assert payment_from(without, None).currency is None
    assert payment_from(GOOD | {"CurrencyRef": {"value": "dollars"}}, None).currency is None


def test_a_missing_number_is_none() -> None:
    assert invoice_from({"Id": "70", "DocNumber": None}, "USD").number is None
    assert invoice_from({"Id": "70"}, "USD").number is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.decimals(allow_nan=True, allow_infinity=True)
    # Beyond what arithmetic takes.
    | st.sampled_from([Decimal("1E+1000000"), Decimal("-1E+999999999999999999"), Decimal("1E-1000000")])
    | st.text(max_size=12)
    | st.just("\ud800\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "name", "Amount"]), inner),
    max_leaves=6,
)
lines = st.fixed_dictionaries(
    {},
    optional={
        "Amount": values,
        "LinkedTxn": values
        | st.lists(st.fixed_dictionaries({}, optional={"TxnId": values, "TxnType": values}), max_size=2),
    },
)
objects = st.fixed_dictionaries(
    {"Id": st.just("163") | values},
    optional={name: values | st.just(value) for name, value in GOOD.items() if name not in ("Id", "Line")}
    | {"Line": values | st.lists(lines, max_size=3), "status": values, "DocNumber": values, "Balance": values},
)


@given(objects, st.sampled_from([None, "USD"]))
@settings(max_examples=200, deadline=None)
def test_any_object_is_a_record_or_a_value_error(wire: dict[str, Any], home_currency: str | None) -> None:
    try:
        payment, invoice = payment_from(wire, home_currency), invoice_from(wire, home_currency)
    except ValueError:
        return
    texts = [payment.external_id, payment.customer_id, payment.customer_name, payment.reference, payment.note]
    texts += [one.document_id for one in payment.allocations] + [invoice.number or "", invoice.customer_name]
    for text in texts:
        text.encode()
        assert "\x00" not in text
    for currency in (payment.currency, invoice.currency):
        assert currency is None or is_currency_code(currency)
    for amount in (payment.total, payment.unapplied, invoice.total, *(one.amount for one in payment.allocations)):
        assert amount.is_finite()
    assert payment.changed_at.tzinfo is not None


TOO_LONG = "no column takes it: PostgreSQL refuses the insert, and the batch of events it is in is read again for ever"


@pytest.mark.parametrize(
    "changes",
    [
        {"Line": [line(5, ("7" * 51, "Invoice"))]},
        {"CustomerRef": {"value": "2" * 51}},
        {"Id": "1" * 51},
        {"SyncToken": "9" * 30},
    ],
    ids=["document", "customer", "id", "version"],
)
def test_what_is_longer_than_its_column_is_cut_or_refused(changes: dict[str, Any]) -> None:
    try:
        payment = read(**changes)
    except ValueError:
        return
    texts = [payment.external_id, payment.customer_id, *(one.document_id for one in payment.allocations)]
    assert max(map(len, texts)) <= 50
    assert payment.version < 2**31
