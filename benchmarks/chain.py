"""The Celery chain that many would write: three tasks for a payment, and nothing that survives a lost answer.

It is a peer for `benchmarks/peers.py` and no part of the product: it pays twice if a worker dies at the wrong moment.
"""

import os
from typing import Any

import requests
from celery import Celery

app = Celery("chain", broker=os.environ.get("CHAIN_REDIS_URL", ""), backend=None)
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 4

_QUICKBOOKS = os.environ.get("CHAIN_QUICKBOOKS_URL", "")
_CONNECTWISE = os.environ.get("CHAIN_CONNECTWISE_URL", "")
_SECONDS = 30


@app.task
def read_payment(realm_id: str, token: str, payment_id: str, basic: dict[str, str]) -> dict[str, Any]:
    """Reads the payment, and the invoice that it pays."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    base = f"{_QUICKBOOKS}/v3/company/{realm_id}"
    payment = requests.get(f"{base}/payment/{payment_id}", headers=headers, timeout=_SECONDS).json()["Payment"]
    invoice_id = payment["Line"][0]["LinkedTxn"][0]["TxnId"]
    invoice = requests.get(f"{base}/invoice/{invoice_id}", headers=headers, timeout=_SECONDS).json()["Invoice"]
    return {
        "number": invoice["DocNumber"],
        "amount": str(payment["TotalAmt"]),
        "day": payment["TxnDate"],
        "basic": basic,
    }


@app.task
def find_invoice(found: dict[str, Any]) -> dict[str, Any]:
    """Finds the invoice by its number."""
    answer = requests.get(
        f"{_CONNECTWISE}/finance/invoices",
        params={"conditions": f'invoiceNumber = "{found["number"]}"', "fields": "id"},
        headers=found["basic"],
        timeout=_SECONDS,
    )
    return {**found, "invoice_id": answer.json()[0]["id"]}


@app.task
def pay(found: dict[str, Any]) -> None:
    """Creates the payment; nobody looks whether it is there already."""
    body = {
        "type": "P",
        "amount": float(found["amount"]),
        "paymentDate": f"{found['day']}T00:00:00Z",
        "invoice": {"id": found["invoice_id"]},
    }
    requests.post(
        f"{_CONNECTWISE}/finance/invoices/{found['invoice_id']}/payments",
        json=body,
        headers=found["basic"],
        timeout=_SECONDS,
    ).raise_for_status()
