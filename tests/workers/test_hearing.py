"""Whether a worker hears its broker, by what its consumer's channel knows of the last question."""

import inspect
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from kombu.transport.redis import Channel as RedisChannel

from workers.heartbeat import HEARD_WITHIN_SECONDS, hears


@dataclass
class Channel:
    """What a consumer's channel to Redis knows of its last question."""

    _brpop_sent_at: float | None
    _in_poll: bool = True
    can_consume: bool = True

    @property
    def qos(self) -> Any:
        return SimpleNamespace(can_consume=lambda: self.can_consume)


@pytest.mark.parametrize(
    ("asked_ago", "in_poll", "can_consume", "hears_it"),
    [
        (0.5, True, True, True),
        (HEARD_WITHIN_SECONDS + 1, True, True, False),
        # It has all the messages that it can work on, and asks for none.
        (HEARD_WITHIN_SECONDS + 1, True, False, True),
        (HEARD_WITHIN_SECONDS + 1, False, True, True),
    ],
)
def test_a_broker_that_leaves_a_question_unanswered_is_not_heard(
    asked_ago: float, in_poll: bool, can_consume: bool, hears_it: bool
) -> None:
    channel = Channel(time.monotonic() - asked_ago, in_poll, can_consume)
    assert hears(SimpleNamespace(task_consumer=SimpleNamespace(channel=channel))) is hears_it


def test_another_broker_has_heartbeats_of_its_own() -> None:
    assert hears(SimpleNamespace(task_consumer=SimpleNamespace(channel=object())))


def test_the_transport_still_says_when_it_asked() -> None:
    """Its own name for it; without it a deaf worker would be found a little later only."""
    assert "_brpop_sent_at" in inspect.getsource(RedisChannel._brpop_start)
    assert "_in_poll" in inspect.getsource(RedisChannel._brpop_start)
