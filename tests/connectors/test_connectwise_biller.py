"""The biller reads: which invoices wait for the books, what goes into the books, and what their entries say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import simplejson

from connectors.base import Failure, FailureKind
from connectors.connectwise.biller import EXPORTS_MAX
from connectors.connectwise.settings import ConnectWiseSettings
from connectors.connectwise.vendor import ConnectWise
from connectors.limits import Limiter
from connectors.vendor import Account, Surroundings
from domain.copying.billed import BilledLine, InvoiceKind, LineKind, TaxLevel
from sandbox.connectwise.accounting_body import read_export
from sandbox.connectwise.errors import bad_query, failed
from sandbox.faults import Fault
from tests.connectors.billing import Billing, value_of
from tests.connectors.vendors import KEYS, NO_LIMIT, PATIENCE, MemoryKeeper

EXPORT = "POST /finance/accounting/export"
UNPOSTED = "GET /finance/accounting/unpostedinvoices"


@pytest.fixture
def _pages_of_two(monkeypatch):
    monkeypatch.setattr("sandbox.connectwise.listing.LARGEST_PAGE_SIZE", 2)


def answers(billing: Billing, path: str, body: object, **more) -> None:
    """The next answer of this kind is a 200 with this body."""
    text = body if isinstance(body, str) else simplejson.dumps(body)
    billing.sandbox.faults.add(Fault("error", path=path, status=200, body=text, **more))


def numbers(page) -> list[str]:
    return [one.number for one in page.invoices]


def test_a_connection_opens_its_biller(billing):
    invoice_id = billing.invoice()
    vendor = ConnectWise(ConnectWiseSettings(client_id=KEYS.client_id), NO_LIMIT)
    surroundings = Surroundings(time_limits=PATIENCE, limiter=Limiter(None), now=billing.connectwise.clock.now)
    keeper = MemoryKeeper({"public_key": KEYS.public_key, "private_key": KEYS.private_key})
    settings = {"site_url": billing.connectwise.url, "company": "acme"}
    opened = vendor.open_biller(surroundings, Account(2, "connectwise", "acme", settings, keeper))
    assert [one.external_id for one in value_of(opened.list_unposted()).invoices] == [invoice_id]


# --- the invoices that wait ---


def test_an_invoice_waits_with_its_amounts_days_and_names(billing):
    invoice_id = billing.invoice(bill_to_identifier="HeadOffice", invoice_date=date(2026, 11, 20), location="Tampa")
    [found] = billing.page().invoices
    assert (found.external_id, found.number, found.kind) == (invoice_id, "INV-1", InvoiceKind.STANDARD)
    assert (found.subtotal, found.tax, found.total) == (Decimal("599.56"), Decimal("36.72"), Decimal("636.28"))
    assert {type(one) for one in (found.subtotal, found.tax, found.total)} == {Decimal}
    assert (found.issued_on, found.due_on, found.currency) == (date(2026, 11, 20), date(2026, 12, 20), "USD")
    assert (found.company.identifier, found.company.name) == ("CascadeDental", "Cascade Dental")
    assert (found.bill_to.identifier, found.location) == ("HeadOffice", "Tampa")
    assert found.closed_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_batched_or_open_invoice_does_not_wait(billing):
    billing.sandbox.add_invoice("INV-1", 5, posted=True)
    billing.sandbox.add_invoice("INV-2", 5, closed=False)
    assert billing.page().invoices == ()


@pytest.mark.parametrize(("position", "waiting"), [("include", ["INV-1"]), ("exclude", [])])
def test_an_invoice_without_entries_may_wait_for_ever(billing, position, waiting):
    billing.sandbox.set_switches(unposted_without_entries=position)
    billing.sandbox.add_invoice("INV-1", 5, gl_mapped=False)
    page = billing.page()
    assert numbers(page) == waiting
    assert {one.has_entries for one in page.invoices} <= {None}, "the list does not say"


def test_an_invoice_is_known_by_its_own_id_and_not_by_that_of_the_list(billing):
    invoice_id = billing.invoice()
    billing.sandbox.set_switches(unposted_id="own")
    assert [one.external_id for one in billing.page().invoices] == [invoice_id]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Agreement", InvoiceKind.AGREEMENT),
        ("CreditMemo", InvoiceKind.CREDIT_MEMO),
        ("DownPayment", InvoiceKind.DOWN_PAYMENT),
        ("Miscellaneous", InvoiceKind.MISCELLANEOUS),
        ("Progress", InvoiceKind.PROGRESS),
        ("Standard", InvoiceKind.STANDARD),
        ("Consolidated", InvoiceKind.CONSOLIDATED),
    ],
)
def test_every_kind_of_invoice_is_known(billing, written, kind):
    billing.sandbox.add_invoice("INV-1", 5, invoice_type=written)
    assert [one.kind for one in billing.page().invoices] == [kind]


@pytest.mark.usefixtures("_pages_of_two")
@pytest.mark.parametrize("unposted_id", ["invoice", "own"])
def test_a_page_loses_no_invoice_when_those_before_it_are_batched_meanwhile(billing, unposted_id):
    billing.sandbox.set_switches(unposted_id=unposted_id)
    ids = [billing.sandbox.add_invoice(f"INV-{number}", 5) for number in range(5)]
    first = billing.page()
    for one in ids[:2]:
        billing.sandbox.batch_invoice(one)
    second = billing.page(first.next_after)
    last = billing.page(second.next_after)
    assert [numbers(one) for one in (first, second, last)] == [["INV-0", "INV-1"], ["INV-2", "INV-3"], ["INV-4"]]
    assert last.next_after is None


def test_many_invoices_come_in_one_call_and_then_none(billing):
    for number in range(30):
        billing.sandbox.add_invoice(f"INV-{number}", 5)
    page = billing.page()
    assert (len(page.invoices), billing.calls(UNPOSTED)) == (30, 1)
    # A server without links does not say that this was all.
    assert billing.page(page.next_after).invoices == ()


def test_a_record_that_cannot_be_read_loses_none_of_the_others(billing):
    company = {"id": 2, "identifier": "CascadeDental"}
    good = {"id": 9, "billingLogId": 9, "invoiceNumber": "INV-9", "total": 5, "company": company}
    rubbish = [
        None,
        {"id": 1},
        {"id": 2, "billingLogId": 2},
        {"id": 3, "billingLogId": 3, "invoiceNumber": "INV-3", "company": company},
        {"id": 4, "billingLogId": 4, "invoiceNumber": "INV-4", "total": "much", "company": company},
        {"id": 5, "billingLogId": 5, "invoiceNumber": "INV-5", "total": 5},
        {
            "id": 6,
            "billingLogId": 6,
            "invoiceNumber": "INV-6",
            "total": 5,
            "company": company,
            "billToCompany": {"id": 0},
        },
        {"id": 7, "billingLogId": True, "invoiceNumber": "INV-7", "total": 5, "company": company},
        {"id": 8, "billingLogId": 8, "invoiceNumber": "INV-8", "total": Decimal("1E+20"), "company": company},
    ]
    answers(billing, "unpostedinvoices", [*rubbish, good])
    page = billing.page()
    assert numbers(page) == ["INV-9"]
    assert page.invoices[0].kind is InvoiceKind.OTHER
    assert [name for name, _ in page.unreadable] == ["", "1", "2", *(f"INV-{number}" for number in range(3, 9))]
    assert all(reason for _, reason in page.unreadable)


@pytest.mark.parametrize("body", ["{}", "null", "1", '"x"', "<html>", '{"message":"maintenance"}'])
def test_an_answer_that_is_no_list_is_not_an_empty_one(billing, body):
    answers(billing, "unpostedinvoices", body)
    assert isinstance(billing.biller.list_unposted(), Failure)


@pytest.mark.parametrize(
    "records",
    [[{"id": 7}, {"id": 6}], [{"id": 7}, {"id": 7}], [{"id": 1}], [{"billingLogId": number} for number in range(25)]],
)
def test_a_list_that_is_in_no_order_is_not_gone_through(billing, records):
    answers(billing, "unpostedinvoices", records)
    assert isinstance(billing.biller.list_unposted("5"), Failure)


def test_a_missing_right_is_named(billing):
    billing.sandbox.set_permissions(accounting_inquire=False)
    for result in (billing.biller.list_unposted(), billing.biller.read_details(["200"])):
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.FORBIDDEN
        assert "Finance > Accounting Interface: Inquire All" in result.detail


# --- what goes into the books ---


@pytest.mark.parametrize("status", [200, 201])
def test_lines_have_the_signs_that_a_customer_reads_and_add_up_with_the_tax(billing, status):
    billing.sandbox.set_switches(export_status=status)
    invoice_id = billing.invoice()
    detail = billing.detail(invoice_id)
    assert (detail.number, detail.currency, detail.terms) == ("INV-1", "USD", "Net 30")
    assert detail.lines == (
        BilledLine(
            LineKind.PRODUCT,
            "Cable",
            Decimal("524.56"),
            Decimal(100),
            Decimal("5.25"),
            "CBL",
            taxable=True,
            tax_code="FL",
        ),
        BilledLine(LineKind.SERVICE, "Laid it", Decimal(75), Decimal("0.5"), Decimal(150), "Remote Support"),
    )
    assert (detail.tax, detail.total) == (Decimal("36.72"), Decimal("636.28"))
    assert detail.tax_levels == (TaxLevel("STATE", Decimal("31.47")), TaxLevel("CITY", Decimal("5.25")))
    assert billing.sandbox.batches() == [], "it reads only"


@pytest.mark.parametrize(
    ("position", "price", "amount", "rest"),
    [
        ("rounded", "5.25", "524.56", []),
        ("exact", "5.2456", "524.56", []),
        ("rounded_and_multiplied", "5.25", "525.00", [Decimal("-0.44")]),
    ],
)
def test_what_a_rounded_price_makes_of_an_amount_is_adjusted(billing, position, price, amount, rest):
    billing.sandbox.set_switches(export_unit_price=position)
    detail = billing.detail(billing.invoice())
    assert (detail.lines[0].unit_price, detail.lines[0].amount) == (Decimal(price), Decimal(amount))
    assert [one.amount for one in detail.lines if one.kind is LineKind.ADJUSTMENT] == rest
    assert sum(one.amount for one in detail.lines) + detail.tax == detail.total
    assert detail.entries_complete, "the rounding of prices explains the difference"


@pytest.mark.parametrize("position", ["without_details", "all"])
def test_header_and_details_together_name_all_entries(billing, position):
    billing.sandbox.set_switches(gl_entry_ids=position)
    invoice_id = billing.invoice()
    detail = billing.detail(invoice_id)
    assert (detail.entry_ids, detail.entries_complete) == (billing.entries_of(invoice_id), True)


def test_a_credit_memo_gives_money_back(billing):
    detail = billing.detail(str(billing.sandbox.add_invoice("CM-1", -20, invoice_type="CreditMemo")))
    [line] = detail.lines
    assert (detail.total, line.amount, line.quantity, line.unit_price) == (-20, -20, 1, -20)


def test_amounts_without_a_product_are_lines_of_the_export_and_no_rest(billing):
    amounts = {"agreement_amount": 100, "service_adjustment": -10}
    agreement = billing.detail(str(billing.sandbox.add_invoice("A-1", 90, invoice_type="Agreement", **amounts)))
    assert [(one.kind, one.amount) for one in agreement.lines] == [(LineKind.AGREEMENT, 100), (LineKind.SERVICE, -10)]
    paid_ahead = billing.detail(str(billing.sandbox.add_invoice("S-1", 60, downpayment_applied=40)))
    assert [(one.kind, one.amount) for one in paid_ahead.lines] == [(LineKind.SERVICE, 60)]


def test_entries_that_somebody_else_has_batched_leave_a_rest_and_are_looked_for(billing):
    invoice_id = billing.invoice()
    billing.sandbox.batch_invoice(int(invoice_id), first_entries=2)
    detail = billing.detail(invoice_id)
    assert [one.amount for one in detail.lines if one.kind is LineKind.ADJUSTMENT] == [Decimal("524.56")]
    assert not detail.entries_complete
    entries = value_of(billing.biller.list_entries(invoice_id))
    assert {one.external_id for one in entries if not one.batched} == detail.entry_ids


def test_an_invoice_that_cannot_be_batched_is_absent(billing):
    waiting = billing.invoice()
    batched, opened = billing.invoice("INV-2"), billing.invoice("INV-3")
    billing.sandbox.batch_invoice(int(batched))
    billing.sandbox.reopen_invoice(int(opened))
    without_entries = str(billing.sandbox.add_invoice("INV-4", 5, gl_mapped=False))
    read = billing.details([waiting, batched, opened, without_entries, "999", "../batches"])
    assert [one.invoice_id for one in read.details] == [waiting]
    assert read.absent_ids == {batched, opened, without_entries, "999", "../batches"}
    assert (read.unread_ids, read.failure) == (frozenset(), None)


def test_an_invoice_that_is_dated_ahead_is_not_absent(billing):
    ahead = billing.connectwise.clock.now().date() + timedelta(days=400)
    assert billing.detail(billing.invoice(invoice_date=ahead)).number == "INV-1"


def test_many_invoices_are_read_with_few_calls_and_none_with_no_call(billing):
    ids = [str(billing.sandbox.add_invoice(f"INV-{number}", 5)) for number in range(120)]
    assert billing.details([]).details == ()
    assert billing.calls(EXPORT) == 0
    assert {one.invoice_id for one in billing.details(ids).details} == set(ids)
    assert billing.calls(EXPORT) == 3


@pytest.mark.parametrize("error", [failed("An error has occurred."), bad_query("The record is not valid.")])
@pytest.mark.parametrize("place", [0, 7, 29])
def test_one_invoice_on_which_the_export_breaks_does_not_stop_the_others(billing, monkeypatch, error, place):
    ids = [str(billing.sandbox.add_invoice(f"INV-{number}", 5)) for number in range(30)]

    def breaking(body, now):
        if int(ids[place]) in body["includedInvoiceIds"]:
            raise error
        return read_export(body, now)

    monkeypatch.setattr("sandbox.connectwise.accounting.read_export", breaking)
    read = billing.details(ids)
    assert {one.invoice_id for one in read.details} == {*ids} - {ids[place]}
    assert [name for name, _ in read.unreadable] == [ids[place]]
    assert str(error) in read.unreadable[0][1]


def test_no_invoice_is_blamed_for_a_system_that_is_not_well(billing):
    ids = [str(billing.sandbox.add_invoice(f"INV-{number}", 5)) for number in range(30)]
    billing.sandbox.faults.add(Fault("error", path="export", times=None))
    result = billing.biller.read_details(ids)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.UNAVAILABLE
    assert billing.calls(EXPORT) <= EXPORTS_MAX


def test_nor_for_one_that_falls_ill_meanwhile(billing):
    ids = [str(billing.sandbox.add_invoice(f"INV-{number}", 5)) for number in range(60)]
    billing.sandbox.faults.add(Fault("error", path="export", skip=1, times=None))
    read = billing.details(ids)
    assert (len(read.details), read.unreadable, read.unread_ids) == (50, (), frozenset(ids[50:]))
    assert read.failure is not None
    assert read.failure.kind is FailureKind.UNAVAILABLE


def test_what_was_read_before_a_failure_is_kept(billing):
    ids = [str(billing.sandbox.add_invoice(f"INV-{number}", 5)) for number in range(60)]
    billing.sandbox.faults.add(Fault("throttle", path="export", skip=1, retry_after=7))
    read = billing.details(ids)
    assert (len(read.details), read.unread_ids) == (50, frozenset(ids[50:]))
    assert read.failure is not None
    assert (read.failure.kind, read.failure.retry_after) == (FailureKind.THROTTLED, timedelta(seconds=7))


@pytest.mark.parametrize("body", ["{}", "[]", "null", "", "<html>", '{"transactions":{}}', '{"message":"maintenance"}'])
def test_an_answer_that_is_no_export_is_not_an_empty_one(billing, body):
    answers(billing, "export", body, times=None)
    assert isinstance(billing.biller.read_details([billing.invoice()]), Failure)


def test_the_export_is_asked_where_the_api_has_moved_to(billing):
    invoice_id = billing.invoice()
    billing.biller._client._base_url = billing.connectwise.url + "/v2017_3/apis/3.0"
    assert billing.detail(invoice_id).number == "INV-1"


def test_keys_that_are_refused_with_a_404_are_about_the_keys(billing):
    billing.sandbox.set_switches(bad_credentials=404)
    billing.sandbox.set_keys(private_key="another")
    result = billing.biller.read_details(["200"])
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.CREDENTIALS


# --- the entries of one invoice ---


@pytest.mark.usefixtures("_pages_of_two")
def test_all_entries_of_an_invoice_are_listed_batched_or_not(billing):
    invoice_id = billing.invoice()
    billing.sandbox.batch_invoice(int(invoice_id), first_entries=3)
    entries = value_of(billing.biller.list_entries(invoice_id))
    assert {one.external_id for one in entries} == billing.entries_of(invoice_id)
    assert [one.batched for one in entries] == [True, True, True, False, False, False, False]
    assert sum(one.amount for one in entries) == 0


@pytest.mark.parametrize(
    "record", ['{"id":1,"amount":5}', '{"id":1,"isBatched":false}', '{"amount":5,"isBatched":false}', "null"]
)
def test_an_entry_that_does_not_say_whether_a_batch_holds_it_makes_the_list_unreadable(billing, record):
    answers(billing, "glEntries", f'[{{"id":2,"amount":5,"isBatched":false}},{record}]')
    assert isinstance(billing.biller.list_entries("200"), Failure)


@pytest.mark.parametrize("invoice_id", ["999", "0", "", "../../batches"])
def test_an_invoice_that_is_not_there_has_no_list_of_entries(billing, invoice_id):
    result = billing.biller.list_entries(invoice_id)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.NOT_FOUND
