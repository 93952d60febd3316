"""What to do about one allocation: a closed union, each member with exactly one reason."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.reasons import Reason
from domain.records import TargetPayment


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field of the invoice, as both systems have it. Values are kept so that a person can see the difference."""

    field: str
    source: str
    target: str
    identical: bool


@dataclass(frozen=True, slots=True)
class Push:
    """Create a payment on the target invoice."""

    target_invoice_id: str
    amount: Decimal
    currency: str
    paid_on: date
    reason: Reason = Reason.ELIGIBLE
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjust:
    """Change the payment we created earlier to this amount and date."""

    target_invoice_id: str
    target_payment_id: str
    amount: Decimal
    currency: str
    paid_on: date
    reason: Reason = Reason.EDITED
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Reverse:
    """Remove the payment we created earlier."""

    target_invoice_id: str
    target_payment_id: str
    reason: Reason
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """The target already has exactly what the source says."""

    reason: Reason
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person made the correction at the target: the ledger follows, and nothing is owed.

    Attributes:
        amount: the payment's amount now; None if it was removed.
    """

    amount: Decimal | None
    paid_on: date | None
    reason: Reason = Reason.CORRECTED_BY_HAND
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """By rule this is not synced. It is decided again when a rule's input (a preference, an invoice) changes.

    Attributes:
        detail: as for Hold.
    """

    reason: Reason
    verdicts: tuple[Verdict, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """It should be synced but waits: for its cause to go away by itself, or for a person.

    Attributes:
        detail: the particulars of this case, if the reason's sentence cannot give them.
        seen: the payments on the target invoice that make it wait.
    """

    reason: Reason
    verdicts: tuple[Verdict, ...] = ()
    detail: str = ""
    seen: tuple[TargetPayment, ...] = ()


Decision = Push | Adjust | Reverse | Keep | Acknowledge | Skip | Hold
