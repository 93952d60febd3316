"""What is compared: one invoice as each system has it at a moment, and what our own books say about its payments."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.reasons import Reason
from domain.records import InvoiceStatement, TargetInvoice, TargetPayment
from domain.status import PaymentStatus


class WhyNotRead(StrEnum):
    """Why one system's side is missing."""

    NOT_CONNECTED = "not_connected"
    # Calls to it are paused or at rest.
    PAUSED = "paused"
    NO_ANSWER = "no_answer"
    # It says that the invoice does not exist (any more).
    GONE = "gone"
    # No invoice there has this number, and we know no id of it.
    NOT_FOUND = "not_found"
    # Several invoices there have this number.
    AMBIGUOUS = "ambiguous"
    # It names the invoice, but not its total or balance: a credit memo, or an answer that cannot be read.
    NO_AMOUNTS = "no_amounts"


@dataclass(frozen=True, slots=True)
class NotRead:
    """One side that we know nothing about.

    Attributes:
        detail: the system's own words, or ours about the failed call; "" if there is nothing to add.
    """

    why: WhyNotRead
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TargetSide:
    """The target's invoice, and everything that lowers its balance there."""

    invoice: TargetInvoice
    payments: tuple[TargetPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerClaim:
    """The target payment that stands for a part, by our ledger; amount and date are those that we wrote or linked.

    Attributes:
        ours: we created it; otherwise a person had typed it, and we linked it.
    """

    target_payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool


@dataclass(frozen=True, slots=True)
class KnownPart:
    """The part of a payment that is for this invoice, as our own tables have it.

    Attributes:
        payment_id: the payment's id at the source.
        live: the payment still puts this amount on this invoice, as far as we have heard.
        reason: of the current decision; None while nothing is decided.
        is_own: this platform made the payment itself.
    """

    payment_id: str
    amount: Decimal
    paid_on: date | None
    live: bool
    status: PaymentStatus
    reason: Reason | None
    claim: LedgerClaim | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class BothSides:
    """Everything that a comparison needs.

    Attributes:
        source_read_at, target_read_at: when each side answered; changes between the two look like differences.
        reads: how many calls to the source it took, which may be metered.
    """

    source: InvoiceStatement | NotRead
    target: TargetSide | NotRead
    known: tuple[KnownPart, ...]
    source_read_at: datetime
    target_read_at: datetime
    reads: int = 0
