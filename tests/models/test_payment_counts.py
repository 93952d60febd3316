"""The numbers by status follow every change of the payments, in the same transaction, and an invariant compares them."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, update

from benchmarks.counting import counted
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.decisions import Action, DecisionRow, NewDecision, current_decisions, write_decision
from models.invariants import check_invariants
from models.payment_counts import PaymentCount, count_every_payment
from models.payments import Allocation, Payment
from models.views.payment_list import count_by_status
from tests.world import World, open_world

ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def counts(world: World) -> dict[PaymentStatus, int]:
    """Those that are not zero, after a comparison with the payments."""
    with world.context.database.reading() as session:
        stored = count_by_status(session, world.organization_id)
        rows = Counter(map(PaymentStatus, session.scalars(select(Payment.status))))
    found = {status: number for status, number in stored.items() if number}
    assert found == rows
    return found


def decide(world: World, allocation_ids: list[int], action: Action, reason: Reason) -> None:
    with world.context.database.writing() as session:
        current = current_decisions(session, allocation_ids)
        for one in allocation_ids:
            write_decision(session, current, NewDecision(one, action, reason), world.clock.now())


def parts(world: World) -> list[int]:
    with world.context.database.reading() as session:
        return list(session.scalars(select(Allocation.id).order_by(Allocation.id)))


def wrong_counts(world: World) -> tuple[int, ...]:
    with world.context.database.reading() as session:
        return next(one.ids for one in check_invariants(session) if one.name == "counts_agree")


def test_payments_are_counted_from_their_arrival_to_their_end(world: World) -> None:
    assert counts(world) == {}
    world.pay("100", (world.invoice("INV-1"), "100"))
    world.pay("33.25")
    world.notice()
    assert counts(world) == {SYNCED: 1, SKIPPED: 1}
    world.pay("50", (world.invoice("INV-2", in_connectwise=False), "50"))
    world.notice()
    assert counts(world) == {SYNCED: 1, SKIPPED: 1, WAITING: 1}


def test_a_payment_whose_status_changes_is_counted_under_the_new_one(world: World) -> None:
    for number in range(3):
        world.pay("10", (world.invoice(f"INV-{number}"), "10"))
    world.notice()
    first, second, _ = parts(world)
    decide(world, [first, second], Action.HOLD, Reason.TWIN_NEARBY)
    assert counts(world) == {ATTENTION: 2, SYNCED: 1}
    decide(world, [second], Action.SKIP, Reason.SWITCHED_OFF)
    assert counts(world) == {ATTENTION: 1, SYNCED: 1, SKIPPED: 1}


def test_a_payment_that_is_removed_or_given_a_status_by_hand_is_counted_too(world: World) -> None:
    for _ in range(2):
        world.pay("10")
    world.notice()
    assert counts(world) == {SKIPPED: 2}
    with world.context.database.writing() as session:
        first = session.scalars(select(Payment).order_by(Payment.id)).first()
        first.status = WAITING.value
    assert counts(world) == {SKIPPED: 1, WAITING: 1}
    with world.context.database.writing() as session:
        first = session.scalars(select(Payment).order_by(Payment.id)).first()
        of_first = select(Allocation.id).where(Allocation.payment_id == first.id)
        session.execute(delete(DecisionRow).where(DecisionRow.allocation_id.in_(of_first)))
        session.execute(delete(Allocation).where(Allocation.payment_id == first.id))
        session.delete(first)
    assert counts(world) == {SKIPPED: 1}


def test_a_transaction_that_is_rolled_back_changes_no_number(world: World) -> None:
    world.pay("10")
    world.notice()

    def decide_and_fail() -> None:
        with world.context.database.writing() as session:
            (one,) = session.scalars(select(Allocation.id))
            new = NewDecision(one, Action.HOLD, Reason.TWIN_NEARBY)
            write_decision(session, current_decisions(session, [one]), new, world.clock.now())
            session.scalars(select(Payment)).one().status = WAITING.value
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert counts(world) == {SKIPPED: 1}


def test_a_session_that_is_used_again_after_a_rollback_starts_from_nothing(world: World) -> None:
    world.pay("10")
    world.notice()
    with world.context.database.reading() as session:
        session.scalars(select(Payment)).one().status = WAITING.value
        session.flush()
        session.rollback()
        session.commit()
    assert counts(world) == {SKIPPED: 1}


def test_a_batch_changes_the_numbers_in_one_statement(world: World) -> None:
    for number in range(20):
        world.pay("10", (world.invoice(f"INV-{number}"), "10"))
    with counted(world.context.database) as statements:
        world.notice()
    about_numbers = [text for text, _ in statements.seen if "payment_count" in text]
    # As many as there are transactions that change a status: one that stores, the others record answers.
    assert 2 <= len(about_numbers) <= 8
    with counted(world.context.database) as statements:
        decide(world, parts(world), Action.HOLD, Reason.TWIN_NEARBY)
    assert len([text for text, _ in statements.seen if "payment_count" in text]) == 1
    assert counts(world) == {ATTENTION: 20}


def test_the_invariant_names_the_organization_whose_numbers_are_wrong(world: World) -> None:
    world.pay("10")
    world.notice()
    assert wrong_counts(world) == ()
    for wrong in (
        update(PaymentCount).values(payments=PaymentCount.payments + 1),
        update(PaymentCount).where(PaymentCount.status == SKIPPED.value).values(status=WAITING.value),
        delete(PaymentCount),
    ):
        with world.context.database.writing() as session:
            session.execute(wrong)
        assert wrong_counts(world) == (world.organization_id,)
        with world.context.database.writing() as session:
            count_every_payment(session)
        assert wrong_counts(world) == ()
    assert counts(world) == {SKIPPED: 1}
