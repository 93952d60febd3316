"""Our own limiter says no: somebody at a terminal waits for it, within their patience."""

from datetime import timedelta

from connectors.base import Failure, FailureKind, Got, ReadResult
from tests.world import World
from usecases.patience import PATIENCE, patiently


def refusing(times: int, wait: timedelta) -> list[ReadResult[str]]:
    return [*[Failure(FailureKind.PACED, "our own limit", wait)] * times, Got("well")]


def test_our_own_limit_is_waited_out(world: World) -> None:
    answers, before = refusing(3, timedelta(seconds=20)), world.clock.now()
    assert patiently(world.context, lambda: answers.pop(0)) == Got("well")
    assert world.clock.now() - before == timedelta(seconds=60)


def test_patience_has_an_end(world: World) -> None:
    answers, before = refusing(9, timedelta(seconds=40)), world.clock.now()
    result = patiently(world.context, lambda: answers.pop(0))
    assert isinstance(result, Failure)
    assert world.clock.now() - before <= PATIENCE


def test_what_the_other_system_says_is_not_waited_for(world: World) -> None:
    told = Failure(FailureKind.THROTTLED, "slow down", timedelta(seconds=1))
    before = world.clock.now()
    assert patiently(world.context, lambda: told) == told
    assert world.clock.now() == before
