"""The control API: the operations from another process, by the same names."""

import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import simplejson

from sandbox.control_client import ControlError
from sandbox.faults import Fault
from sandbox.quickbooks.control import QuickBooksControl
from sandbox.quickbooks.operations.every import OPERATIONS
from sandbox.server import serve
from tests.sandbox.quickbooks.support import receiving, wait_until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def control(sandbox):
    with serve(sandbox) as server, QuickBooksControl(server.url) as client:
        yield client


def test_the_client_has_every_operation():
    assert {name for name in OPERATIONS if not hasattr(QuickBooksControl, name)} == set()


def test_a_whole_life_of_a_payment_through_the_client(sandbox, control):
    invoice = control.add_invoice("1", Decimal("71.00"), "1024", invoice_date=date(2026, 11, 1))
    other = control.add_invoice("1", 50)
    payment = control.record_payment(
        "1", "65.10", [(invoice, "55.10")], payment_date=date(2026, 11, 19), reference="77"
    )
    truth = control.payment(payment)
    assert truth == sandbox.payment(payment)
    assert (truth.total, truth.unapplied, truth.payment_date) == (Decimal("65.10"), 10, date(2026, 11, 19))
    control.edit_payment(payment, total=60, payment_date="2026-11-18", note="corrected")
    control.split_payment(payment, [(invoice, 40), (other, 20)])
    assert control.invoice(invoice).balance == 31
    assert control.invoice(other).applied == {payment: 20}
    control.move_payment(payment, other, invoice)
    control.edit_invoice(other, total="49.5", doc_number="1025", invoice_date=date(2026, 11, 2))
    deposit = control.deposit_payment(payment)
    assert int(deposit) > int(payment)
    with pytest.raises(ControlError, match="6540"):
        control.void_payment(payment)
    control.remove_from_deposit(payment)
    control.void_payment(payment)
    assert control.payment(payment).voided
    control.delete_payment(payment)
    assert control.deleted_payments() == [payment]
    control.void_invoice(other)
    control.delete_invoice(invoice)
    assert [one.id for one in control.invoices()] == [other]


def test_everything_else_a_person_can_do(sandbox, control):
    invoices = [control.add_invoice("1", 100) for _ in range(3)]
    assert control.payment(control.apply_credit_memo(invoices[0], 30)).total == 0
    payment = control.record_payment("1", 90)
    control.apply_payment(payment, invoices[0], 20)
    control.link_to_journal_entry(payment, 10)
    control.link_to_expense(payment, 10)
    assert len(control.payment(payment).lines) == 3
    control.link_to_several(payment, invoices[1:], 90)
    assert len(control.payment(payment).lines[0].linked) == 2
    own = control.record_platform_payment("1", 5, note="receipt 1")
    assert control.payment(own).own
    many = control.record_many_payments("1", 20, "1.50")
    assert len(many) == 20
    assert len(control.payments()) == 23


def test_many_payments_are_recorded_in_the_past_so_far_apart(sandbox, control):
    many = control.record_many_payments("1", 3, at="2026-01-02T08:00:00Z", apart_seconds=240)
    (company,) = sandbox.companies.values()
    recorded = [company.payments.records[one].updated_at for one in many]
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in recorded] == [
        "2026-01-02 08:00",
        "2026-01-02 08:04",
        "2026-01-02 08:08",
    ]


def test_companies_tokens_switches_and_the_meter(sandbox, control):
    control.add_company("2", "Zweite", "EUR", multicurrency=True)
    customer = control.add_customer("Kunde", realm_id="2")
    control.record_payment(customer, 5, realm_id="2")
    control.rename_customer(customer, "Kundin", realm_id="2")
    assert sandbox.companies["2"].customers.records[customer].name == "Kundin"
    assert [one.currency for one in control.payments(realm_id="2")] == ["EUR"]
    tokens = control.issue_tokens(realm_id="2")
    assert (tokens["realm_id"], tokens["expires_in"]) == ("2", 3600)
    control.expire_access_tokens(realm_id="2")
    control.disconnect(realm_id="2")
    assert sandbox.tokens.access(tokens["access_token"]) == ("2", False)
    assert control.set_switches(void_event="voided", webhook_time_scale=Decimal("0.5"))["void_event"] == "voided"
    assert control.get_switches()["webhook_time_scale"] == Decimal("0.5")
    assert control.metered_reads() == {}
    control.reset_metered_reads()


