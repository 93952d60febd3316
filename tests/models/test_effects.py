"""The outbox: one open effect for an allocation, one invoice in order, and no step taken twice."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from domain.breaker import CallKind
from domain.push.effect import OPEN, TRANSITIONS, EffectState
from domain.reasons import Reason
from models.attempts import abandon_attempts, attempts_of, finish_attempts
from models.breakers import count_failure
from models.connections import Connection, ConnectionStatus
from models.database import Database
from models.delivery_rows import DeliveryRows
from models.due_owners import owners
from models.effects import (
    Effect,
    due_heads,
    effects_of,
    latest_effects,
    move,
    targets_with_due_effects,
    targets_with_owed_read_backs,
    what_waits,
)
from models.organizations import Organization
from models.payments import match_again
from tests.models.races import at_once
from tests.models.rows import NOW, Books, add_allocations, add_effect

SECOND = timedelta(seconds=1)
CLOSED = sorted(set(EffectState) - OPEN)


@pytest.fixture
def allocations(database: Database, books: Books) -> list[int]:
    return add_allocations(database, books, 4)


def heads(database: Database, books: Books, seconds: float = 0, limit: int = 50) -> list[int]:
    with database.reading() as session:
        return [one.id for one in due_heads(session, books.target_id, NOW + timedelta(seconds=seconds), limit)]


def test_what_waits_comes_once_whatever_has_failed(database: Database, books: Books, allocations: list[int]) -> None:
    with database.writing() as session:
        one, other = (add_effect(session, books, each, invoice=str(each)).id for each in allocations[:2])
        count_failure(session, books.target_id, CallKind.LOOK)
        count_failure(session, books.target_id, CallKind.WRITE)
    with database.reading() as session:
        waiting = what_waits(session, books.target_id, NOW, 50)
    assert [effect.id for effect in waiting.due] == [one, other]
    assert set(waiting.breakers) == {CallKind.LOOK, CallKind.WRITE}
    assert (waiting.connection.id, waiting.organization.id) == (books.target_id, books.organization_id)
    assert (waiting.more, waiting.owed, waiting.abandoned) == (False, False, False)


@pytest.mark.parametrize(("invoice", "seconds"), [("200", 0), ("201", 60)], ids=["same invoice", "due later"])
def test_what_waits_says_that_there_is_more(
    database: Database, books: Books, allocations: list[int], invoice: str, seconds: int
) -> None:
    first, second = allocations[:2]
    with database.writing() as session:
        head = add_effect(session, books, first).id
        add_effect(session, books, second, invoice=invoice, due_at=NOW + seconds * SECOND)
    with database.reading() as session:
        waiting = what_waits(session, books.target_id, NOW, 50)
    assert [effect.id for effect in waiting.due] == [head]
    assert waiting.more


# --- one open effect for an allocation ---


def test_an_allocation_has_one_open_effect(database: Database, books: Books, allocations: list[int]) -> None:
    for allocation_id, first in zip(allocations, sorted(OPEN), strict=False):
        with database.writing() as session:
            add_effect(session, books, allocation_id, state=first)
        for second in sorted(OPEN):
            with pytest.raises(IntegrityError), database.writing() as session:
                add_effect(session, books, allocation_id, generation=2, state=second)


def test_after_an_effect_is_closed_there_may_be_another_generation(
    database: Database, books: Books, allocations: list[int]
) -> None:
    for allocation_id, closed in zip(allocations, CLOSED, strict=True):
        with database.writing() as session:
            add_effect(session, books, allocation_id, state=closed)
            second = add_effect(session, books, allocation_id, generation=2)
        with database.reading() as session:
            assert latest_effects(session, allocations)[allocation_id].id == second.id
            assert [one.generation for one in effects_of(session, allocation_id)] == [1, 2]


def test_a_generation_is_given_once(database: Database, books: Books, allocations: list[int]) -> None:
    with database.writing() as session:
        add_effect(session, books, allocations[0], state=EffectState.DELIVERED)
    with pytest.raises(IntegrityError), database.writing() as session:
        add_effect(session, books, allocations[0])


def test_threads_that_race_to_owe_the_same_owe_it_once(
    database: Database, books: Books, allocations: list[int]
) -> None:
    def enqueue(number: int) -> int:
        with database.writing() as session:
            return add_effect(session, books, allocations[0], generation=number + 1).id

    results = at_once(4, enqueue)
    assert len([one for one in results if isinstance(one, int)]) == 1
    assert len([one for one in results if isinstance(one, IntegrityError)]) == 3


# --- one invoice in order ---


def test_the_oldest_open_effect_of_each_invoice_is_due(
    database: Database, books: Books, allocations: list[int]
) -> None:
    with database.writing() as session:
        first = add_effect(session, books, allocations[0], invoice="200")
        add_effect(session, books, allocations[1], invoice="200")
        other = add_effect(session, books, allocations[2], invoice="201")
    assert heads(database, books) == [first.id, other.id]
    assert heads(database, books, limit=1) == [first.id]


def test_an_effect_waits_for_the_earlier_one_of_its_invoice_while_that_is_open(
    database: Database, books: Books
) -> None:
    allocations = add_allocations(database, books, 2 * len(EffectState))
    expected = []
    for number, state in enumerate(EffectState):
        earlier, later = allocations[2 * number : 2 * number + 2]
        with database.writing() as session:
            add_effect(session, books, earlier, invoice=f"{number}", state=state, due_at=NOW + 60 * SECOND)
            waiting = add_effect(session, books, later, invoice=f"{number}")
        if state in CLOSED:
            expected.append(waiting.id)
    assert heads(database, books) == expected


def test_what_is_being_sent_is_nobody_elses_to_take(database: Database, books: Books, allocations: list[int]) -> None:
    with database.writing() as session:
        add_effect(session, books, allocations[0], state=EffectState.SENDING)
    assert heads(database, books, seconds=10_000) == []


def test_what_is_due_longest_comes_first(database: Database, books: Books, allocations: list[int]) -> None:
    with database.writing() as session:
        late = add_effect(session, books, allocations[0], invoice="200", due_at=NOW)
        early = add_effect(session, books, allocations[1], invoice="201", due_at=NOW - SECOND)
    assert heads(database, books) == [early.id, late.id]
    assert heads(database, books, seconds=-0.5) == [early.id]


@pytest.mark.parametrize(("state", "waits"), [(EffectState.PENDING, True), (EffectState.IN_DOUBT, False)])
def test_what_was_never_sent_waits_while_its_payment_is_decided_again(
    database: Database, books: Books, allocations: list[int], state: EffectState, waits: bool
) -> None:
    with database.writing() as session:
        effect_id = add_effect(session, books, allocations[0], state=state).id
        match_again(session, [allocations[0]], NOW)
    assert heads(database, books) == ([] if waits else [effect_id])


# --- compare-and-set ---


def test_every_step_of_the_life_can_be_taken_and_no_other(
    database: Database, books: Books, allocations: list[int]
) -> None:
    generation = 0
    for current in EffectState:
        for wanted in EffectState:
            generation += 1
            with database.writing() as session:
                effect = add_effect(session, books, allocations[0], generation=generation, state=current)
                if wanted in TRANSITIONS[current]:
                    assert move(session, effect, wanted)
                    assert effect.state == wanted
                else:
                    with pytest.raises(ValueError, match="cannot go from"):
                        move(session, effect, wanted)
                session.flush()
                session.delete(effect)


def test_of_threads_that_move_the_same_effect_one_wins(
    database: Database, books: Books, allocations: list[int]
) -> None:
    with database.writing() as session:
        effect_id = add_effect(session, books, allocations[0]).id

    def read() -> Effect:
        with database.reading() as session:
            return session.get_one(Effect, effect_id)

    seen: Sequence[Effect] = [read() for _ in range(4)]
    wanted = [EffectState.SENDING, EffectState.CANCELLED, EffectState.HELD, EffectState.SENDING]

    def take(number: int) -> bool:
        with database.writing() as session:
            return move(session, seen[number], wanted[number])

    results = at_once(4, take)
    assert sorted(results, key=str) == [False, False, False, True]
    assert read().state == wanted[results.index(True)].value
    for number, won in enumerate(results):
        expected = wanted[number] if won else EffectState.PENDING
        assert seen[number].state == expected, "the object says what the row says, or what it was read as"


def test_an_effect_claimed_under_a_newer_lease_is_out_of_reach_of_the_older_holder(
    database: Database, books: Books, allocations: list[int]
) -> None:
    with database.writing() as session:
        effect_id = add_effect(session, books, allocations[0]).id
    with database.reading() as session:
        late = session.get_one(Effect, effect_id)
    with database.writing() as session:
        assert move(session, session.get_one(Effect, effect_id), EffectState.PENDING, fencing=2)
    with database.writing() as session:
        assert not move(session, late, EffectState.SENDING)


def test_a_hold_keeps_its_reason_and_a_readable_detail(
    database: Database, books: Books, allocations: list[int]
) -> None:
    with database.writing() as session:
        effect = add_effect(session, books, allocations[0])
        rows = DeliveryRows(session, books.target_id, [effect.id], NOW)
        rows.move(effect, EffectState.HELD, reason=Reason.TARGET_REFUSED.value, detail="x" * 5000)
        effect_id = effect.id
    with database.reading() as session:
        held = session.get_one(Effect, effect_id)
    assert (held.state, held.reason, len(held.detail)) == ("held", "target_refused", 500)


# --- attempts ---


def test_attempts_are_numbered_and_closed_once(database: Database, books: Books, allocations: list[int]) -> None:
    with database.writing() as session:
        effect_id = add_effect(session, books, allocations[0]).id
    for number in (1, 2):
        with database.writing() as session:
            rows = DeliveryRows(session, books.target_id, [effect_id], NOW)
            assert rows.start_attempt(rows.effects[effect_id]) == number
    with database.writing() as session:
        finish_attempts(session, [(effect_id, 1, "created", "")], NOW)
        finish_attempts(session, [(effect_id, 1, "unknown", "too late")], NOW)
        abandon_attempts(session, [effect_id], NOW)
    with database.reading() as session:
        assert [(one.number, one.outcome) for one in attempts_of(session, effect_id)] == [
            (1, "created"),
            (2, "unknown"),
        ]


# --- who is nudged ---


def nudged(database: Database, seconds: float = 0) -> list[int]:
    with database.reading() as session:
        return owners(session, NOW + timedelta(seconds=seconds), targets_with_due_effects, targets_with_owed_read_backs)


def test_a_target_is_nudged_when_something_is_due_and_it_may_be_called(
    database: Database, books: Books, allocations: list[int]
) -> None:
    assert nudged(database) == []
    with database.writing() as session:
        for allocation_id in allocations[:2]:
            add_effect(session, books, allocation_id, due_at=NOW + SECOND)
    assert nudged(database) == []
    assert nudged(database, 1) == [books.target_id]
    with database.writing() as session:
        session.get_one(Connection, books.target_id).not_before = NOW + 5 * SECOND
    assert nudged(database, 4) == []
    assert nudged(database, 5) == [books.target_id]


@pytest.mark.parametrize("change", ["disconnected", "switched off"])
def test_a_target_that_may_not_be_written_to_is_not_nudged(
    database: Database, books: Books, allocations: list[int], change: str
) -> None:
    with database.writing() as session:
        add_effect(session, books, allocations[0])
        if change == "disconnected":
            session.get_one(Connection, books.target_id).status = ConnectionStatus.DISCONNECTED.value
        else:
            session.get_one(Organization, books.organization_id).sync_enabled = False
    assert nudged(database) == []
