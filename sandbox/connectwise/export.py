"""The general ledger export: an invoice's header with its total, and its details with the opposite sign.

The form is Zynk's published sample: a debit of 10 in the header stands against a detail of quantity -1, total -10.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.connectwise.booking import ACCOUNTS, EXPORTED_TYPES, RECEIVABLE, TAX
from sandbox.connectwise.records import ZERO, GlEntry, InvoiceLine, to_cents
from sandbox.connectwise.references import (
    bill_to_json,
    currency_json,
    customer_json,
    midnight,
    tax_code_json,
    terms_json,
)
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.taxes import level_taxes
from sandbox.connectwise.world import BILLING_TERMS, Invoice

Json = dict[str, Any]

_ONE = Decimal(1)
# The accounting package's names of the kinds of items.
_ITEM_TYPES = {"product": "Non-Inventory", "time": "Service", "expense": "Other Charge"}
_FLAGS = ("taxableFlag", "taxable2Flag", "taxable3Flag", "taxable4Flag", "taxable5Flag")


class Export:
    def __init__(self, site: str, switches: Switches, *, condensed: bool = False) -> None:
        self._site = site
        self._switches = switches
        self._condensed = condensed

    def of(self, exported: Iterable[tuple[Invoice, list[GlEntry]]], settings: Json) -> Json:
        """The invoices with those of their entries that are exported, and each client who owes them once."""
        customers: dict[int, Json] = {}
        transactions = []
        for invoice, entries in exported:
            customers.setdefault(invoice.bill_to_id, self._customer(invoice))
            transactions.append(self._transaction(invoice, entries))
        return {
            "exportSettings": settings,
            "vendors": [],
            "customers": list(customers.values()),
            "transactions": transactions,
            "expenses": [],
            "expenseBills": [],
            "purchaseTransactions": [],
            "adjustmentTransactions": [],
            "inventoryTransfers": [],
        }

    def _customer(self, invoice: Invoice) -> Json:
        return {
            "company": bill_to_json(invoice, self._site),
            "companyType": {"id": 1, "name": "Customer"},
            "accountNumber": invoice.bill_to_identifier,
            "billingTerms": terms_json(invoice.billing_terms, self._site),
            "billingTermsXref": invoice.billing_terms,
            "dueDays": BILLING_TERMS[invoice.billing_terms],
            "taxable": invoice.tax_code is not None,
            "taxCode": tax_code_json(invoice.tax_code, self._site),
            "currency": currency_json(invoice.currency, self._site),
        }

    def _transaction(self, invoice: Invoice, entries: list[GlEntry]) -> Json:
        details = self._details(invoice, entries)
        shown = {detail["id"] for detail in details} if self._switches.gl_entry_ids == "without_details" else set()
        taxes = level_taxes(invoice)
        return {
            "id": invoice.id,
            "glClass": invoice.department.name,
            "glTypeId": RECEIVABLE,
            "documentDate": midnight(invoice.invoice_date),
            "documentNumber": invoice.number,
            "documentType": _document_type(invoice),
            "memo": "",
            "description": ACCOUNTS[RECEIVABLE][1],
            "attention": "",
            "company": customer_json(invoice, self._site),
            "companyAccountNumber": invoice.client_identifier,
            "billingTerms": terms_json(invoice.billing_terms, self._site),
            "billingTermsXref": invoice.billing_terms,
            "dueDays": BILLING_TERMS[invoice.billing_terms],
            "dueDate": midnight(invoice.due_date),
            "accountNumber": ACCOUNTS[RECEIVABLE][0],
            "billingType": invoice.type,
            "glEntryIds": ",".join(str(entry.id) for entry in entries if entry.id not in shown),
            "currency": currency_json(invoice.currency, self._site),
            "total": invoice.total,
            "taxable": bool(taxes),
            "taxableTotal": max((one.taxable for one in taxes), default=ZERO),
            "taxCode": tax_code_json(invoice.tax_code, self._site),
            "taxGroupRate": ZERO if invoice.tax_code is None else invoice.tax_code.rate,
            "piggyBackFlag": False,
            "salesTax": invoice.sales_tax,
            "useAvalaraFlag": False,
            "sendAvalaraTaxFlag": False,
            "shipToCompany": customer_json(invoice, self._site),
            "detail": details,
            "taxLevels": [
                {
                    "taxAmount": one.tax,
                    "taxableAmount": one.taxable,
                    "taxCodeXref": one.level.xref,
                    "taxLevel": one.number,
                }
                for one in taxes
            ],
        }

    def _details(self, invoice: Invoice, entries: list[GlEntry]) -> list[Json]:
        exported = [entry for entry in entries if entry.gl_type in EXPORTED_TYPES]
        if not self._condensed:
            return [self._detail(invoice, entry, entry.line, entry.amount) for entry in exported]
        by_account: dict[tuple[str, int], list[GlEntry]] = defaultdict(list)
        for entry in exported:
            by_account[entry.account, entry.tax_level].append(entry)
        return [
            self._detail(invoice, together[0], None, sum((entry.amount for entry in together), ZERO))
            for together in by_account.values()
        ]

    def _detail(self, invoice: Invoice, entry: GlEntry, line: InvoiceLine | None, amount: Decimal) -> Json:
        quantity = _ONE if line is None else line.quantity
        price = self._unit_price(-amount if line is None else line.unit_price)
        if self._switches.export_unit_price == "rounded_and_multiplied" and line is not None:
            amount = -to_cents(price * quantity)
        return {
            "id": entry.id,
            "documentDate": midnight(invoice.invoice_date),
            "documentType": _document_type(invoice),
            "accountNumber": entry.account,
            "glClass": invoice.department.name,
            "glTypeId": entry.gl_type,
            "salesCode": "" if line is None else line.item,
            "memo": "" if line is None else line.description,
            "description": entry.description,
            "quantity": -quantity,
            "total": amount,
            "itemPrice": price,
            "itemDescription": "" if line is None else line.description,
            "salesDescription": "" if line is None else line.description,
            "itemTypeXref": "" if line is None else _ITEM_TYPES[line.kind],
            "locationXref": invoice.location.name,
            **(_of_tax(invoice, entry) if entry.gl_type == TAX else {}),
            **({} if line is None else _of_line(invoice, line)),
        }

    def _unit_price(self, price: Decimal) -> Decimal:
        return price if self._switches.export_unit_price == "exact" else to_cents(price)


def _document_type(invoice: Invoice) -> str:
    return "CREDITMEMO" if invoice.type == "CreditMemo" else "INVOICE"


def _of_tax(invoice: Invoice, entry: GlEntry) -> Json:
    level = next(one.level for one in level_taxes(invoice) if one.number == entry.tax_level)
    return {
        "memo": "Sales Tax",
        "quantity": ZERO,
        "itemPrice": ZERO,
        "taxNote": "AUTOSTAX",
        "taxCodeXref": level.xref,
        "taxAgencyXref": level.agency,
        "taxRate": level.rate,
        "taxRatePercent": level.rate * 100,
    }


def _of_line(invoice: Invoice, line: InvoiceLine) -> Json:
    levels = () if invoice.tax_code is None else invoice.tax_code.levels
    taxed = [line.taxable and line.kind in level.applies_to for level in levels]
    reference = {"id": line.id, "identifier": line.item}
    return {
        **dict(zip(_FLAGS, taxed + [False] * len(_FLAGS), strict=False)),
        "itemTaxableFlag": line.taxable,
        "unitOfMeasure": {"id": 2, "name": "Hour"} if line.kind == "time" else {"id": 13, "name": "Each"},
        **({"item": reference, "product": reference} if line.kind == "product" else {}),
    }
