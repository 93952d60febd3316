"""What a decision means for the outbox: every combination is one row of the table."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.explanations import explain
from domain.match.decisions import Adjust, Decision, Hold, Keep, Push, Reverse, Skip
from domain.match.planning import (
    Cancel,
    CurrentEffect,
    Enqueue,
    Leave,
    Payload,
    Plan,
    Revive,
    Wait,
    payload_of,
    plan,
)
from domain.push.effect import OPEN_ON_THE_WIRE, Doubt, EffectKind, EffectState
from domain.reasons import Reason

PAID_ON = date(2026, 11, 20)
CREATION = Payload(EffectKind.CREATE, "200", None, Decimal("100.00"), "USD", PAID_ON)
OWING: list[Decision] = [
    Push("200", Decimal("100.00"), "USD", PAID_ON),
    Adjust("200", "7000", Decimal("70.00"), "USD", PAID_ON),
    Reverse("200", "7000", Reason.VOIDED_AFTER_SYNC),
]
CANNOT_SAY: list[Decision] = [Hold(reason) for reason in Reason if explain(reason).cannot_tell]
OWING_NOTHING: list[Decision] = [
    Keep(Reason.SYNCED),
    Skip(Reason.SWITCHED_OFF),
    *(Hold(reason) for reason in Reason if not explain(reason).cannot_tell),
]
# How the current effect stands, as far as it matters, and the row of the table below.
NOTHING_YET, ON_THE_WIRE, CLOSED = "nothing yet", "on the wire", "delivered or cancelled"
FRESH, SNOOZED = "pending", "pending again after a failure"
GOES_AGAIN, WAITS_FOR_A_PERSON = "stopped, clears itself", "stopped, waits for a person"
SEVERAL, MOVED_MONEY = "several candidates", "may have moved money otherwise"

# What is owed:       the same as the effect       something else           nothing          we could not look
TABLE: dict[str, tuple[Plan | type[Enqueue], ...]] = {
    NOTHING_YET: (Enqueue, Enqueue, Leave(), Leave()),
    ON_THE_WIRE: (Wait(), Wait(), Wait(), Wait()),
    CLOSED: (Enqueue, Enqueue, Leave(), Leave()),
    FRESH: (Leave(), Enqueue, Cancel(), Leave()),
    SNOOZED: (Leave(silent=True), Enqueue, Cancel(), Leave(silent=True)),
    GOES_AGAIN: (Revive(), Enqueue, Cancel(), Leave(silent=True)),
    WAITS_FOR_A_PERSON: (Leave(silent=True), Enqueue, Cancel(), Leave(silent=True)),
    SEVERAL: (Revive(), Revive(), Revive(), Leave(silent=True)),
    MOVED_MONEY: (Leave(silent=True),) * 4,
}
REPLACED_ROWS = {FRESH, SNOOZED, GOES_AGAIN, WAITS_FOR_A_PERSON}


def row_of(state: EffectState | None, reason: Reason | None) -> str:
    match state:
        case None:
            return NOTHING_YET
        case EffectState.SENDING | EffectState.IN_DOUBT:
            return ON_THE_WIRE
        case EffectState.DELIVERED | EffectState.CANCELLED:
            return CLOSED
        case EffectState.HELD if reason is Reason.SEVERAL_CANDIDATES:
            return SEVERAL
        case _ if reason is not None and explain(reason).leaves_money:
            return MOVED_MONEY
        case EffectState.PENDING:
            return FRESH if reason is None else SNOOZED
        case _:
            return GOES_AGAIN if reason is None or explain(reason).clears_itself else WAITS_FOR_A_PERSON


def effect(state: EffectState | None, reason: Reason | None, payload: Payload) -> CurrentEffect | None:
    doubt = Doubt.UNANSWERED if reason is Reason.SEVERAL_CANDIDATES else Doubt.NONE
    held = doubt.held_because_of(reason) if reason is not None else doubt
    return None if state is None else CurrentEffect(state, payload, reason, held)


def check(decision: Decision, state: EffectState | None, reason: Reason | None, payload: Payload, column: int) -> None:
    row = row_of(state, reason)
    expected = TABLE[row][column]
    planned = plan(decision, effect(state, reason, payload))
    if expected is Enqueue:
        wanted = payload_of(decision)
        assert wanted is not None
        expected = Enqueue(wanted, cancel_current=row in REPLACED_ROWS)
    assert planned == expected, (decision, state, reason)


STATES: list[EffectState | None] = [None, *EffectState]
REASONS: list[Reason | None] = [None, *Reason]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("decision", OWING, ids=lambda one: type(one).__name__)
def test_something_is_owed(decision: Decision, state: EffectState | None) -> None:
    same = payload_of(decision)
    assert same is not None
    for reason in REASONS:
        check(decision, state, reason, same, column=0)
        for other in others(same):
            check(decision, state, reason, other, column=1)


def others(payload: Payload) -> list[Payload]:
    """Payloads that differ in one thing."""
    return [
        replace(payload, target_invoice_id="201"),
        replace(payload, target_payment_id="7001"),
        replace(payload, amount=Decimal("100.01")),
        replace(payload, currency="CAD"),
        replace(payload, paid_on=date(2026, 11, 21)),
    ]


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_owed(state: EffectState | None) -> None:
    for payload in (payload_of(decision) for decision in OWING):
        assert payload is not None
        for reason in REASONS:
            for decision in OWING_NOTHING:
                check(decision, state, reason, payload, column=2)
            for decision in CANNOT_SAY:
                check(decision, state, reason, payload, column=3)


@pytest.mark.parametrize("state", sorted(OPEN_ON_THE_WIRE))
def test_an_effect_on_the_wire_is_never_replaced_or_cancelled(state: EffectState) -> None:
    for decision in (*OWING, *OWING_NOTHING, *CANNOT_SAY):
        for reason in REASONS:
            for payload in (payload_of(one) for one in OWING):
                assert payload is not None
                assert plan(decision, CurrentEffect(state, payload, reason)) == Wait()


@pytest.mark.parametrize("state", [EffectState.PENDING, EffectState.HELD, EffectState.DEAD])
def test_an_effect_with_several_candidates_is_never_replaced(state: EffectState) -> None:
    for decision in (*OWING, *OWING_NOTHING, *CANNOT_SAY):
        for payload in (payload_of(one) for one in OWING):
            assert payload is not None
            planned = plan(decision, CurrentEffect(state, payload, Reason.SEVERAL_CANDIDATES, Doubt.ASKED))
            assert planned in (Leave(silent=True), Revive())


def test_a_total_that_is_written_in_another_way_is_the_same_payload() -> None:
    current = CurrentEffect(EffectState.HELD, replace(CREATION, amount=Decimal("1E+2")), Reason.EXCEEDS_BALANCE)
    assert plan(OWING[0], current) == Revive()


@pytest.mark.parametrize("decision", [Push("200", Decimal(50), "USD", PAID_ON), Skip(Reason.VOIDED)])
def test_an_effect_that_replaced_another_payment_is_left_to_a_person(decision: Decision) -> None:
    payload = payload_of(OWING[0])
    assert payload is not None
    planned = plan(decision, CurrentEffect(EffectState.HELD, payload, Reason.TARGET_REPLACED, Doubt.AMISS))
    assert planned == Leave(silent=True)
