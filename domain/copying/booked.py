"""The books (QuickBooks Online) as the Sync Tool sees them: its lists, its rules, and the invoices in it.

Amounts are in the invoice's currency; days have no zone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

# What nobody has changed since it was created has this version (QuickBooks: SyncToken).
FIRST_VERSION = 0


class NameOwner(StrEnum):
    """Whose name it is: customers, vendors and employees share one list of names at QuickBooks."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    EMPLOYEE = "employee"


@dataclass(frozen=True, slots=True)
class NamedParty:
    """A customer, vendor or employee of the books.

    Attributes:
        currency: ISO 4217, None where the books have only one.
    """

    external_id: str
    name: str
    owner: NameOwner = NameOwner.CUSTOMER
    active: bool = True
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A product or service of the books; lines must name one."""

    external_id: str
    name: str
    kind: str = ""
    active: bool = True
    taxable: bool = False


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code of the books."""

    external_id: str
    name: str
    active: bool = True
    taxable: bool = False


class TaxMode(StrEnum):
    """How the books work out the tax of an invoice."""

    # The company does not use sales tax at all.
    NONE = "none"
    # The company keeps its own codes and rates.
    CODES = "codes"
    # Automated sales tax, in the United States: lines are taxable or not, the rates are QuickBooks' own.
    AUTOMATED = "automated"
    # Outside the United States: each line must name a code, and the invoice says whether amounts include it.
    EVERY_LINE = "every_line"


@dataclass(frozen=True, slots=True)
class BooksRules:
    """The company's preferences that decide whether and how invoices are copied.

    Attributes:
        custom_numbers: whether we may choose an invoice's number; without it nothing can be copied, because QuickBooks
            would number the invoice itself.
        closed_on: the last day of the closed period; None if no period is closed.
    """

    custom_numbers: bool
    home_currency: str | None
    many_currencies: bool
    tax_mode: TaxMode
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line that we send. Quantity and price are sent only where they multiply to the amount, half up to cents."""

    item_id: str
    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    tax_code_id: str = ""


@dataclass(frozen=True, slots=True)
class DraftInvoice:
    """An invoice that we want to have in the books.

    Attributes:
        tax: the tax that the biller charged, sent as it is; None where a line carries it or there is none.
        note: for the books alone, not on the customer's copy.
        online_payment: whether the customer may pay it through QuickBooks.
    """

    number: str
    customer_id: str
    issued_on: date
    due_on: date | None
    currency: str
    lines: tuple[DraftLine, ...]
    tax: Decimal | None = None
    tax_mode: TaxMode = TaxMode.NONE
    note: str = ""
    online_payment: bool = False


@dataclass(frozen=True, slots=True)
class BookedInvoice:
    """An invoice as the books hold it now.

    Attributes:
        version: grows with every change (QuickBooks: SyncToken); a change must name the current one.
        changed_at: UTC, the books' own clock.
        note: the note for the books alone, in which our copies carry their mark.
    """

    external_id: str
    version: int
    number: str
    customer_id: str
    issued_on: date | None
    currency: str | None
    total: Decimal
    tax: Decimal
    balance: Decimal
    changed_at: datetime | None = None
    voided: bool = False
    note: str = ""
