"""Everything that a decision may depend on, gathered before it is made."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.preferences import InvoiceOrigin, Preferences
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceInvoice, TargetInvoice, TargetPayment


@dataclass(frozen=True, slots=True)
class Found:
    invoice: TargetInvoice


@dataclass(frozen=True, slots=True)
class NotFound:
    """The target shows us no invoice with exactly this number.

    Attributes:
        linked_id: the stored link, if we followed it; the target does not show us the invoice behind it.
        detail: the invoices that were found and rejected.
    """

    linked_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NearlyFound:
    """No invoice with exactly this number, but one with nearly this number; `detail` says which, and the difference."""

    detail: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The number we looked for may mean more than one invoice.

    Attributes:
        detail: which ones.
    """

    reason: Reason = Reason.TARGET_INVOICE_AMBIGUOUS
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotReachable:
    """The look itself failed.

    Attributes:
        reason: how.
        detail: the target's words, where it refused to answer about this invoice.
    """

    reason: Reason
    detail: str = ""


TargetLookup = Found | NotFound | NearlyFound | Ambiguous | NotReachable


@dataclass(frozen=True, slots=True)
class Part:
    """Another allocation of the invoice that shares the same target payment (strategy `single`).

    Attributes:
        entered: its amount and date in the ledger.
        wanted: its amount and date in the source now; None if the source has no money there any more.
    """

    entered: tuple[Decimal, date]
    wanted: tuple[Decimal, date] | None


@dataclass(frozen=True, slots=True)
class SyncedPayment:
    """The target payment that stands for this allocation now.

    Attributes:
        ours: False if a person typed it and we only linked it; we never change such a payment.
        harmed: the target removed or changed it when another payment was added; a person has to look.
        beside: the other parts, where the payment stands for several.
        finding: what the last look at the invoice found wrong with it.
        found: the payments on the invoice that show it.
    """

    target_invoice_id: str
    target_payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool
    harmed: bool = False
    beside: tuple[Part, ...] = ()
    finding: Finding | None = None
    found: tuple[TargetPayment, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether it was missing from the invoice when we last looked."""
        return self.finding is Finding.GONE


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that `decide` may look at, gathered before it is called."""

    source_active: bool
    target_active: bool
    # The target is connected but does not accept our keys (any more).
    target_refuses_keys: bool
    # The target behaved in a way that could harm payments; a person has to look first.
    target_stopped: bool
    # Our own records break a rule of theirs; a person has to repair them first.
    writes_stopped: bool
    preferences: Preferences
    payment_state: PaymentState
    is_own: bool
    currency: str | None
    paid_on: date | None
    kind: AllocationKind
    amount: Decimal
    problem: Reason | None
    removed: bool
    platform_origin: InvoiceOrigin | None
    source_invoice: SourceInvoice | None
    # The platform has a record with the invoice's number, but we cannot tell whether it belongs to this invoice.
    number_ambiguous: Ambiguous | None = None
    # The platform has no such record, but some with nearly this number: shown to a person, never acted upon.
    nearly_in_the_platform: str = ""
    # The newest picture of the payment is unreliable; all other facts are from the last reliable one.
    flaw: Reason | None = None
    synced: SyncedPayment | None = None
    # The payment was synced and then taken back: by us, unless a person removed it at the target.
    was_reversed: bool = False
    removed_by_hand: bool = False
    # Unexplained payments on the target invoice that look like the one we took back.
    left_behind: tuple[TargetPayment, ...] = ()
    # A person's word that it is not to be synced.
    left_out: LeftOut | None = None
    # The target invoice that the platform's record names now.
    linked_target_id: str | None = None

    def preferring(self, preferences: Preferences) -> "Facts":
        """The same facts with other preferences: what `dataclasses.replace` does, in a third of its time."""
        other = object.__new__(Facts)
        for name in Facts.__slots__:
            object.__setattr__(other, name, getattr(self, name))
        object.__setattr__(other, "preferences", preferences)
        return other

    @property
    def may_be_found(self) -> bool:
        """Whether we look for an unknown invoice in the target: by its number, which only a known picture of it has."""
        preferences, invoice = self.preferences, self.source_invoice
        has_number = invoice is not None and not invoice.deleted and bool(invoice.number)
        return preferences.find_by_number and not preferences.only_synced and has_number

    @property
    def is_wanted(self) -> bool:
        """Whether money of the source is to stand on this invoice."""
        return self.is_paid and self.left_out is not LeftOut.TAKEN_BACK

    @property
    def is_paid(self) -> bool:
        """Whether the source has money on this invoice."""
        return self.payment_state is PaymentState.LIVE and not self.removed and self.amount > 0
