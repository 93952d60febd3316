"""Facts of every shape, for properties that hold whatever was gathered."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from domain.later_looks import Finding
from domain.match.facts import Ambiguous, Facts, Found, NearlyFound, NotFound, NotReachable, SyncedPayment
from domain.preferences import CorrectionPolicy, InvoiceOrigin, Preferences, SyncMode, TwinPolicy
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceInvoice, TargetInvoice

days = st.dates(min_value=date(2026, 11, 18), max_value=date(2026, 11, 22))
currencies = st.sampled_from(["USD", "CAD", "JPY", "BHD"])
# Few values, so that equal ones meet often; and some that no ledger keeps.
amounts = st.sampled_from([Decimal(text) for text in ("100.00", "100", "50", "0", "-5", "0.001", "10.005", "1E+14")])
numbers = st.sampled_from(["INV-1", "INV-2", ""])
customers = st.sampled_from(["Cascade Dental", "cascade  dental", "Parent:Cascade Dental", "Somebody Else", ""])

preferences = st.builds(
    Preferences,
    sync_enabled=st.booleans(),
    sync_tool_enabled=st.booleans(),
    sync_mode=st.sampled_from(SyncMode),
    cut_off_on=st.none() | days,
    correction_policy=st.sampled_from(CorrectionPolicy),
    twin_policy=st.sampled_from(TwinPolicy),
    find_by_number=st.booleans(),
)
source_invoices = st.builds(
    SourceInvoice,
    external_id=st.just("70"),
    version=st.just(1),
    changed_at=st.just(datetime(2026, 11, 20, tzinfo=UTC)),
    number=st.none() | numbers,
    total=amounts,
    balance=amounts,
    currency=st.none() | currencies,
    customer_name=customers,
    deleted=st.booleans(),
)
target_invoices = st.builds(
    TargetInvoice,
    external_id=st.just("200"),
    number=numbers,
    total=amounts,
    balance=amounts,
    currency=st.none() | currencies,
    customer_names=st.lists(customers, max_size=2).map(tuple),
    payable=st.booleans(),
)
lookups = st.one_of(
    st.builds(Found, target_invoices),
    st.builds(NotFound),
    st.builds(NearlyFound, st.just("ConnectWise has 'inv-1'")),
    st.builds(Ambiguous),
    st.builds(NotReachable, st.sampled_from([Reason.TARGET_UNREACHABLE, Reason.TARGET_THROTTLED])),
)
problems = st.sampled_from(
    [
        Reason.LINE_UNREADABLE,
        Reason.TOTAL_UNREADABLE,
        Reason.CREDIT_APPLIED,
        Reason.MIXED_WITH_CREDIT,
        Reason.AMOUNT_NOT_REPRESENTABLE,
    ]
)
synced_payments = st.builds(
    SyncedPayment,
    target_invoice_id=st.just("200"),
    target_payment_id=st.just("7000"),
    amount=amounts,
    paid_on=days,
    ours=st.booleans(),
    harmed=st.sampled_from([False, False, False, True]),
    finding=st.sampled_from([None, None, None, None, *Finding]),
)
mostly = st.sampled_from([True, True, True, True, False])
facts = st.builds(
    Facts,
    source_active=mostly,
    target_active=mostly,
    target_refuses_keys=mostly.map(lambda value: not value),
    target_stopped=mostly.map(lambda value: not value),
    writes_stopped=mostly.map(lambda value: not value),
    preferences=preferences,
    payment_state=st.sampled_from([PaymentState.LIVE, *PaymentState]),
    is_own=mostly.map(lambda value: not value),
    currency=st.none() | currencies,
    paid_on=st.none() | days,
    kind=st.sampled_from([AllocationKind.INVOICE] * 5 + list(AllocationKind)),
    amount=amounts,
    problem=st.none() | st.none() | problems,
    removed=mostly.map(lambda value: not value),
    platform_origin=st.none() | st.sampled_from(InvoiceOrigin),
    source_invoice=st.none() | source_invoices,
    flaw=st.sampled_from(
        [None, None, None, Reason.INCOMPLETE, Reason.TOTAL_UNREADABLE, Reason.AMOUNT_NOT_REPRESENTABLE]
    ),
    synced=st.none() | synced_payments,
    was_reversed=st.booleans(),
    removed_by_hand=st.booleans(),
    linked_target_id=st.sampled_from([None, "200", "200", "201"]),
)
# Facts with at most a few things in the way: of facts at random hardly any is ever pushed.
nearly_good = st.builds(
    lambda good, lookup: (good, lookup),
    st.builds(
        Facts,
        source_active=mostly,
        target_active=mostly,
        target_refuses_keys=st.just(False),
        target_stopped=st.just(False),
        writes_stopped=st.just(False),
        preferences=st.builds(
            Preferences,
            sync_enabled=mostly,
            sync_tool_enabled=st.booleans(),
            sync_mode=st.sampled_from(SyncMode),
            cut_off_on=st.none() | days,
            correction_policy=st.sampled_from(CorrectionPolicy),
            twin_policy=st.sampled_from(TwinPolicy),
            find_by_number=st.booleans(),
        ),
        payment_state=mostly.map(lambda live: PaymentState.LIVE if live else PaymentState.VOIDED),
        is_own=mostly.map(lambda value: not value),
        currency=st.just("USD"),
        paid_on=days,
        kind=st.just(AllocationKind.INVOICE),
        amount=st.sampled_from([Decimal(100), Decimal("0.01"), Decimal(0), Decimal(-1)]),
        problem=st.none(),
        removed=mostly.map(lambda value: not value),
        platform_origin=st.none() | st.sampled_from(InvoiceOrigin),
        source_invoice=st.just(
            SourceInvoice(
                "70",
                1,
                datetime(2026, 11, 20, tzinfo=UTC),
                "INV-1",
                Decimal(100),
                Decimal(0),
                "USD",
                "Cascade Dental",
            )
        ),
        synced=st.none(),
    ),
    st.just(
        Found(TargetInvoice("200", "INV-1", Decimal("100.00"), Decimal(100), "USD", ("Cascade Dental",), payable=True))
    ),
)
