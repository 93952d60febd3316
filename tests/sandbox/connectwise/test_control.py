"""The world behind the API's back: set up, changed by a person, and told truthfully, also from another process."""

import json
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
import requests

from sandbox.connectwise.control import ConnectWiseControl
from sandbox.control_client import ControlError
from sandbox.faults import Fault


@pytest.fixture
def control(api):
    with ConnectWiseControl(api.url) as client:
        yield client


def test_an_invoice_is_added_as_described_and_told_as_it_is(control, connectwise):
    invoice_id = control.add_invoice(
        "INV-1",
        Decimal("99.90"),
        company_identifier="Globex",
        company_name="Globex Corp",
        currency="EUR",
        invoice_date=date(2026, 1, 31),
        invoice_type="Agreement",
        closed=False,
        posted=True,
    )
    told = control.invoice(invoice_id)
    assert told == connectwise.invoice(invoice_id)
    assert told.total == told.balance == Decimal("99.90")
    assert (told.company_identifier, told.company_name, told.currency) == ("Globex", "Globex Corp", "EUR")
    assert (told.invoice_date, told.type, told.closed, told.posted) == (date(2026, 1, 31), "Agreement", False, True)
    assert control.invoices() == [told]


def test_an_edited_invoice_is_found_by_its_new_number_only(control, api):
    invoice_id = control.add_invoice("INV-1", 5)
    control.edit_invoice(invoice_id, number="INV-9", total="7.50", currency=None, company_identifier="Globex")
    told = control.invoice(invoice_id)
    assert (told.number, told.total, told.currency, told.company_identifier) == (
        "INV-9",
        Decimal("7.50"),
        None,
        "Globex",
    )
    for number, hits in (("INV-1", 0), ("INV-9", 1)):
        found = api.get("/finance/invoices", params={"conditions": f'invoiceNumber="{number}"'}).json()
        assert len(found) == hits


def test_a_removed_invoice_is_gone_and_its_id_never_comes_back(control, api):
    invoice_id = control.add_invoice("INV-1", 5)
    control.remove_invoice(invoice_id)
    assert api.get(f"/finance/invoices/{invoice_id}").status_code == 404
    assert api.get("/finance/invoices", params={"conditions": 'invoiceNumber="INV-1"'}).json() == []
    assert control.add_invoice("INV-1", 5) == invoice_id + 1


def test_a_person_types_changes_and_deletes_a_payment(control, api):
    invoice_id = control.add_invoice("INV-1", 500)
    payment_id = control.type_payment(invoice_id, "120.50", payment_date=date(2026, 11, 1), person="amiller")
    [seen] = api.get(f"/finance/invoices/{invoice_id}/payments").json()
    assert (seen["id"], seen["amount"], seen["appliedBy"]) == (payment_id, 120.5, "amiller")
    assert seen["paymentDate"] == "2026-11-01T00:00:00Z"
    control.change_payment(invoice_id, payment_id, amount=130, payment_date=date(2026, 11, 2), person="bjones")
    [seen] = api.get(f"/finance/invoices/{invoice_id}/payments").json()
    assert (seen["amount"], seen["paymentDate"][:10], seen["appliedBy"]) == (130, "2026-11-02", "amiller")
    assert seen["_info"]["updatedBy"] == "bjones"
    assert api.get(f"/finance/invoices/{invoice_id}").json()["balance"] == 370
    control.delete_payment(invoice_id, payment_id)
    assert control.invoice(invoice_id).payments == ()
    assert control.invoice(invoice_id).balance == 500


def test_an_applied_credit_memo_is_told_apart_from_money(control):
    invoice_id = control.add_invoice("INV-1", 500)
    control.type_payment(invoice_id, 20, credit_memo="CM-3", payment_type="C")
    control.type_payment(invoice_id, 30)
    told = control.invoice(invoice_id)
    assert [payment.is_credit for payment in told.payments] == [True, False]
    assert (told.paid, told.credited, told.balance) == (30, 20, 450)


def test_companies_are_added_and_addressed_by_name(control, api):
    control.add_company("globex", public_key="p", private_key="q", client_id="c", switches={"overpayment": "reject"})
    theirs = control.add_invoice("G-1", 5, company_id="globex")
    control.set_permissions("globex", delete=False)
    assert [one.id for one in control.invoices(company_id="globex")] == [theirs]
    assert control.invoices() == []
    assert requests.get(f"{api.url}/control/companies", timeout=120).json() == [
        {"company_id": "acme", "name": "Acme", "invoices": 0},
        {"company_id": "globex", "name": "Globex", "invoices": 1},
    ]
    login = {"auth": ("globex+p", "q"), "headers": {"clientId": "c"}}
    assert api.post(f"/finance/invoices/{theirs}/payments", json={"amount": 6}, **login).status_code == 400


def test_a_rotated_key_is_asked_for_at_once(control, api):
    control.set_keys(private_key="new")
    assert api.get("/finance/invoices").status_code == 401
    api.auth = ("acme+sandbox-public-key", "new")
    assert api.get("/finance/invoices").status_code == 200


