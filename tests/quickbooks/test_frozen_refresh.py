"""A process that freezes while it refreshes the tokens, and wakes up when others have decided.

Whoever comes late writes nothing: neither over newer tokens, nor into a connection that a person has cut meanwhile.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.base import Failure, FailureKind, Got, ReadResult
from models.connections import connection_by_id
from sandbox.faults import Fault
from tasks.context import Context
from tasks.ingest.step import ingest
from tasks.points import Point
from tests.quickbooks.story import failures, hint, source
from tests.world import REALM, World
from usecases.connections import add_source
from usecases.disconnecting import disconnect

pytestmark = pytest.mark.both_databases

REFRESH = "POST /oauth2/v1/tokens/bearer"


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A company whose tokens have to be refreshed now; a refresh token lives on for a while when it is replaced."""
    monkeypatch.setattr("tasks.keeper._PATIENCE_SECONDS", 0.1)
    world.quickbooks.set_switches(refresh_rotation="always", replaced_refresh="still_works")
    world.clock.move(minutes=55)
    return world


def check(context: Context, connection_id: int) -> ReadResult[str]:
    with context.database.reading() as session:
        connection = connection_by_id(session, connection_id)
    return context.source(connection).check()


def frozen_at(world: World, point: Point, meanwhile: Callable[[], object]) -> Context:
    """A process that stands still at the point, once, while something else happens."""
    left = [meanwhile]

    def reached(where: Point) -> None:
        if where is point and left:
            left.pop()()

    return replace(world.context, reached=reached, _sources=type(world.context._sources)())


def kept(world: World) -> dict[str, str]:
    return dict(world.context.keeper(world.source_id).load())


@pytest.mark.parametrize("point", [Point.TOKENS_TURN_TAKEN, Point.TOKENS_ANSWERED])
def test_who_wakes_up_late_uses_the_newer_tokens_and_overwrites_none(world: World, point: Point) -> None:
    newer: list[dict[str, str]] = []

    def another_refreshes() -> None:
        world.clock.move(seconds=91)
        assert isinstance(check(world.context, world.source_id), Got)
        newer.append(kept(world))

    late = frozen_at(world, point, another_refreshes)
    assert isinstance(check(late, world.source_id), Got)
    assert [kept(world)] == newer


def test_a_refusal_that_comes_late_says_nothing_about_the_newer_tokens(world: World) -> None:
    with world.context.keeper(world.source_id).alone() as late:
        assert late is not None
        world.clock.move(seconds=91)
        assert isinstance(check(world.context, world.source_id), Got)
        assert not late.reconnect_needed()
    assert source(world).status == "active"


def test_tokens_that_come_after_the_disconnection_are_not_kept(world: World) -> None:
    late = frozen_at(world, Point.TOKENS_ANSWERED, lambda: disconnect(world.context, world.source_id))
    result = check(late, world.source_id)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.PACED
    assert (source(world).status, kept(world)) == ("disconnected", {})


def test_tokens_that_come_after_the_next_connection_do_not_replace_its_tokens(world: World) -> None:
    consented = {"access_token": "A2", "refresh_token": "R2"}

    def disconnected_and_connected_again() -> None:
        disconnect(world.context, world.source_id)
        add_source(world.context, world.organization_id, "quickbooks", REALM, {}, consented)

    check(frozen_at(world, Point.TOKENS_ANSWERED, disconnected_and_connected_again), world.source_id)
    assert (source(world).status, kept(world)) == ("active", consented)


def test_who_connects_again_and_freezes_puts_no_life_into_what_was_disconnected_meanwhile(world: World) -> None:
    def disconnected() -> None:
        world.clock.move(seconds=91)
        disconnect(world.context, world.source_id)

    late = frozen_at(world, Point.TOKENS_TURN_TAKEN, disconnected)
    added = add_source(late, world.organization_id, "quickbooks", REALM, {}, {"access_token": "A2"})
    assert "try again" in str(getattr(added, "message", added))
    assert (source(world).status, kept(world)) == ("disconnected", {})


def test_waiting_for_another_process_is_no_failure_of_quickbooks(world: World) -> None:
    hint(world, world.pay("10.00"))
    with world.context.keeper(world.source_id).alone():
        world.clock.sleep = lambda _: world.clock.move(seconds=4)  # type: ignore[method-assign]
        ingest(world.context, world.source_id)
    assert (failures(world), source(world).pause_reason) == (0, "")
    world.quickbooks.faults.add(Fault("error", path="/tokens/", status=500, times=1))
    ingest(world.context, world.source_id)
    assert failures(world) == 1, "a token endpoint that is not well is one"
