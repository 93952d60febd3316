"""The stored status follows every change of its facts, in the same transaction, and an invariant sees when it does not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from benchmarks.counting import counted
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.decisions import Action, NewDecision, current_decisions, write_decision
from models.effects import Effect, move
from models.invariants import check_invariants
from models.payment_statuses import payments_with_another_status, store_every_status
from models.payments import Allocation, Payment
from tasks.context import Step
from tests.queries import violations
from tests.world import World, open_world

ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def payment(world: World) -> str:
    """A payment of two parts, both synced."""
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("150", (first, "100"), (second, "50"))
    world.notice()
    assert status(world) is SYNCED
    return payment


def status(world: World) -> PaymentStatus:
    with world.context.database.reading() as session:
        return PaymentStatus(session.scalars(select(Payment.status)).one())


def decide(world: World, action: Action, reason: Reason) -> None:
    """About the first part."""
    with world.context.database.writing() as session:
        first = session.scalars(select(Allocation.id).order_by(Allocation.id)).first()
        new = NewDecision(first, action, reason)
        write_decision(session, current_decisions(session, [first]), new, world.clock.now())


def test_another_decision_about_one_part_changes_the_status(world: World, payment: str) -> None:
    decide(world, Action.HOLD, Reason.TWIN_NEARBY)
    assert status(world) is ATTENTION
    decide(world, Action.HOLD, Reason.TARGET_INVOICE_MISSING)
    assert status(world) is WAITING
    decide(world, Action.SKIP, Reason.SWITCHED_OFF)
    assert status(world) is SYNCED


def test_a_reason_that_an_earlier_version_stored_on_the_way_breaks_no_invariant(world: World) -> None:
    world.pay("100", (world.invoice("INV-1"), "100"))
    world.notice(Step.INGEST)
    with world.context.database.writing() as session:
        session.scalars(select(Payment)).one().reason = Reason.ELIGIBLE.value
    with world.context.database.reading() as session:
        assert violations(session) == []
    world.context.nudge(Step.MATCH, world.organization_id)
    world.settle()
    assert status(world) is SYNCED
    with world.context.database.reading() as session:
        assert violations(session) == []


def test_another_state_of_the_effect_changes_it_however_it_is_written(world: World, payment: str) -> None:
    decide(world, Action.HOLD, Reason.TWIN_NEARBY)
    with world.context.database.writing() as session:
        effect = session.scalars(select(Effect).order_by(Effect.id)).first()
        effect.state = EffectState.PENDING.value
    assert status(world) is ON_ITS_WAY
    with world.context.database.writing() as session:
        effect = session.scalars(select(Effect).order_by(Effect.id)).first()
        assert move(session, effect, EffectState.HELD)
    assert status(world) is ATTENTION


def test_a_part_that_is_moved_away_no_longer_counts(world: World, payment: str) -> None:
    decide(world, Action.SKIP, Reason.SWITCHED_OFF)
    with world.context.database.writing() as session:
        session.scalars(select(Allocation).order_by(Allocation.id.desc())).first().removed = True
    assert status(world) is SKIPPED


def test_a_new_part_makes_a_settled_payment_undecided(world: World, payment: str) -> None:
    with world.context.database.writing() as session:
        part = session.scalars(select(Allocation)).first()
        session.add(
            Allocation(
                organization_id=part.organization_id,
                payment=session.get(Payment, part.payment_id),
                kind="invoice",
                document_id="another",
                amount=part.amount,
            )
        )
    assert status(world) is ON_ITS_WAY


def test_a_transaction_that_is_rolled_back_changes_no_status(world: World, payment: str) -> None:
    def decide_and_fail() -> None:
        with world.context.database.writing() as session:
            first = session.scalars(select(Allocation.id).order_by(Allocation.id)).first()
            new = NewDecision(first, Action.HOLD, Reason.TWIN_NEARBY)
            write_decision(session, current_decisions(session, [first]), new, world.clock.now())
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert status(world) is SYNCED


def test_all_payments_of_a_transaction_are_asked_about_once(world: World) -> None:
    for number in range(20):
        world.pay("10", (world.invoice(f"INV-{number}"), "10"))
    world.notice()
    with counted(world.context.database) as statements, world.context.database.writing() as session:
        ids = session.scalars(select(Allocation.id)).all()
        current = current_decisions(session, ids)
        for one in ids:
            new = NewDecision(one, Action.HOLD, Reason.TWIN_NEARBY)
            write_decision(session, current, new, world.clock.now())
    about_status = [text for text, _ in statements.seen if "status" in text and "payment" in text]
    # The question, the statuses, and the numbers by status.
    assert len(about_status) == 3


def test_the_invariant_sees_a_status_that_is_not_the_rules(world: World, payment: str) -> None:
    def broken() -> int:
        with world.context.database.reading() as session:
            return next(one.violations for one in check_invariants(session) if one.name == "status_by_rule")

    assert broken() == 0
    with world.context.database.writing() as session:
        session.execute(update(Payment).values(status=SKIPPED.value))
        ids = session.scalars(select(Payment.id)).all()
    assert broken() == 1
    with world.context.database.writing() as session:
        assert list(payments_with_another_status(session)) == ids
        store_every_status(session)
    assert broken() == 0
    assert status(world) is SYNCED