def test_switches_and_permissions_are_set_from_outside(control, connectwise):
    assert control.set_switches(second_payment="reject")["second_payment"] == "reject"
    rights = control.set_permissions(edit=False)
    assert (rights["inquire"], rights["edit"], rights["delete"]) == (True, False, True)
    assert connectwise.companies["acme"].switches.second_payment == "reject"


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda control: control.set_switches(overpayment="maybe"), "400 .*overpayment is one of"),
        (lambda control: control.set_switches(nonsense=True), "400 .*There is no nonsense"),
        (lambda control: control.set_switches("stranger"), "404 .*stranger"),
        (lambda control: control.add_invoice("INV-1", "much"), "400"),
        (lambda control: control.add_invoice("N" * 16, 5), "400 .*at most 15"),
        (lambda control: control.add_invoice("INV-1", 5, invoice_type="Gift"), "400 .*type is one of"),
        (lambda control: control.edit_invoice(999, total=5), "404 .*999"),
        (lambda control: control.edit_invoice(200, colour="red"), "400 .*has no colour"),
        (lambda control: control.delete_payment(200, 1), "404"),
        (lambda control: control.add_company("acme", public_key="", private_key="", client_id=""), "400 .*exists"),
        (lambda control: control._call("GET", "/control/nothing"), "404"),
        (lambda control: control._call("DELETE", "/control/health"), "405"),
        (lambda control: control._call("POST", "/control/companies", [1]), "400"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(control, attempt, words):
    control.add_invoice("INV-0", 1)
    with pytest.raises(ControlError, match=words):
        attempt(control)


def test_calls_are_counted_by_route_and_shown_one_by_one(control, api):
    invoice_id = control.add_invoice("INV-1", 500)
    control.add_fault(Fault("error", method="POST"))
    for _ in range(2):
        api.post(f"/finance/invoices/{invoice_id}/payments", json={"amount": 1})
    api.get("/finance/invoices", params={"page": 1})
    calls = control.calls()
    assert calls["total"] == 3
    assert calls["by_route"] == {"POST /finance/invoices/{id}/payments": 2, "GET /finance/invoices": 1}
    assert [(call["method"], call["status"], call["fault"]) for call in calls["recent"]] == [
        ("POST", 500, "error"),
        ("POST", 201, None),
        ("GET", 200, None),
    ]
    assert calls["recent"][2]["query"] == "page=1"
    assert calls["recent"][0]["at"] == "2026-11-22T12:00:00+00:00"
    assert control.count_calls("POST /finance/invoices/{id}/payments") == 2
    assert control.faults()[0]["fired"] == 1
    control.clear_faults()
    control.reset_calls()
    assert (control.faults(), control.calls()["total"]) == ([], 0)


def test_a_reset_empties_the_world(control):
    control.add_company("globex", public_key="p", private_key="q", client_id="c")
    control.add_invoice("INV-1", 5)
    control.reset()
    assert control.invoices() == []
    with pytest.raises(ControlError, match="404"):
        control.invoices(company_id="globex")


WORLD = {
    "companies": [
        {
            "company_id": "acme",
            "name": "Acme IT",
            "switches": {"second_payment": "reject"},
            "invoices": [
                {
                    "number": "INV-1",
                    "total": 100.10,
                    "invoice_date": "2026-10-01",
                    "payments": [{"amount": 0.10, "payment_date": "2026-10-05", "person": "amiller"}],
                },
            ],
        },
        {
            "company_id": "globex",
            "public_key": "p",
            "private_key": "q",
            "client_id": "c",
            "permissions": {"delete": False},
            "invoices": [{"number": "G-1", "total": 7}],
        },
    ],
}


def test_a_sandbox_runs_as_a_process_of_its_own_and_loads_a_world(tmp_path):
    world = tmp_path / "world.json"
    world.write_text(json.dumps(WORLD))
    command = [sys.executable, "-m", "sandbox", "connectwise", "--port", "0", "--seed", "3", "--world", str(world)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line.startswith("connectwise sandbox listens on http://127.0.0.1:")
        with ConnectWiseControl(line.split()[-1]) as control:
            assert control.health()["status"] == "ok"
            assert (
                requests.get(f"{control.base_url}/login/companyinfo/acme", timeout=120).json()["CompanyName"]
                == "Acme IT"
            )
            [invoice] = control.invoices()
            assert (invoice.balance, invoice.invoice_date) == (100, date(2026, 10, 1))
            assert invoice.payments[0].applied_by == "amiller"
            assert control.set_switches()["second_payment"] == "reject"
            assert control.set_permissions("globex")["delete"] is False
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=120)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_command_line_explains_itself():
    command = [sys.executable, "-m", "sandbox", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "{quickbooks,connectwise}" in help_text
    assert "--world FILE" in help_text


def test_the_member_is_limited_to_locations_from_another_process(control, api):
    control.add_invoice("INV-1", 5, location="West")
    control.limit_locations(["East"])
    assert api.get("/finance/invoices").json() == []
    control.limit_locations(None)
    assert len(api.get("/finance/invoices").json()) == 1
