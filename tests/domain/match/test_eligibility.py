"""May this allocation be synced? Every rule, and which one is told when several say no."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from domain.match.decisions import Push, Skip
from domain.match.eligibility import decide, decide_early
from domain.match.facts import Ambiguous, NearlyFound, NotFound, NotReachable
from domain.preferences import InvoiceOrigin, SyncMode
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from tests.domain.situations import AMOUNT, CAUSES, PAID_ON, SOURCE_INVOICE, Cause, Situation


def test_a_payment_with_nothing_in_its_way_is_pushed_with_its_amount_and_date() -> None:
    decision = Situation().decide()
    assert isinstance(decision, Push)
    assert (decision.target_invoice_id, decision.amount, decision.currency, decision.paid_on, decision.reason) == (
        "200",
        AMOUNT,
        "USD",
        PAID_ON,
        Reason.ELIGIBLE,
    )
    assert [verdict.field for verdict in decision.verdicts] == ["number", "total", "currency", "customer"]
    assert all(verdict.identical for verdict in decision.verdicts)


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_each_cause_alone_is_told(cause: Cause) -> None:
    decision = cause.happens(Situation()).decide()
    assert (type(decision).__name__, decision.reason) == (cause.action, cause.reason)


@pytest.mark.parametrize(("earlier", "later"), list(combinations(CAUSES, 2)), ids=str)
def test_of_two_causes_the_earlier_one_is_told(earlier: Cause, later: Cause) -> None:
    assert earlier.happens(later.happens(Situation())).decide().reason is earlier.reason
    assert later.happens(earlier.happens(Situation())).decide().reason is earlier.reason


def test_with_everything_in_the_way_at_once_the_first_cause_is_told() -> None:
    situation = Situation()
    for cause in CAUSES:
        situation = cause.happens(situation)
    assert situation.decide().reason is Reason.SOURCE_DISCONNECTED


def test_the_reasons_are_listed_in_the_order_in_which_they_are_told() -> None:
    order = list(Reason)
    told = [order.index(cause.reason) for cause in CAUSES]
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("lookup", "reason"),
    [
        (NotFound(), Reason.TARGET_INVOICE_MISSING),
        (NearlyFound(""), Reason.TARGET_NUMBER_NEARLY),
        (Ambiguous(), Reason.TARGET_INVOICE_AMBIGUOUS),
        (NotReachable(Reason.TARGET_UNREACHABLE), Reason.TARGET_UNREACHABLE),
        (NotReachable(Reason.TARGET_THROTTLED), Reason.TARGET_THROTTLED),
    ],
)
def test_what_the_look_did_not_show_holds_the_payment(lookup: object, reason: Reason) -> None:
    decision = replace(Situation(), lookup=lookup).decide()
    assert (type(decision).__name__, decision.reason) == ("Hold", reason)


def test_keys_that_are_refused_are_told_before_a_connection_that_is_off() -> None:
    situation = Situation().with_facts(target_refuses_keys=True, target_active=False)
    assert situation.decide().reason is Reason.TARGET_CREDENTIALS


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (AllocationKind.UNAPPLIED, Reason.UNAPPLIED),
        (AllocationKind.CREDIT_MEMO, Reason.CREDIT_MEMO),
        (AllocationKind.JOURNAL_ENTRY, Reason.JOURNAL_ENTRY),
        (AllocationKind.REFUND, Reason.REFUND),
        (AllocationKind.NOTHING, Reason.NOTHING_APPLIED),
        (AllocationKind.UNREADABLE, Reason.LINE_UNREADABLE),
    ],
)
def test_only_what_is_applied_to_an_invoice_is_synced(kind: AllocationKind, reason: Reason) -> None:
    assert Situation().with_facts(kind=kind).decide().reason is reason


@pytest.mark.parametrize(
    ("problem", "action"),
    [
        (Reason.LINE_UNREADABLE, "Hold"),
        (Reason.TOTAL_UNREADABLE, "Hold"),
        (Reason.MIXED_WITH_CREDIT, "Hold"),
        (Reason.AMOUNT_NOT_REPRESENTABLE, "Hold"),
        (Reason.CREDIT_APPLIED, "Skip"),
    ],
)
def test_a_line_with_a_problem_is_never_pushed(problem: Reason, action: str) -> None:
    decision = Situation().with_facts(problem=problem).decide()
    assert (type(decision).__name__, decision.reason) == (action, problem)


@pytest.mark.parametrize(
    ("amount", "currency"), [("0", "USD"), ("-1", "USD"), ("10.005", "USD"), ("10.5", "JPY"), ("1.2345", "BHD")]
)
def test_an_amount_that_cannot_be_paid_in_its_currency_is_held(amount: str, currency: str) -> None:
    situation = Situation().with_facts(amount=Decimal(amount), currency=currency)
    assert situation.decide().reason is Reason.AMOUNT_NOT_REPRESENTABLE


@pytest.mark.parametrize("state", [PaymentState.VOIDED, PaymentState.DELETED])
def test_a_payment_that_is_no_more_is_skipped_with_its_own_word(state: PaymentState) -> None:
    assert Situation().with_facts(payment_state=state).decide().reason == Reason(state.value)


@pytest.mark.parametrize(
    ("tool", "mode", "origin", "reason"),
    [
        (True, SyncMode.DISABLED, InvoiceOrigin.SYNC_TOOL, Reason.MODE_DISABLED),
        (True, SyncMode.SYNCED_ONLY, InvoiceOrigin.PARTNER_DASHBOARD, Reason.INVOICE_NOT_SYNCED),
        (True, SyncMode.SYNCED_ONLY, InvoiceOrigin.SYNC_TOOL, Reason.ELIGIBLE),
        (True, SyncMode.ALL_INVOICES, InvoiceOrigin.PARTNER_DASHBOARD, Reason.ELIGIBLE),
        (True, SyncMode.ALL_INVOICES, InvoiceOrigin.SYNC_TOOL, Reason.ELIGIBLE),
        (False, SyncMode.DISABLED, InvoiceOrigin.PARTNER_DASHBOARD, Reason.ELIGIBLE),
        (False, SyncMode.SYNCED_ONLY, InvoiceOrigin.PARTNER_DASHBOARD, Reason.ELIGIBLE),
    ],
)
def test_the_mode_and_the_origin_decide_only_where_the_sync_tool_is_enabled(
    tool: bool, mode: SyncMode, origin: InvoiceOrigin, reason: Reason
) -> None:
    situation = Situation().with_preferences(sync_tool_enabled=tool, sync_mode=mode)
    assert situation.with_facts(platform_origin=origin).decide().reason is reason


UNKNOWN = Situation().with_facts(platform_origin=None)
NOWHERE = NotFound()


def test_an_unknown_invoice_that_is_identical_in_both_systems_gets_its_payment() -> None:
    assert UNKNOWN.decide().reason is Reason.ELIGIBLE


def test_an_unknown_invoice_that_the_target_does_not_have_is_left_to_the_source() -> None:
    decision = decide(UNKNOWN.facts, NotFound(detail="nothing like it"))
    assert decision == Skip(Reason.INVOICE_ONLY_IN_SOURCE, detail="nothing like it")
    assert decide(Situation().facts, NOWHERE).reason is Reason.TARGET_INVOICE_MISSING


@pytest.mark.parametrize(
    "change",
    [
        {"source_invoice": None},
        {"source_invoice": replace(SOURCE_INVOICE, deleted=True)},
        {"source_invoice": replace(SOURCE_INVOICE, number=None)},
        {"source_invoice": replace(SOURCE_INVOICE, number="")},
    ],
)
def test_an_unknown_invoice_without_a_number_cannot_be_found(change: dict[str, Any]) -> None:
    assert UNKNOWN.with_facts(**change).decide() == Skip(Reason.INVOICE_UNKNOWN)


@pytest.mark.parametrize(
    ("preferences", "wanted"),
    [
        ({}, Reason.ELIGIBLE),
        ({"find_by_number": False}, Reason.INVOICE_UNKNOWN),
        ({"sync_tool_enabled": True, "sync_mode": SyncMode.ALL_INVOICES}, Reason.ELIGIBLE),
        ({"sync_tool_enabled": True, "sync_mode": SyncMode.SYNCED_ONLY}, Reason.INVOICE_NOT_SYNCED),
        ({"sync_tool_enabled": False, "sync_mode": SyncMode.SYNCED_ONLY}, Reason.ELIGIBLE),
    ],
)
def test_unknown_invoices_are_found_by_number_unless_the_partner_says_otherwise(
    preferences: dict[str, Any], wanted: Reason
) -> None:
    assert UNKNOWN.with_preferences(**preferences).decide().reason is wanted


def test_a_payment_before_the_cut_off_date_costs_no_look_for_its_unknown_invoice() -> None:
    early = UNKNOWN.with_preferences(cut_off_on=date(2026, 11, 21))
    assert decide_early(early.facts) == Skip(Reason.BEFORE_CUT_OFF)
    assert decide_early(Situation().with_preferences(cut_off_on=date(2026, 11, 21)).facts) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total": Decimal("100.01")}, Reason.TOTAL_DIFFERS),
        ({"customer_names": ("Somebody Else",)}, Reason.CUSTOMER_DIFFERS),
        ({"currency": "CAD"}, Reason.CURRENCY_DIFFERS),
    ],
)
def test_an_unknown_invoice_is_compared_like_any_other(change: dict[str, Any], reason: Reason) -> None:
    assert UNKNOWN.with_target(**change).decide().reason is reason


def test_an_invoice_that_was_deleted_in_the_source_is_missing() -> None:
    gone = replace(SOURCE_INVOICE, deleted=True)
    assert Situation().with_facts(source_invoice=gone).decide().reason is Reason.SOURCE_INVOICE_MISSING


def test_the_cut_off_day_itself_is_synced() -> None:
    assert Situation().with_preferences(cut_off_on=PAID_ON).decide().reason is Reason.ELIGIBLE


def test_both_values_of_a_difference_are_kept() -> None:
    decision = Situation().with_target(total=Decimal("110.00")).decide()
    [total] = [verdict for verdict in decision.verdicts if verdict.field == "total"]
    assert (total.source, total.target, total.identical) == ("100.00", "110.00", False)