def test_webhooks_and_their_log(sandbox, control):
    with receiving() as receiver:
        control.add_webhook(receiver.url, "token", entities=["Payment"])
        control.lose_webhooks(1)
        control.record_payment("1", 5)
        control.double_webhooks(1)
        control.record_payment("1", 5)
        control.hold_webhooks()
        control.record_payment("1", 5)
        control.release_webhooks()
        control.reorder_webhooks(0)
        control.send_test_webhook()
        control.send_event("Payment", "9", event_type="qbo.payment.odd.v1")
        control.send_raw_webhook("[]", "wrong")
        wait_until(control.webhooks_idle)
        deliveries = control.webhook_deliveries()
        assert all(one["attempts"][0]["status"] == 200 for one in deliveries)
        control.resend_webhook(deliveries[0]["id"])
        wait_until(control.webhooks_idle)
        assert len(control.lost_webhooks()) == 1
        assert len(receiver.arrivals) == len(deliveries) + 1
        control.remove_webhook(receiver.url)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("add_company", {"realm_id": "9130347"}),
        ("record_payment", {"customer_id": "77", "total": 5}),
        ("record_payment", {"customer_id": "1", "total": "much"}),
        ("record_payment", {"customer_id": "1", "total": "Infinity"}),
        ("record_payment", {"customer_id": "1", "total": 5, "payment_date": 7}),
        ("record_payment", {"customer_id": "1", "total": 5, "lines": [{"amount": 5}]}),
        ("record_payment", {"nonsense": 5}),
        ("edit_invoice", {"invoice_id": "1"}),
        ("set_switches", {"nonsense": 5}),
        ("invoices", {"realm_id": "nowhere"}),
        ("add_webhook", {"url": "http://127.0.0.1:1", "verifier_token": "t", "format": "xml"}),
        ("send_raw_webhook", {"body": "", "signature": "odd"}),
        ("_company", {}),
        ("reset", {}),
    ],
)
def test_a_wrong_order_is_refused_and_breaks_nothing(sandbox, control, operation, arguments):
    with pytest.raises(ControlError, match=r": 40[04] "):
        control.do(operation, arguments)
    assert sandbox.bugs == []
    assert sandbox.payments() == []


def test_the_common_part_counts_and_faults_the_api_but_never_the_control_api(sandbox, control):
    control.add_fault(Fault("error", times=None))
    control.record_payment("1", 5)
    assert control.calls()["total"] == 0
    control.clear_faults()


def test_reset_empties_the_world_and_keeps_the_switches(sandbox, control):
    control.set_switches(void_event="voided")
    token = control.issue_tokens()["access_token"]
    control.reset()
    assert control.get_switches()["void_event"] == "voided"
    assert sandbox.tokens.access(token) == (None, False)
    with pytest.raises(ControlError, match="no company"):
        control.invoices()
    control.add_company("1")


WORLD = {
    "switches": {"void_event": "voided"},
    "companies": [
        {
            "realm_id": "9341",
            "name": "Example",
            "multicurrency": True,
            "customers": [{"name": "Red Rock Diner"}, {"name": "Café", "currency": "EUR"}],
            "invoices": [
                {
                    "customer": "Red Rock Diner",
                    "doc_number": "1024",
                    "total": Decimal("71.00"),
                    "invoice_date": "2026-11-01",
                }
            ],
            "payments": [
                {
                    "customer": "Red Rock Diner",
                    "total": Decimal("65.00"),
                    "payment_date": "2026-11-02",
                    "invoices": [{"doc_number": "1024", "amount": Decimal("55.00")}],
                }
            ],
        }
    ],
    "webhooks": [{"url": "http://127.0.0.1:1/webhooks", "verifier_token": "t"}],
}


def test_a_process_of_its_own_serves_a_world_from_a_file(tmp_path):
    path = tmp_path / "world.json"
    path.write_text(simplejson.dumps(WORLD, use_decimal=True))
    command = [sys.executable, "-m", "sandbox", "quickbooks", "--seed", "7", "--world", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        url = process.stdout.readline().split()[-1]
        with QuickBooksControl(url) as control:
            assert [(one.doc_number, one.balance) for one in control.invoices(realm_id="9341")] == [("1024", 16)]
            assert control.payments()[0].unapplied == 10
            assert control.webhook_deliveries() == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
