"""Records of lists as JSON: customers, items, tax codes and rates, terms, and the company's preferences."""

from typing import Any

from sandbox.quickbooks.times import metadata_time
from sandbox.quickbooks.wire import CURRENCY_NAMES, head
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.names import display_name
from sandbox.quickbooks.world.records import Customer, Item, ListRecord, TaxCode, TaxRate, Term

Json = dict[str, Any]

# What an inactive record's name looks like where QuickBooks marks it.
_MARK = " (deleted)"


def customer_json(company: Company, customer: Customer) -> Json:
    currency: Json = {}
    if company.multicurrency:
        name = CURRENCY_NAMES.get(customer.currency, customer.currency)
        currency = {"CurrencyRef": {"value": customer.currency, "name": name}}
    return {
        **head(company, customer),
        "DisplayName": display_name(customer) + _mark(company, customer),
        "FullyQualifiedName": customer.name + _mark(company, customer),
        "Active": customer.active,
        "Job": ":" in customer.name,
        **currency,
        **customer.details,
    }


def other_json(company: Company, other: ListRecord) -> Json:
    """A vendor or an employee."""
    return {
        **head(company, other),
        "DisplayName": other.name + _mark(company, other),
        "Active": other.active,
    }


def item_json(company: Company, item: Item) -> Json:
    return {
        **head(company, item),
        "Name": item.name + _mark(company, item),
        "FullyQualifiedName": item.name + _mark(company, item),
        "Active": item.active,
        "Type": item.kind,
        "Taxable": item.taxable,
        **({"Sku": item.sku} if item.sku else {}),
        "IncomeAccountRef": {"value": "1", "name": "Services"},
    }


def tax_code_json(company: Company, code: TaxCode) -> Json:
    rates = [company.tax_rates.records[one] for one in code.rate_ids]
    details = [
        {"TaxRateRef": {"value": one.id, "name": one.name}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, one in enumerate(rates)
    ]
    return {
        **head(company, code),
        "Name": code.name,
        "Active": code.active,
        "Taxable": code.taxable,
        "TaxGroup": bool(rates),
        **({"SalesTaxRateList": {"TaxRateDetail": details}} if rates else {}),
    }


def tax_rate_json(company: Company, rate: TaxRate) -> Json:
    return {
        **head(company, rate),
        "Name": rate.name,
        "Active": rate.active,
        "RateValue": rate.rate * 100,
        **({"AgencyRef": {"value": rate.agency}} if rate.agency else {}),
    }


def term_json(company: Company, term: Term) -> Json:
    return {
        **head(company, term),
        "Name": term.name,
        "Active": term.active,
        "Type": "STANDARD",
        "DueDays": term.due_days,
    }


def preferences_json(company: Company) -> Json:
    chosen = company.preferences
    closed_on = chosen.books_closed_on
    return {
        "SalesFormsPrefs": {"CustomTxnNumbers": chosen.custom_numbers},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": company.multicurrency,
            "HomeCurrency": {"value": company.currency},
        },
        "TaxPrefs": {
            "UsingSalesTax": chosen.uses_sales_tax,
            "PartnerTaxEnabled": chosen.country == "US" and company.switches.ast != "off",
        },
        "AccountingInfoPrefs": {
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            **({} if closed_on is None else {"BookCloseDate": closed_on.isoformat()}),
        },
        "Id": "1",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "MetaData": {
            "CreateTime": metadata_time(company.created_at),
            "LastUpdatedTime": metadata_time(company.created_at),
        },
    }


def _mark(company: Company, record: ListRecord) -> str:
    return _MARK if company.switches.inactive_names == "marked" and not record.active else ""
