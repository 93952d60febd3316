"""Fills the books from a world file.

It is JSON in this form. The file names customers and invoices; the sandbox assigns their ids:

{"switches": {...},
 "companies": [{"realm_id": "9341", "name": "Example", "currency": "USD", "multicurrency": false,
   "customers": [{"name": "Red Rock Diner", "currency": "USD"}],
   "invoices": [{"customer": "Red Rock Diner", "doc_number": "1024", "total": 71.00, "invoice_date": "2026-11-01"}],
   "payments": [{"customer": "Red Rock Diner", "total": 65.00, "payment_date": "2026-11-02", "reference": "77",
                 "invoices": [{"doc_number": "1024", "amount": 55.00}]}]}],
 "webhooks": [{"url": "http://127.0.0.1:8000/webhooks/quickbooks", "verifier_token": "..."}]}
"""

from typing import Any

from sandbox.quickbooks.operations.every import EveryOperation


def load_companies(operations: EveryOperation, world: dict[str, Any]) -> None:
    operations.set_switches(**world.get("switches", {}))
    for company in world["companies"]:
        _load_company(operations, dict(company))
    # Endpoints come last: the file's content is history and sends no webhooks.
    for webhook in world.get("webhooks", []):
        operations.add_webhook(**webhook)


def _load_company(operations: EveryOperation, company: dict[str, Any]) -> None:
    customers, invoices, payments = (company.pop(name, []) for name in ("customers", "invoices", "payments"))
    realm_id = operations.add_company(**company)
    customer_ids = {one["name"]: operations.add_customer(**one, realm_id=realm_id) for one in customers}
    invoice_ids = {}
    for one in invoices:
        fields = dict(one)
        customer_id = customer_ids[fields.pop("customer")]
        invoice_ids[one.get("doc_number")] = operations.add_invoice(customer_id, **fields, realm_id=realm_id)
    for one in payments:
        fields = dict(one)
        customer_id = customer_ids[fields.pop("customer")]
        lines = [(invoice_ids[line["doc_number"]], line["amount"]) for line in fields.pop("invoices", [])]
        operations.record_payment(customer_id, lines=lines, **fields, realm_id=realm_id)
