"""References inside records, as ConnectWise writes them: id, name, and a link in `_info`."""

from datetime import UTC, date, datetime, time
from typing import Any

from sandbox.connectwise.records import Batch, BillingStatus, Named, TaxCode
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import BILLING_TERMS, Invoice

_CURRENCY_IDS = {"USD": 1, "CAD": 2, "EUR": 3, "GBP": 4, "AUD": 5, "JPY": 6}
_SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day: date) -> str:
    return wire_time(datetime.combine(day, time(), UTC))


def without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def status_json(status: BillingStatus, site: str, switches: Switches) -> dict[str, Any]:
    fields = {
        "id": status.id,
        "name": status.name,
        "isClosed": status.is_closed if switches.status_is_closed == "known" else None,
        "_info": {"status_href": f"{site}/finance/billingStatuses/{status.id}"},
    }
    return without_empty(fields)


def customer_json(invoice: Invoice, site: str) -> dict[str, Any]:
    return _company_json(invoice.client_id, invoice.client_identifier, invoice.client_name, site)


def bill_to_json(invoice: Invoice, site: str) -> dict[str, Any]:
    return _company_json(invoice.bill_to_id, invoice.bill_to_identifier, invoice.bill_to_name, site)


def invoice_reference_json(invoice: Invoice, site: str) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "identifier": invoice.number,
        "billingType": invoice.type,
        "applyToType": "All",
        "invoiceDate": midnight(invoice.invoice_date),
        "chargeFirmFlag": False,
        "_info": {"invoice_href": f"{site}/finance/invoices/{invoice.id}"},
    }


def location_json(location: Named, site: str) -> dict[str, Any]:
    return {
        "id": location.id,
        "name": location.name,
        "_info": {"location_href": f"{site}/system/locations/{location.id}"},
    }


def department_json(department: Named, site: str) -> dict[str, Any]:
    return {
        "id": department.id,
        "identifier": department.name,
        "name": department.name,
        "_info": {"department_href": f"{site}/system/departments/{department.id}"},
    }


def terms_json(name: str, site: str) -> dict[str, Any]:
    terms_id = list(BILLING_TERMS).index(name) + 1
    return {"id": terms_id, "name": name, "_info": {"billingTerms_href": f"{site}/finance/billingTerms/{terms_id}"}}


def tax_code_json(code: TaxCode | None, site: str) -> dict[str, Any] | None:
    if code is None:
        return None
    return {"id": code.id, "name": code.identifier, "_info": {"taxCode_href": f"{site}/finance/taxCodes/{code.id}"}}


def batch_reference_json(batch: Batch | None) -> dict[str, Any] | None:
    return None if batch is None else {"id": batch.id, "name": batch.identifier}


def currency_json(code: str | None, site: str) -> dict[str, Any] | None:
    if code is None:
        return None
    currency_id = _CURRENCY_IDS.get(code, 99)
    return {
        "id": currency_id,
        "symbol": _SYMBOLS.get(code, code),
        "currencyCode": code,
        "decimalSeparator": ".",
        "numberOfDecimals": 2,
        "thousandsSeparator": ",",
        "negativeParenthesesFlag": False,
        "displaySymbolFlag": False,
        "currencyIdentifier": code,
        "displayIdFlag": False,
        "rightAlign": False,
        "name": code,
        "_info": {"currency_href": f"{site}/finance/currencies/{currency_id}"},
    }


def _company_json(company_id: int, identifier: str, name: str, site: str) -> dict[str, Any]:
    return {
        "id": company_id,
        "identifier": identifier,
        "name": name,
        "_info": {"company_href": f"{site}/company/companies/{company_id}"},
    }
