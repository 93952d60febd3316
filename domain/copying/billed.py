"""An invoice as the biller (ConnectWise PSA) has it: what the Sync Tool copies from.

Amounts are in the invoice's currency, as the biller's books have them; days have no zone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class InvoiceKind(StrEnum):
    """The kinds of invoices that ConnectWise makes (`invoiceType`)."""

    AGREEMENT = "agreement"
    CREDIT_MEMO = "credit_memo"
    DOWN_PAYMENT = "down_payment"
    MISCELLANEOUS = "miscellaneous"
    PROGRESS = "progress"
    STANDARD = "standard"
    CONSOLIDATED = "consolidated"
    # A kind that this software does not know; never copied.
    OTHER = "other"


class LineKind(StrEnum):
    """What a line bills; each kind has a default item in the books."""

    SERVICE = "service"
    PRODUCT = "product"
    EXPENSE = "expense"
    AGREEMENT = "agreement"
    # Whatever the total has and no line explains.
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who owes the invoice.

    Attributes:
        external_id: the biller's record id of the company.
        identifier: its short name, which people call the account number.
    """

    external_id: str
    identifier: str
    name: str


@dataclass(frozen=True, slots=True)
class BilledInvoice:
    """A closed invoice that no accounting batch holds.

    Attributes:
        external_id: the record id of the invoice, the one that payments and links use.
        company: whom the work was done for; `bill_to` is who owes it, mostly the same.
        location: the name of the biller's location that made it; "" where it has none.
        closed_at: UTC; None where the biller does not tell.
        has_entries: whether the biller has general ledger entries for it; without them it cannot be put into a batch.
            None where the list does not say.
    """

    external_id: str
    number: str
    kind: InvoiceKind
    issued_on: date | None
    due_on: date | None
    currency: str | None
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    company: Debtor
    bill_to: Debtor
    location_id: str
    location: str
    closed_at: datetime | None = None
    has_entries: bool | None = None


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One line with the signs that a customer reads: a charge is positive, a discount negative.

    Attributes:
        amount: what the line comes to before tax, exactly as the biller counts it.
        quantity, unit_price: as the biller shows them; they need not multiply to the amount (it rounds unit prices).
        item: the biller's product id or work type, "" where it has none.
        tax_code: the biller's tax code, "" for none.
    """

    kind: LineKind
    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    item: str = ""
    taxable: bool = False
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class TaxLevel:
    """One level of the invoice's sales tax, such as state or city."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BilledDetail:
    """What goes into the books for one invoice, as the biller's own export has it.

    Lines and tax add up to the total, but for less than a hundredth of the smallest coin: a third has no last digit.

    Attributes:
        tax_levels: they add up to the tax; none where the biller does not break it down, or not to the cent.
        entry_ids: the general ledger entries of the invoice, all that are in no batch yet; what marks it as copied.
        entries_complete: whether nothing in the export says that ids are missing in `entry_ids`. Otherwise ask for the
            invoice's entries before they are put into a batch.
        memo: the biller's text for the whole invoice.
        terms: the name of the payment terms, "" for none.
    """

    invoice_id: str
    number: str
    currency: str | None
    tax: Decimal
    total: Decimal
    lines: tuple[BilledLine, ...]
    tax_levels: tuple[TaxLevel, ...] = ()
    entry_ids: frozenset[str] = frozenset()
    entries_complete: bool = False
    memo: str = ""
    terms: str = ""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A general ledger entry of an invoice, and whether an accounting batch holds it."""

    external_id: str
    amount: Decimal
    batched: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """An accounting batch; an invoice whose entries are in one counts as exported for every tool.

    Attributes:
        identifier: the name that its maker chose; unique at the biller.
    """

    external_id: str
    identifier: str
    closed: bool = False
    made_by: str = ""
