"""The numbers by day: of the right payments, on the right day, in the right currency, and of no other organization."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from models.ledger import LedgerEntry
from models.payments import Allocation, Payment
from models.views.days import DayOfSyncs, has_synced, outcomes_by_day, syncs_by_day
from tasks.catch_up.step import catch_up
from tests.models.rows import add_books
from tests.world import World, open_world

pytestmark = pytest.mark.both_databases
FIRST, LAST = date(2026, 11, 10), date(2026, 11, 23)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def pay_and_notice(world: World, number: str, amount: str = "100.00", **more: str) -> str:
    payment = world.pay(amount, (world.invoice(number, amount), amount), **more)
    world.notice()
    return payment


def outcomes(world: World, since: date = FIRST, until: date = LAST) -> dict[str, dict[str, int]]:
    with world.context.database.reading() as session:
        found = outcomes_by_day(session, world.organization_id, since, until)
    return {day.isoformat(): {status.value: count for status, count in of.items()} for day, of in found.items()}


def syncs(world: World, days: int = 14) -> dict[date, DayOfSyncs]:
    with world.context.database.reading() as session:
        return syncs_by_day(session, world.organization_id, today(world) - timedelta(days=days - 1), today(world))


def today(world: World) -> date:
    return world.clock.now().date()


def test_payments_are_counted_on_their_own_day_under_their_status(world: World) -> None:
    pay_and_notice(world, "INV-1", on="2026-11-20")
    pay_and_notice(world, "INV-2", on="2026-11-20")
    world.pay("50", (world.invoice("INV-3", in_connectwise=False), "50"), on="2026-11-20")
    world.pay("50", (world.invoice("INV-4", in_connectwise=False), "50"), on="2026-11-18")
    world.notice()
    assert outcomes(world) == {"2026-11-20": {"synced": 2, "waiting": 1}, "2026-11-18": {"waiting": 1}}
    assert outcomes(world, since=date(2026, 11, 19)).keys() == {"2026-11-20"}
    assert outcomes(world, until=date(2026, 11, 19)).keys() == {"2026-11-18"}


def test_what_reached_the_target_is_that_days_with_its_money_and_its_seconds(world: World) -> None:
    pay_and_notice(world, "INV-1", "100.00")
    pay_and_notice(world, "INV-2", "50.50")
    (day,) = syncs(world).values()
    assert (day.payments, day.amounts) == ({"USD": 2}, {"USD": Decimal("150.50")})
    # The clock of the tests stands still.
    assert day.within_seconds == {1: 2}


def test_each_currency_has_its_own_sum_and_a_payment_without_one_is_not_lost(world: World) -> None:
    for number in range(3):
        pay_and_notice(world, f"INV-{number}")
    for currency in ("CAD", None):
        with world.context.database.writing() as session:
            usd = session.scalars(select(LedgerEntry).where(LedgerEntry.currency == "USD")).first()
            usd.currency = currency
    (day,) = syncs(world).values()
    assert day.amounts == {"USD": 100, "CAD": 100, None: 100}


def test_seconds_run_from_the_first_news_of_the_payment(world: World) -> None:
    world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.notice()
    world.clock.move(seconds=200)
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    world.later(hours=7)
    (day,) = syncs(world).values()
    assert day.within_seconds == {8 * 3600: 1}


def test_what_is_removed_later_no_longer_counts_as_synced_but_took_its_time(world: World) -> None:
    payment = pay_and_notice(world, "INV-1")
    world.quickbooks.delete_payment(payment)
    world.notice()
    (day,) = syncs(world).values()
    assert (day.payments, day.amounts, day.within_seconds) == ({}, {}, {1: 1})
    with world.context.database.reading() as session:
        assert has_synced(session, world.organization_id)


def test_a_day_begins_and_ends_at_midnight_in_utc(world: World) -> None:
    for number in range(3):
        pay_and_notice(world, f"INV-{number}")
    midnight = world.clock.now().replace(hour=0, minute=0, second=0)
    moments = [midnight, midnight - timedelta(microseconds=1), midnight + timedelta(days=1)]
    with world.context.database.writing() as session:
        known = session.scalars(select(LedgerEntry)).all()
        names = [column.name for column in LedgerEntry.__table__.columns if column.name not in ("id", "entered_on")]
        again = [{name: getattr(entry, name) for name in names} for entry in known]
        for entry in known:
            session.delete(entry)
        session.flush()
        for values, moment in zip(again, moments, strict=True):
            session.add(LedgerEntry(**values | {"created_at": moment}))
    found = syncs(world)
    assert {day: sum(of.payments.values()) for day, of in found.items()} == {
        today(world): 1,
        today(world) - timedelta(days=1): 1,
    }
    assert syncs(world, days=1).keys() == {today(world)}


def test_sums_beyond_the_largest_whole_number_are_exact(world: World) -> None:
    pay_and_notice(world, "INV-1")
    huge = Decimal("9999999999999.99999")
    with world.context.database.writing() as session:
        (entry,) = session.scalars(select(LedgerEntry))
        names = [column.name for column in LedgerEntry.__table__.columns if column.name != "id"]
        values = {name: getattr(entry, name) for name in names}
        entry.amount = huge
        for number in range(19):
            more = {"amount": huge, "target_payment_id": f"more-{number}", "allocation_id": another_part(session)}
            session.add(LedgerEntry(**values | more))
    (day,) = syncs(world).values()
    assert day.amounts == {"USD": huge * 20}


def another_part(session) -> int:
    known = session.scalars(select(Allocation)).first()
    part = Allocation(
        organization_id=known.organization_id,
        payment_id=known.payment_id,
        kind="invoice",
        document_id=f"more-{session.query(Allocation).count()}",
        amount=Decimal(1),
    )
    session.add(part)
    session.flush()
    return part.id


def test_nothing_of_another_organization_is_told(world: World) -> None:
    pay_and_notice(world, "INV-1", on="2026-11-20")
    other = add_books(world.context.database, "southwind").organization_id
    with world.context.database.reading() as session:
        assert outcomes_by_day(session, other, FIRST, LAST) == {}
        assert syncs_by_day(session, other, FIRST, today(world)) == {}
        assert not has_synced(session, other)


def test_the_first_news_counts_and_not_the_moment_of_storing(world: World) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    catch_up(world.context, world.source_id)
    heard_at = world.clock.now()
    world.clock.move(seconds=40)
    world.settle()
    with world.context.database.reading() as session:
        (payment,) = session.scalars(select(Payment))
        assert (payment.heard_at, payment.first_seen_at) == (heard_at, world.clock.now())
    (day,) = syncs(world).values()
    assert day.within_seconds == {40: 1}
