"""What an invoice bills and how it is booked: statuses, lines, taxes, general ledger entries, batches."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

LineKind = Literal["product", "time", "expense"]
LINE_KINDS: tuple[LineKind, ...] = ("product", "time", "expense")


def to_cents(amount: Decimal | int | str) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Named:
    """A record that the sandbox knows by its name alone: a location, a department."""

    id: int
    name: str


@dataclass(frozen=True)
class BillingStatus:
    id: int
    name: str
    is_closed: bool = False
    is_sent: bool = False


# Two closed ones: a client that goes by a single id or name misses invoices. "GL Reload" is what partners call the open
# status that they set for a moment, so that closing the invoice makes its general ledger entries anew.
STATUSES = (
    BillingStatus(1, "New"),
    BillingStatus(2, "Closed", is_closed=True),
    BillingStatus(3, "Sent", is_sent=True),
    BillingStatus(4, "GL Reload"),
    BillingStatus(5, "Closed and Sent", is_closed=True, is_sent=True),
)
NEW, CLOSED = STATUSES[:2]


def status_named(name: str) -> BillingStatus:
    found = next((one for one in STATUSES if one.name.casefold() == name.casefold()), None)
    if found is None:
        raise ValueError(f"A billing status is one of {', '.join(one.name for one in STATUSES)}, not {name!r}.")
    return found


@dataclass(frozen=True)
class TaxLevel:
    rate: Decimal  # 0.0825 are 8.25 %
    xref: str = ""  # the accounting package's name of this tax
    agency: str = ""
    applies_to: tuple[LineKind, ...] = LINE_KINDS


@dataclass(frozen=True)
class TaxCode:
    id: int
    identifier: str
    levels: tuple[TaxLevel, ...]

    @property
    def rate(self) -> Decimal:
        return sum((level.rate for level in self.levels), Decimal(0))


@dataclass(frozen=True)
class InvoiceLine:
    """A product, a time entry or an expense; `amount` is what is billed, and need not be quantity times price."""

    id: int
    kind: LineKind
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    taxable: bool
    item: str  # the product's identifier, the work type, or the type of expense
    cost: Decimal = ZERO


@dataclass(frozen=True)
class Batch:
    id: int
    identifier: str
    made_by: str
    made_at: datetime


@dataclass
class GlEntry:
    """One booking; those of an invoice add up to nothing. `line` and `tax_level` say what it books, if any."""

    id: int
    gl_type: str
    account: str
    description: str
    amount: Decimal  # a debit above zero, a credit below
    line: InvoiceLine | None = None
    tax_level: int = 0
    batch: Batch | None = None
