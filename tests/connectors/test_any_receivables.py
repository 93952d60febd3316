"""Whatever the books hold and whatever form a report has: it is read as the entities are, or it is not believed."""

from decimal import Decimal
from typing import Any

import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.quickbooks.reports import COLUMNS, CutReport, Report, report_in, shrink
from domain.reconciliation.documents import DocumentKind
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.quickbooks.reports import answer
from tests.sandbox.quickbooks.support import books

CENTS = st.integers(1, 500_000).map(lambda cents: Decimal(cents) / 100)
FORMS = st.fixed_dictionaries(
    {
        "report_version": st.sampled_from(["v1", "v2"]),
        "report_hierarchy": st.booleans(),
        "report_amounts": st.sampled_from(["two_digits", "short", "thousands"]),
        "report_column_keys": st.sampled_from(["metadata", "type", "absent"]),
        "report_column_order": st.sampled_from(["asked", "shuffled"]),
        "report_ids": st.sampled_from(["there", "absent"]),
        "report_cells_max": st.sampled_from([7, 21, 400_000]),
        "report_summaries": st.sampled_from(["there", "there", "last_absent"]),
        "report_negative_rows": st.sampled_from(["shown", "shown", "hidden"]),
    }
)
INVOICES = st.lists(st.tuples(CENTS, st.integers(0, 10), st.sampled_from("123"), st.integers(1, 28)), max_size=6)


def a_world(invoices: list[tuple[Decimal, int, str, int]], extras: list[Decimal]) -> QuickBooksSandbox:
    sandbox = books()
    sandbox.add_customer("Red Rock Diner:Annex")
    sandbox.add_customer("Maple")
    for number, (total, tenths, customer, day) in enumerate(invoices):
        made = sandbox.add_invoice(customer, total, f"N{number}", invoice_date=f"2026-10-{day:02}")
        paid = (total * tenths / 10).quantize(Decimal("0.01"))
        if paid:
            sandbox.record_payment(customer, paid + 1, [(made, paid)])
    for place, amount in enumerate(extras):
        adds = (sandbox.add_credit_memo, sandbox.add_journal_entry, sandbox.add_bank_deposit)
        adds[place % 3]("1", amount)
    return sandbox


def read(sandbox: QuickBooksSandbox) -> Any:
    company = next(iter(sandbox.companies.values()))
    asked = {"report_date": "2027-06-30", "columns": ",".join(COLUMNS)}
    told = simplejson.dumps(answer.answer(company, answer.AGED_DETAIL, asked, 7), use_decimal=True)
    return report_in(simplejson.loads(told, object_pairs_hook=shrink), "USD")


@settings(max_examples=150, deadline=None)
@given(INVOICES, st.lists(CENTS, max_size=4), FORMS)
def test_a_report_is_the_entities_or_it_is_not_believed(
    invoices: list[tuple[Decimal, int, str, int]], extras: list[Decimal], form: dict[str, Any]
) -> None:
    sandbox = a_world(invoices, extras)
    truth = {one.doc_number: one.balance for one in sandbox.invoices() if one.balance}
    on_account = sum((one.unapplied for one in sandbox.payments()), Decimal(0))
    others = sum((amount if place % 3 == 1 else -amount for place, amount in enumerate(extras)), Decimal(0))
    sandbox.set_switches(**form)
    report = read(sandbox)
    if isinstance(report, Report):
        found = {one.number: one.open_balance for one in report.documents if one.kind is DocumentKind.INVOICE}
        assert found == truth
        total = sum((one.open_balance for one in report.documents), Decimal(0))
        assert total == (report.home_total or 0) == sum(truth.values(), Decimal(0)) - on_account + others
        return
    is_bad = form["report_summaries"] == "last_absent" or form["report_negative_rows"] == "hidden"
    assert is_bad or form["report_cells_max"] < 400_000
    assert isinstance(report, CutReport) or is_bad, "what is cut says so"


@settings(max_examples=50, deadline=None)
@given(INVOICES, st.lists(CENTS, max_size=4))
def test_in_an_ordinary_form_every_report_is_believed(
    invoices: list[tuple[Decimal, int, str, int]], extras: list[Decimal]
) -> None:
    assert isinstance(read(a_world(invoices, extras)), Report)
