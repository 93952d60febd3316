"""The columns of detail reports: key, type, and titles, which differ between the versions and the languages."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.reports.receivables import Receivable
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.sales_tax import to_cents

Json = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a row. `amount` instead of a text for money; `id` names the entity behind it."""

    text: str = ""
    amount: Decimal | None = None
    id: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a report.

    Attributes:
        title: of the modernized reports; `old_title` of those before, where it differs.
        adds_up: whether sections and the whole report have its sum.
    """

    key: str
    type: str
    title: str
    french: str
    read: Callable[[Company, Receivable], Cell]
    old_title: str = ""
    adds_up: bool = False


def _home(one: Receivable, amount: Decimal) -> Decimal:
    return to_cents(amount * one.rate)


def _customer(company: Company, one: Receivable) -> Cell:
    return Cell(company.customers.records[one.customer_id].name, id=one.customer_id)


def _nothing(_: Company, __: Receivable) -> Cell:
    return Cell()


_KNOWN = [
    Column("tx_date", "Date", "Transaction date", "Date", lambda _, one: Cell(one.dated.isoformat()), "Date"),
    Column(
        "txn_type",
        "String",
        "Transaction type",
        "Type d’opération",
        lambda _, one: Cell(one.kind, id=one.id),
        "Transaction Type",
    ),
    Column("doc_num", "String", "Num", "Nº", lambda _, one: Cell(one.number)),
    Column("cust_name", "String", "Customer", "Client", _customer),
    Column("due_date", "Date", "Due date", "Échéance", lambda _, one: Cell(str(one.due or "")), "Due Date"),
    Column(
        "subt_amount",
        "Money",
        "Amount",
        "Montant",
        lambda _, one: Cell(amount=_home(one, one.amount)),
        adds_up=True,
    ),
    Column(
        "subt_open_bal",
        "Money",
        "Open balance",
        "Solde dû",
        lambda _, one: Cell(amount=_home(one, one.open)),
        "Open Balance",
        adds_up=True,
    ),
    Column("currency", "String", "Currency", "Devise", lambda _, one: Cell(one.currency)),
    Column("exch_rate", "Rate", "Exchange rate", "Taux de change", lambda _, one: Cell(str(one.rate)), "Exchange Rate"),
    Column(
        "foreign_amount",
        "Money",
        "Foreign amount",
        "Montant en devise",
        lambda _, one: Cell(amount=one.amount),
        "Foreign Amount",
    ),
    Column(
        "foreign_open_bal",
        "Money",
        "Foreign open balance",
        "Solde dû en devise",
        lambda _, one: Cell(amount=one.open),
        "Foreign Open Balance",
    ),
    Column(
        "create_date",
        "Date",
        "Create date",
        "Date de création",
        lambda _, one: Cell(one.created_at.date().isoformat()),
        "Create Date",
    ),
    Column(
        "last_mod_date",
        "Date",
        "Last modified",
        "Dernière modification",
        lambda _, one: Cell(one.changed_at.date().isoformat()),
        "Last Modified",
    ),
]
# Columns that a caller may ask for and that are empty here.
_EMPTY = (
    *("memo", "create_by", "last_mod_by", "dept_name", "past_due", "term_name", "sales_rep", "ship_via", "ship_date"),
    *("tracking_num", "bill_addr", "ship_addr", "cust_phone", "cust_email", "cust_msg", "custom1", "custom2"),
    *("custom3", "sent_state", "is_cleared", "olb_status", "po_num", "extra_doc_num"),
)
COLUMNS: dict[str, Column] = {one.key: one for one in _KNOWN} | {
    key: Column(key, "String", key.replace("_", " ").capitalize(), key, _nothing) for key in _EMPTY
}
# Only companies with multicurrency have these.
FOREIGN = frozenset({"currency", "exch_rate", "foreign_amount", "foreign_open_bal"})
