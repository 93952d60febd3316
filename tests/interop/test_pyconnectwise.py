"""The sandbox answers a client that was written for the real ConnectWise.

pyconnectwise is GPL-3: it runs in a process of its own, and nothing of ours imports it.
"""

import json
import os
import subprocess
import sys

import pytest

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.server import serve

SCRIPT = """
import json, sys
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.exceptions import AuthenticationFailedException, MalformedRequestException, NotFoundException

site, invoice_id = sys.argv[1], int(sys.argv[2])
client_id = "00000000-0000-4000-8000-000000000001"
client = ConnectWiseManageAPIClient("acme", site, client_id, "sandbox-public-key", "sandbox-private-key")
payments = client.finance.invoices.id(invoice_id).payments

posted = payments.post({"type": "P", "amount": 120.5, "paymentDate": "2026-11-01T00:00:00Z"})
listed = payments.get()
patched = payments.id(posted.id).patch([{"op": "replace", "path": "/amount", "value": 130}])
replaced = payments.id(posted.id).put({"type": "P", "amount": 140, "paymentDate": "2026-11-02T00:00:00Z"})
invoice = client.finance.invoices.get(params={"conditions": "id=%d" % invoice_id})[0]
count = client.finance.invoices.count.get()
pages = [one.id for one in client.finance.invoices.paginated(1, 2).all()]
payments.id(posted.id).delete()

refused = []
for attempt in (
    lambda: payments.id(posted.id).get(),
    lambda: payments.post({"type": "P"}),
    lambda: client.finance.invoices.get(params={"conditions": "nonsense=1"}),
    lambda: ConnectWiseManageAPIClient("acme", site, client_id, "a", "b").finance.invoices.get(),
):
    try:
        attempt()
    except (AuthenticationFailedException, MalformedRequestException, NotFoundException) as error:
        refused.append(type(error).__name__)

print(json.dumps({
    "posted": [posted.id, posted.amount, posted.applied_by, posted.payment_date.isoformat(), posted.invoice.identifier],
    "listed": [one.id for one in listed],
    "patched": patched.amount,
    "replaced": replaced.amount,
    "invoice": [invoice.invoice_number, invoice.payments, invoice.balance, invoice.status.name],
    "count": count.count,
    "pages": pages,
    "left": len(payments.get()),
    "refused": refused,
}))
"""


@pytest.mark.proof
def test_pyconnectwise_works_with_payments_on_the_sandbox():
    sandbox = ConnectWiseSandbox()
    invoice_id = sandbox.add_invoice("INV-1", "500.00")
    others = [sandbox.add_invoice(f"INV-{number}", 1) for number in range(2, 6)]
    with serve(sandbox, tls=True) as server:
        site = server.url.removeprefix("https://")
        told = subprocess.run(
            [sys.executable, "-c", SCRIPT, site, str(invoice_id)],
            env=os.environ | {"REQUESTS_CA_BUNDLE": str(server.certificate_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {
        "posted": [7000, 120.5, "API1", "2026-11-01T00:00:00+00:00", "INV-1"],
        "listed": [7000],
        "patched": 130,
        "replaced": 140,
        "invoice": ["INV-1", 140, 360, "Closed"],
        "count": 5,
        "pages": [invoice_id, *others],
        "left": 0,
        "refused": [
            "NotFoundException",
            "MalformedRequestException",
            "MalformedRequestException",
            "AuthenticationFailedException",
        ],
    }
    assert sandbox.calls.count("POST /finance/invoices/{id}/payments") == 2
