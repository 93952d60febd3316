"""Invoices as an application writes them, and the answers to them."""

from decimal import Decimal

from tests.sandbox.quickbooks.support import code, decimals


def line(amount, *, item="1", tax=None, **fields):
    detail = {
        **({"ItemRef": {"value": item}} if item else {}),
        **({"TaxCodeRef": {"value": tax}} if tax else {}),
        **{name: fields.pop(name) for name in ("UnitPrice", "Qty", "ClassRef") if name in fields},
    }
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **fields}


def body(*lines, **fields):
    return {"CustomerRef": {"value": "1"}, "DocNumber": "INV-1", "Line": list(lines) or [line(100)], **fields}


def created(api, *lines, **fields):
    response = api.post("invoice", body(*lines, **fields))
    assert response.status_code == 200, response.text
    return decimals(response)["Invoice"]


def refused(api, *lines, **fields):
    response = api.post("invoice", body(*lines, **fields))
    assert response.status_code == 400, response.text
    return code(response)


def sparse(api, invoice, **fields):
    return api.post("invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True, **fields})
