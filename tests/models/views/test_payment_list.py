from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from domain.payment_order import PaymentOrder
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus, allocation_status
from models.base import Base
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.payment_statuses import store_every_status
from models.payments import Allocation, Payment
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import count_by_reason, count_by_status, list_payments
from models.views.story import payment_story
from tests.world import World, open_world

ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def listed(world: World, limit: int = 50, order: PaymentOrder = PaymentOrder.NEWEST, **filters: object) -> list[str]:
    with world.context.database.reading() as session:
        page = list_payments(session, world.organization_id, PaymentFilter(**filters), order=order, limit=limit)
    return [row.external_id for row in page.rows]


# --- the stored status ---


def test_every_combination_is_stored_with_the_status_that_the_rule_gives_it(world: World) -> None:
    payment = world.pay("10")
    world.notice()
    every = list(product(Action, [None, *EffectState], Reason))
    with world.context.database.writing() as session:
        stored = session.scalars(select(Payment)).one()
        allocation, decision = world.allocation(payment), session.scalars(select(DecisionRow)).one()
        first = 1000
        rows: dict[type[Base], list[dict[str, object]]] = {Payment: [], Allocation: [], DecisionRow: [], Effect: []}
        for place, (action, state, reason) in enumerate(every, start=first):
            rows[Payment].append(columns(stored, id=place, external_id=str(place)))
            rows[Allocation].append(columns(allocation, id=place, payment_id=place))
            told = {"action": action.value, "reason": reason.value}
            rows[DecisionRow].append(columns(decision, id=place, allocation_id=place, **told))
            if state is not None:
                rows[Effect].append(an_effect(world, place, stored.connection_id, state))
        for table, wanted in rows.items():
            session.execute(insert(table), wanted)
        store_every_status(session)
    with world.context.database.reading() as session:
        listed = dict(session.execute(select(Payment.id, Payment.status).where(Payment.id >= first)).all())
    wrong = [
        combination
        for place, combination in enumerate(every, start=first)
        if listed[place] != status_by_rule(*combination)
    ]
    assert not wrong


