"""The widely used python-quickbooks client reads the sandbox: its wire formats are those that client expects.

It runs in a process of its own: it needs OAUTHLIB_INSECURE_TRANSPORT for plain http, and it keeps class-wide state.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import simplejson

from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve

REALM = "9130347"

SCRIPT = """
import json, sys, warnings
from decimal import Decimal
warnings.simplefilter("ignore")
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, ValidationException
from quickbooks.objects.base import Ref
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.payment import Payment

url, realm, refresh_token, payment_id, invoice_id, since = sys.argv[1:]

class Sandboxed(QuickBooks):
    api_url_v3 = url + "/v3"

auth = AuthClient("sandbox-client-id", "sandbox-client-secret", url + "/callback",
                  environment=url + "/.well-known/openid_sandbox_configuration/")
client = Sandboxed(auth_client=auth, refresh_token=refresh_token, company_id=realm, minorversion=75, use_decimal=True)

payment = Payment.get(int(payment_id), qb=client)
line = payment.Line[0]
found = Payment.filter(CustomerRef="1", qb=client)
where = Payment.where("TotalAmt > '60'", order_by="TxnDate", qb=client)
queried = Payment.query("SELECT * FROM Payment MAXRESULTS 1", qb=client)
changes = change_data_capture([Payment, Invoice], since, qb=client)

new = Payment()
new.TotalAmt = 12.5
new.CustomerRef = Ref()
new.CustomerRef.value = "1"
new.save(qb=client, request_id="interop-1")
created = new.Id
new.void(qb=client)
voided = Payment.get(int(created), qb=client)
voided.delete(qb=client)
errors = []
for call in (lambda: Payment.get(int(created), qb=client), lambda: Payment.where("PrivateNote = 'x'", qb=client)):
    try:
        call()
    except (ObjectNotFoundException, ValidationException) as error:
        errors.append([type(error).__name__, error.error_code])

print(json.dumps({
    "total": str(payment.TotalAmt), "is_decimal": isinstance(payment.TotalAmt, Decimal),
    "unapplied": str(payment.UnappliedAmt), "line": str(line.Amount),
    "linked": [line.LinkedTxn[0].TxnType, str(line.LinkedTxn[0].TxnId)],
    "filter": [one.Id for one in found], "where": [one.Id for one in where], "query": len(queried),
    "count": Payment.count(qb=client),
    "invoice_balance": str(Invoice.get(int(invoice_id), qb=client).Balance),
    "cdc_payments": [[one.Id, getattr(one, "status", "")] for one in changes.Payment._object_list],
    "cdc_invoices": [one.Id for one in changes.Invoice._object_list],
    "voided": [str(voided.TotalAmt), voided.PrivateNote, voided.SyncToken],
    "refresh_token": auth.refresh_token,
    "errors": errors,
}))
"""


@pytest.fixture
def report():
    sandbox = QuickBooksSandbox()
    sandbox.add_company(REALM)
    sandbox.add_customer("Red Rock Diner")
    invoice = sandbox.add_invoice("1", "71.00", "1024")
    payment = sandbox.record_payment("1", "65.10", [(invoice, "55.10")])
    deleted = sandbox.record_payment("1", 5)
    sandbox.delete_payment(deleted)
    refresh_token = sandbox.issue_tokens()["refresh_token"]
    since = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    with serve(sandbox) as server:
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, server.url, REALM, refresh_token, payment, invoice, since],
            env=os.environ | {"OAUTHLIB_INSECURE_TRANSPORT": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    return simplejson.loads(result.stdout) | {
        "ids": (invoice, payment, deleted),
        "first_refresh_token": refresh_token,
        "left": [one.id for one in sandbox.payments()],
    }


def test_python_quickbooks_reads_and_writes_payments(report):
    invoice, payment, deleted = report["ids"]
    assert (report["total"], report["is_decimal"], report["unapplied"], report["line"]) == (
        "65.1",
        True,
        "10.0",
        "55.1",
    )
    assert report["linked"] == ["Invoice", invoice]
    assert (report["filter"], report["where"], report["query"]) == ([payment], [payment], 1)
    assert (report["count"], report["invoice_balance"]) == (1, "15.9")
    assert report["cdc_payments"] == [[payment, ""], [deleted, "Deleted"]]
    assert report["cdc_invoices"] == [invoice]
    assert report["voided"] == ["0", "Voided", "1"]
    assert report["errors"] == [["ObjectNotFoundException", 610], ["ValidationException", 4001]]
    assert report["refresh_token"] != report["first_refresh_token"]
    assert report["left"] == [payment]
