"""The history of the ledger: every change is kept with its cause, and nobody changes what is kept."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from benchmarks.counting import counted
from domain.later_looks import Finding
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES, EntryChange
from domain.push.effect import EffectState
from models.database import Database
from models.delivery_rows import DeliveryRows, NewClaim
from models.effects import Effect, effects_of
from models.invariants import check_invariants
from models.ledger import LedgerEntry
from models.ledger_changes import Cause, LedgerChange, changes_of, note_change
from models.ledger_writing import (
    accept_changes,
    call_other_money,
    correct_by_hand,
    forget_entries,
    mark_gone,
    mark_harmed,
    mark_repaired,
    note_findings,
    remove_by_hand,
)
from models.locks import lock_organization
from tests.models.rows import NOW, PAID_ON, Books, add_allocations, add_effect

LATER = NOW + timedelta(hours=1)
BY = "bookkeeper@northwind.example"


@pytest.fixture
def entries(database: Database, books: Books) -> list[int]:
    """Three payments on one invoice, each for a part of its own."""
    for number, allocation_id in enumerate(add_allocations(database, books, 3)):
        deliver(
            database,
            books,
            allocation_id,
            lambda rows, effect, number=number: rows.claim(
                effect, NewClaim(str(7000 + number), Decimal("100.00"), PAID_ON, ours=True)
            ),
        )
    with database.reading() as session:
        return list(session.scalars(select(LedgerEntry.id).order_by(LedgerEntry.id)))


def deliver(
    database: Database, books: Books, allocation_id: int, change: Callable[[DeliveryRows, Effect], object]
) -> int:
    """An effect of the part whose answer changes the ledger; returns its id."""
    with database.writing() as session:
        lock_organization(session, books.organization_id)
        generation = len(effects_of(session, allocation_id)) + 1
        effect = add_effect(session, books, allocation_id, generation=generation, state=EffectState.CANCELLED)
        change(DeliveryRows(session, books.target_id, [effect.id], NOW), effect)
        return effect.id


def history(database: Database, books: Books, entry_id: int) -> list[LedgerChange]:
    with database.reading() as session:
        return list(changes_of(session, books.organization_id, [entry_id]))


def part_of(database: Database, entry_id: int) -> int:
    with database.reading() as session:
        return session.get_one(LedgerEntry, entry_id).allocation_id


def unlike(database: Database) -> list[int]:
    with database.reading() as session:
        return next(list(one.ids) for one in check_invariants(session) if one.name == "ledger_replays")


def test_what_a_delivery_does_is_kept_with_its_effect(database: Database, books: Books, entries: list[int]) -> None:
    part = part_of(database, entries[0])
    corrected = deliver(
        database, books, part, lambda rows, effect: rows.change_entry(effect, Decimal("70.00"), date(2026, 11, 21))
    )
    removed = deliver(database, books, part, lambda rows, effect: rows.remove_entry(effect))
    first, second, third = history(database, books, entries[0])
    assert (first.kind, first.amount, first.paid_on, first.removed_at) == ("entered", 100, PAID_ON, None)
    assert (second.kind, second.amount, second.paid_on) == ("corrected", 70, date(2026, 11, 21))
    assert (third.kind, third.removed_at, third.removed_by_hand) == ("removed", NOW, False)
    assert first.effect_id
    assert (second.effect_id, third.effect_id) == (corrected, removed)
    assert {one.actor for one in (first, second, third)} == {""}
    assert unlike(database) == []


Change = Callable[[Session, Books, int, int], object]
CHANGES: dict[EntryChange, tuple[Change, dict[str, Any], str]] = {
    EntryChange.CORRECTED_BY_HAND: (
        lambda session, _books, _entry, part: correct_by_hand(session, part, Decimal(70), PAID_ON, LATER),
        {"amount": Decimal(70)},
        "",
    ),
    EntryChange.REMOVED_BY_HAND: (
        lambda session, _books, _entry, part: remove_by_hand(session, part, LATER),
        {"removed_at": LATER, "removed_by_hand": True},
        "",
    ),
    EntryChange.LOOKED_AT: (
        lambda session, _books, entry, _part: note_findings(
            session, [entry], Finding.DOUBLED, [["9", "1.00", None, ""]], LATER
        ),
        {"finding": "doubled", "found": [["9", "1.00", None, ""]]},
        "",
    ),
    EntryChange.HARMED: (
        lambda session, books, _entry, _part: mark_harmed(session, books.target_id, "200", ["7000"], LATER, 4711),
        {"harmed": True, "effect_id": 4711},
        "",
    ),
    EntryChange.REPAIRED: (
        lambda session, _books, entry, _part: mark_repaired(session, [entry], LATER, BY),
        {"harmed": False},
        BY,
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_a_look_shows_and_a_person_says_is_kept_with_its_cause(
    database: Database, books: Books, entries: list[int], kind: EntryChange
) -> None:
    change, values, actor = CHANGES[kind]
    part = part_of(database, entries[0])
    with database.writing() as session:
        change(session, books, entries[0], part)
    assert {one.kind for one in history(database, books, entries[0])} == {"entered", kind}
    last = history(database, books, entries[0])[-1]
    assert (last.changed_at, last.actor) == (LATER, actor)
    assert {name: getattr(last, name) for name in values} == values
    assert unlike(database) == []
    assert [len(history(database, books, other)) for other in entries[1:]] == [1, 1], "the others did not change"


def test_a_person_s_word_about_what_was_found_is_kept(database: Database, books: Books, entries: list[int]) -> None:
    parts = [part_of(database, one) for one in entries]
    with database.writing() as session:
        note_findings(session, [entries[0]], Finding.DOUBLED, [["9", "1.00", None, ""]], NOW)
        note_findings(session, [entries[1]], Finding.CHANGED, [["7001", "60.00", "2026-11-20", ""]], NOW)
        mark_gone(session, books.target_id, "200", "7002", NOW, gone=True)
    with database.writing() as session:
        call_other_money(session, parts, LATER, BY)
        accept_changes(session, parts, LATER, BY)
        forget_entries(session, [entries[2]], LATER, BY)
    last = [history(database, books, one)[-1] for one in entries]
    assert [one.kind for one in last] == ["called_other_money", "accepted", "removed_by_hand"]
    assert {(one.actor, one.changed_at) for one in last} == {(BY, LATER)}
    assert (last[0].other_money_ids, last[1].amount, last[2].removed_at) == (["9"], 60, LATER)
    assert unlike(database) == []


def test_many_changes_are_one_statement_more(database: Database, books: Books, entries: list[int]) -> None:
    def statements(of: list[int]) -> int:
        with counted(database) as statements, database.writing() as session:
            note_findings(session, of, Finding.GONE, [], LATER)
        return statements.count

    assert statements(entries[:1]) == statements(entries) == 2


def test_what_is_rolled_back_leaves_no_trace(database: Database, books: Books, entries: list[int]) -> None:
    def repairs_and_fails() -> None:
        with database.writing() as session:
            mark_repaired(session, entries, LATER, BY)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        repairs_and_fails()
    assert [len(history(database, books, one)) for one in entries] == [1, 1, 1]


def test_a_change_that_nobody_explains_is_kept_and_says_so(
    database: Database, books: Books, entries: list[int]
) -> None:
    with database.writing() as session:
        session.get_one(LedgerEntry, entries[0]).amount = Decimal("1.00")
    last = history(database, books, entries[0])[-1]
    assert (last.kind, last.amount) == ("unexplained", 1)
    assert unlike(database) == []


def test_two_causes_in_one_transaction_are_two_rows(database: Database, books: Books, entries: list[int]) -> None:
    with database.writing() as session:
        mark_gone(session, books.target_id, "200", "7000", LATER, gone=True)
        remove_by_hand(session, part_of(database, entries[0]), LATER)
    assert [one.kind for one in history(database, books, entries[0])] == ["entered", "looked_at", "removed_by_hand"]


PAST_THE_CODE: dict[str, Callable[[list[int]], Any]] = {
    "changed": lambda ids: update(LedgerEntry).where(LedgerEntry.id == ids[1]).values(amount=Decimal("1.00")),
    "moved to another part": lambda ids: (
        update(LedgerEntry).where(LedgerEntry.id == ids[1]).values(target_payment_id="8")
    ),
    "a value taken away": lambda ids: update(LedgerEntry).where(LedgerEntry.id == ids[1]).values(entered_on=None),
    "vanished": lambda ids: delete(LedgerEntry).where(LedgerEntry.id == ids[1]),
}


@pytest.mark.parametrize("how", PAST_THE_CODE)
def test_whatever_is_changed_past_the_code_is_found(database: Database, entries: list[int], how: str) -> None:
    with database.writing() as session:
        session.execute(PAST_THE_CODE[how](entries))
    assert unlike(database) == [entries[1]]


def test_an_entry_without_any_history_is_found(database: Database, books: Books, entries: list[int]) -> None:
    names = [one.name for one in LedgerEntry.__table__.columns if one.name not in ("id", "target_payment_id")]
    with database.writing() as session:
        known = session.get_one(LedgerEntry, entries[0])
        # One that no longer stands: of those a part may have several.
        values = {name: getattr(known, name) for name in names} | {"removed_at": NOW}
        session.execute(LedgerEntry.__table__.insert().values(**values, target_payment_id="8000"))
    assert unlike(database) == [max(entries) + 1]


@pytest.mark.parametrize("statement", ["UPDATE ledger_change SET amount = 1", "DELETE FROM ledger_change"])
def test_the_database_itself_refuses_to_change_the_history(
    database: Database, entries: list[int], statement: str
) -> None:
    with (
        pytest.raises(DBAPIError, match="only ever added to"),
        database.writing() as session,
    ):
        session.execute(text(statement))
    with database.reading() as session:
        assert session.scalar(select(func.count(LedgerChange.id))) == len(entries)


def test_a_cause_is_noted_once(database: Database, books: Books, entries: list[int]) -> None:
    with database.writing() as session:
        entry = session.get_one(LedgerEntry, entries[0])
        entry.harmed = True
        for _ in range(2):
            note_change(session, entry, Cause(EntryChange.HARMED, LATER))
    assert [one.kind for one in history(database, books, entries[0])] == ["entered", "harmed"]


def test_every_change_has_its_sentence() -> None:
    assert set(ENTRY_CHANGE_SENTENCES) == set(EntryChange)
