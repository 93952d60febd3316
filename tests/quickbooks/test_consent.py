"""The consent of a company: refreshed by one, never lost by a death, and its end is told long before it comes."""

import time
from datetime import timedelta

import pytest

from connectors.base import Failure, FailureKind, Got
from domain.expiry import Expiry, expiry_of, expiry_sentence
from models.connections import connection_by_id
from tasks.points import Point
from tests.quickbooks.story import Death, die_at, source
from tests.world import World
from usecases.connection_health import ConnectionFacts, facts_of
from usecases.connections import test_connection as check_connection


def facts(world: World) -> ConnectionFacts:
    with world.context.database.reading() as session:
        return facts_of(world.context, session, connection_by_id(session, world.source_id))


def check(world: World) -> Got[str] | Failure:
    while True:
        result = world.context.source(source(world)).check()
        if isinstance(result, Failure) and result.kind is FailureKind.PACED:
            # Our limiter keeps real time: years of refreshes in a second are too many.
            time.sleep(result.retry_after.total_seconds() if result.retry_after else 0.1)
            continue
        return result


def reopened(world: World, point: Point) -> None:
    """A new worker process, which will die at this point."""
    die_at(world, point)
    world.context._sources._opened.clear()


@pytest.mark.parametrize("point", [Point.TOKENS_TURN_TAKEN, Point.TOKENS_SAVED])
def test_a_death_before_the_answer_or_after_it_is_saved_costs_nothing_even_at_the_strictest_server(
    world: World, point: Point
) -> None:
    world.quickbooks.set_switches(replaced_refresh="kills_both", refresh_rotation="always")
    world.quickbooks.expire_access_tokens()
    reopened(world, point)
    with pytest.raises(Death):
        check(world)
    world.clock.move(seconds=91)
    assert isinstance(check(world), Got)


@pytest.mark.parametrize("habit", [{"refresh_rotation": "daily"}, {"replaced_refresh": "still_works"}])
def test_a_death_with_the_answer_in_hand_is_survived_with_the_old_value(world: World, habit: dict[str, str]) -> None:
    world.quickbooks.set_switches(**habit)
    world.quickbooks.expire_access_tokens()
    reopened(world, Point.TOKENS_ANSWERED)
    with pytest.raises(Death):
        check(world)
    world.clock.move(seconds=91)
    assert isinstance(check(world), Got)


def test_a_server_that_ends_the_old_value_at_once_leaves_a_visible_and_quiet_connection(world: World) -> None:
    world.quickbooks.set_switches(replaced_refresh="kills_both", refresh_rotation="always")
    world.quickbooks.expire_access_tokens()
    reopened(world, Point.TOKENS_ANSWERED)
    with pytest.raises(Death):
        check(world)
    world.clock.move(seconds=91)
    world.notice()
    assert source(world).status == "needs_reconnect"
    calls = world.quickbooks.calls.total
    for _ in range(20):
        world.later(minutes=30)
    assert world.quickbooks.calls.total == calls


def test_the_end_of_the_consent_is_kept_with_every_refresh(world: World) -> None:
    now = world.clock.now()
    world.quickbooks.expire_access_tokens()
    assert isinstance(check(world), Got)
    # The refresh token's own 100 days come before the five years of the consent.
    assert source(world).reconnect_by == now + timedelta(days=100)


@pytest.mark.parametrize(("days_left", "told"), [(31, False), (29, True), (6, True)])
def test_the_hard_end_is_told_a_month_ahead(world: World, days_left: int, told: bool) -> None:
    # Refreshed all along, so that only the five years end it.
    for _ in range(19):
        world.clock.move(days=92)
        assert isinstance(check(world), Got)
    world.clock.move(days=1825 - 19 * 92 - days_left)
    assert isinstance(check(world), Got)
    warnings = facts(world).warnings
    assert any("onnect again" in warning for warning in warnings) is told
    if told:
        assert f"in {days_left} days" in warnings[0]


def test_a_consent_that_ended_is_needs_reconnect(world: World) -> None:
    world.clock.move(days=101)
    report = check_connection(world.context, world.source_id)
    assert not report.ok
    assert source(world).status == "needs_reconnect"


def test_the_words_of_an_end(world: World) -> None:
    now = world.clock.now()
    assert [expiry_of(now + timedelta(days=days), now) for days in (31, 30, 7, 0, -1)] == [
        Expiry.FAR,
        Expiry.SOON,
        Expiry.URGENT,
        Expiry.OVER,
        Expiry.OVER,
    ]
    assert expiry_of(None, now) is Expiry.FAR
    assert expiry_sentence(now + timedelta(days=60), now) == ""
    soon, urgent = (expiry_sentence(now + timedelta(days=days, hours=2), now) for days in (30, 1))
    assert "in 29 days; connect again before then" in expiry_sentence(now + timedelta(days=29, hours=2), now)
    assert soon == ""
    assert urgent.startswith("Urgent: ")
    assert "in 1 day. Connect again now" in urgent
    assert "in less than a day" in expiry_sentence(now + timedelta(hours=2), now)
    assert not expiry_sentence(now + timedelta(days=8), now).startswith("Urgent")
