"""A payment that may be synced, and everything that can stand in its way: one change of the facts for each cause."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain.leaving_out import LeftOut
from domain.match.decisions import Decision
from domain.match.eligibility import decide
from domain.match.facts import Facts, Found, SyncedPayment, TargetLookup
from domain.preferences import CorrectionPolicy, InvoiceOrigin, Preferences, SyncMode, TwinPolicy
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceInvoice, TargetInvoice

PAID_ON = date(2026, 11, 20)
AMOUNT = Decimal("100.00")

PREFERENCES = Preferences(
    sync_enabled=True,
    sync_tool_enabled=True,
    sync_mode=SyncMode.ALL_INVOICES,
    cut_off_on=None,
    correction_policy=CorrectionPolicy.AUTOMATIC,
    twin_policy=TwinPolicy.ADOPT,
)
SOURCE_INVOICE = SourceInvoice(
    external_id="70",
    version=1,
    changed_at=datetime(2026, 11, 20, tzinfo=UTC),
    number="INV-1",
    total=Decimal("100.00"),
    balance=Decimal("0.00"),
    currency="USD",
    customer_name="Cascade Dental",
)
TARGET_INVOICE = TargetInvoice(
    external_id="200",
    number="INV-1",
    total=Decimal("100.00"),
    balance=Decimal("100.00"),
    currency="USD",
    customer_names=("Cascade Dental", "CascadeDental"),
)
FACTS = Facts(
    source_active=True,
    target_active=True,
    target_refuses_keys=False,
    target_stopped=False,
    writes_stopped=False,
    preferences=PREFERENCES,
    payment_state=PaymentState.LIVE,
    is_own=False,
    currency="USD",
    paid_on=PAID_ON,
    kind=AllocationKind.INVOICE,
    amount=AMOUNT,
    problem=None,
    removed=False,
    platform_origin=InvoiceOrigin.SYNC_TOOL,
    source_invoice=SOURCE_INVOICE,
)
FOUND = Found(TARGET_INVOICE)
OURS = SyncedPayment(target_invoice_id="200", target_payment_id="7000", amount=AMOUNT, paid_on=PAID_ON, ours=True)
TYPED_BY_HAND = replace(OURS, ours=False)


def preferring(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, preferences=replace(facts.preferences, **changes))


@dataclass(frozen=True)
class Situation:
    facts: Facts = FACTS
    lookup: TargetLookup = FOUND

    def with_facts(self, **changes: Any) -> "Situation":
        return replace(self, facts=replace(self.facts, **changes))

    def with_preferences(self, **changes: Any) -> "Situation":
        return replace(self, facts=preferring(self.facts, **changes))

    def with_target(self, **changes: Any) -> "Situation":
        assert isinstance(self.lookup, Found)
        return replace(self, lookup=Found(replace(self.lookup.invoice, **changes)))

    def decide(self) -> Decision:
        return decide(self.facts, self.lookup)


@dataclass(frozen=True)
class Cause:
    """One thing that stands in the way, what it does to the facts, and what is then told."""

    reason: Reason
    action: str
    happens: Callable[[Situation], Situation]

    def __str__(self) -> str:
        return self.reason.value


# In the order of precedence; every one can come together with every other.
CAUSES = (
    Cause(Reason.SOURCE_DISCONNECTED, "Hold", lambda s: s.with_facts(source_active=False)),
    Cause(Reason.TARGET_DISCONNECTED, "Hold", lambda s: s.with_facts(target_active=False)),
    Cause(Reason.SWITCHED_OFF, "Skip", lambda s: s.with_preferences(sync_enabled=False)),
    Cause(Reason.MODE_DISABLED, "Skip", lambda s: s.with_preferences(sync_mode=SyncMode.DISABLED)),
    Cause(Reason.OWN_PAYMENT, "Skip", lambda s: s.with_facts(is_own=True)),
    Cause(Reason.DISMISSED, "Skip", lambda s: s.with_facts(left_out=LeftOut.DISMISSED)),
    Cause(Reason.VOIDED, "Skip", lambda s: s.with_facts(payment_state=PaymentState.VOIDED)),
    Cause(Reason.REMOVED, "Skip", lambda s: s.with_facts(removed=True)),
    Cause(Reason.CURRENCY_UNKNOWN, "Hold", lambda s: s.with_facts(currency=None)),
    Cause(Reason.DATE_MISSING, "Hold", lambda s: s.with_facts(paid_on=None)),
    Cause(Reason.UNAPPLIED, "Skip", lambda s: s.with_facts(kind=AllocationKind.UNAPPLIED)),
    Cause(Reason.AMOUNT_NOT_REPRESENTABLE, "Hold", lambda s: s.with_facts(amount=Decimal("10.005"))),
    Cause(
        Reason.INVOICE_UNKNOWN,
        "Skip",
        lambda s: s.with_facts(platform_origin=None).with_preferences(find_by_number=False),
    ),
    Cause(Reason.SOURCE_INVOICE_MISSING, "Hold", lambda s: s.with_facts(source_invoice=None)),
    Cause(Reason.TARGET_INVOICE_NOT_PAYABLE, "Hold", lambda s: s.with_target(payable=False)),
    Cause(Reason.NUMBER_DIFFERS, "Hold", lambda s: s.with_target(number="INV-2")),
    Cause(Reason.TOTAL_DIFFERS, "Hold", lambda s: s.with_target(total=Decimal("100.01"))),
    Cause(Reason.CURRENCY_DIFFERS, "Hold", lambda s: s.with_target(currency="CAD")),
    Cause(Reason.CUSTOMER_DIFFERS, "Hold", lambda s: s.with_target(customer_names=("Somebody Else",))),
    Cause(Reason.BEFORE_CUT_OFF, "Skip", lambda s: s.with_preferences(cut_off_on=date(2026, 11, 21))),
)