def columns(row: Base, **changed: object) -> dict[str, object]:
    """What the row says, but for what is changed."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns} | changed


def status_by_rule(action: Action, state: EffectState | None, reason: Reason) -> PaymentStatus:
    return allocation_status(action.value, reason, state)


def an_effect(world: World, allocation_id: int, connection_id: int, state: EffectState) -> dict[str, object]:
    now = world.clock.now()
    return {
        "organization_id": world.organization_id,
        "connection_id": connection_id,
        "allocation_id": allocation_id,
        "generation": 1,
        "key": f"key {allocation_id}",
        "kind": "create",
        "target_invoice_id": str(allocation_id),
        "amount": Decimal(10),
        "currency": "USD",
        "state": state.value,
        "due_at": now,
        "created_at": now,
    }


# --- lists ---


@pytest.fixture
def mixed(world: World) -> dict[str, str]:
    """One payment of each status that a quiet day has, by its name."""
    good, missing = world.invoice("INV-1"), world.invoice("INV-2", in_connectwise=False)
    ids = {
        "synced": world.pay("100", (good, "100"), reference="wire 5"),
        "waiting": world.pay("100", (missing, "100")),
        "skipped": world.pay("33.25"),
    }
    world.notice()
    return ids


def test_counts_name_every_status_also_those_that_no_payment_has(world: World, mixed: dict[str, str]) -> None:
    with world.context.database.reading() as session:
        counts = count_by_status(session, world.organization_id)
    assert counts == {ATTENTION: 0, WAITING: 1, ON_ITS_WAY: 0, SYNCED: 1, SKIPPED: 1}


def test_a_list_can_be_filtered_by_status(world: World, mixed: dict[str, str]) -> None:
    assert listed(world, status=SYNCED) == [mixed["synced"]]
    assert listed(world, status=WAITING) == [mixed["waiting"]]
    assert listed(world, status=SKIPPED) == [mixed["skipped"]]
    assert listed(world, status=ATTENTION) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("inv-2", ["waiting"]),
        ("WIRE", ["synced"]),
        ("33.25", ["skipped"]),
        ("cascade", ["skipped", "waiting", "synced"]),
        ("%", []),
        ("nobody", []),
    ],
)
def test_a_search_finds_customers_references_invoices_and_amounts(
    world: World, mixed: dict[str, str], search: str, found: list[str]
) -> None:
    assert listed(world, search=search) == [mixed[name] for name in found]


def test_a_search_finds_the_payment_with_this_id(world: World, mixed: dict[str, str]) -> None:
    assert mixed["waiting"] in listed(world, search=mixed["waiting"])


def all_pages(world: World, order: PaymentOrder, **filters: object) -> list[str]:
    seen: list[str] = []
    before_id = None
    with world.context.database.reading() as session:
        while True:
            page = list_payments(
                session,
                world.organization_id,
                PaymentFilter(**filters),
                order=order,
                limit=2,
                before_id=before_id,
            )
            seen += [row.external_id for row in page.rows]
            if page.next_before_id is None:
                return seen
            before_id = page.next_before_id


@pytest.mark.parametrize("filters", [{}, {"search": "cascade"}, {"customer": "cascade"}, {"since": date(2026, 1, 1)}])
def test_pages_follow_each_other_without_gap_or_repetition(world: World, filters: dict[str, Any]) -> None:
    paid = [
        world.pay(amount, on=day) for amount, day in (("30", "2026-11-03"), ("10", "2026-11-01"), ("20", "2026-11-02"))
    ]
    paid += [world.pay("20", on="2026-11-02"), world.pay("20", on="2026-11-02")]
    world.notice()
    first, second, third, fourth, fifth = paid
    newest = [first, fifth, fourth, third, second]
    assert all_pages(world, PaymentOrder.NEWEST, **filters) == newest
    assert all_pages(world, PaymentOrder.OLDEST, **filters) == newest[::-1]
    assert all_pages(world, PaymentOrder.LARGEST, **filters) == [first, fifth, fourth, third, second]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"reason": Reason.SYNCED}, ["synced"]),
        ({"reason": Reason.TARGET_INVOICE_MISSING, "status": WAITING}, ["waiting"]),
        ({"reason": Reason.TARGET_INVOICE_MISSING, "status": SYNCED}, []),
        ({"amount": Decimal("33.25")}, ["skipped"]),
        ({"amount": Decimal("33.20")}, []),
        ({"customer": "CASCADE"}, ["skipped", "waiting", "synced"]),
        # A reference is not a customer, and a customer is not an invoice.
        ({"customer": "wire"}, []),
        ({"invoice": "cascade"}, []),
        ({"invoice": "inv-2"}, ["waiting"]),
        ({"invoice": "inv", "status": SYNCED}, ["synced"]),
        ({"invoice": "inv-2", "customer": "cascade"}, ["waiting"]),
        ({"invoice": "inv-2", "customer": "somebody else"}, []),
        ({"invoice": "inv", "search": "wire"}, ["synced"]),
        ({"since": date(2026, 11, 20), "until": date(2026, 11, 20)}, ["skipped", "waiting", "synced"]),
        ({"since": date(2026, 11, 21)}, []),
        ({"until": date(2026, 11, 19)}, []),
    ],
)
def test_all_that_is_asked_for_has_to_fit(
    world: World, mixed: dict[str, str], filters: dict[str, Any], found: list[str]
) -> None:
    assert listed(world, **filters) == [mixed[name] for name in found]


def test_the_numbers_by_reason_are_those_of_the_lists(world: World, mixed: dict[str, str]) -> None:
    with world.context.database.reading() as session:
        counts = count_by_reason(session, world.organization_id)
    assert {status: numbers for status, numbers in counts.items() if numbers} == {
        SYNCED: {Reason.SYNCED: 1},
        WAITING: {Reason.TARGET_INVOICE_MISSING: 1},
        SKIPPED: {Reason.UNAPPLIED: 1},
    }
    for status, numbers in counts.items():
        for reason, count in numbers.items():
            assert len(listed(world, status=status, reason=reason)) == count


def test_another_organization_sees_nothing(world: World, mixed: dict[str, str]) -> None:
    stranger = world.organization_id + 1
    with world.context.database.reading() as session:
        assert list_payments(session, stranger).rows == ()
        assert set(count_by_status(session, stranger).values()) == {0}
        assert payment_story(session, stranger, mixed["synced"], world.words) is None


def test_a_longer_page_needs_no_more_queries(world: World) -> None:
    for number in range(12):
        world.pay("10", (world.invoice(f"INV-{number}"), "10"))
    world.notice()
    assert queries_of_a_page(world, 12) == queries_of_a_page(world, 1) <= 8


def queries_of_a_page(world: World, limit: int) -> int:
    statements: list[str] = []
    engine = world.context.database.engine

    def remember(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    try:
        assert len(listed(world, limit=limit)) == limit
    finally:
        event.remove(engine, "before_cursor_execute", remember)
    return len(statements)
