"""A nudge is a message that may be lost, sent too often or not at all; it never raises and never holds up a step."""

import time
from collections.abc import Iterator

import fakeredis
import pytest
import redis
from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from models.database import Database
from settings import Settings
from settings.celery import celery_configuration
from tasks.context import Nudge, Step
from tests.world import World, open_world
from workers.lane_names import LaneNames
from workers.nudges import COALESCE_MILLISECONDS, CeleryNudge
from workers.redis_server import RedisServer, free_port


class Sent:
    """A Celery that notes what it was asked to send."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.messages: list[tuple[str, list[int]]] = []
        self.shown: list[str] = []
        self.fails = fails

    def send_task(self, name: str, args: list[int], argsrepr: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.messages.append((name, args))
        self.shown.append(argsrepr)


@pytest.fixture(params=["fakeredis", "redis"])
def client(request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    if request.param == "redis":
        opened: redis.Redis = redis.Redis.from_url(request.getfixturevalue("redis_url"))
    else:
        opened = fakeredis.FakeRedis(server=fakeredis.FakeServer())
    with opened:
        yield opened


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def nudge_with(sent: Sent | None, client: redis.Redis | None) -> CeleryNudge:
    return CeleryNudge(sent, client)  # type: ignore[arg-type]


def test_a_nudge_names_its_step_and_carries_an_id_and_nothing_else(client: redis.Redis) -> None:
    sent = Sent()
    for step in Step:
        nudge_with(sent, client)(step, 7)
    assert sent.messages == [(f"payments.{step.value}", [7]) for step in Step]


def test_who_watches_the_workers_reads_whose_lane_it_is(client: redis.Redis, world: World) -> None:
    sent = Sent()
    nudge = CeleryNudge(sent, client, LaneNames(world.context.database))  # type: ignore[arg-type]
    nudge(Step.MATCH, world.organization_id)
    nudge(Step.INGEST, world.source_id)
    nudge(Step.PUSH, world.target_id)
    nudge(Step.NOTIFY, 99)
    assert sent.shown == [
        f"northwind (organization {world.organization_id})",
        f"northwind quickbooks (connection {world.source_id})",
        f"northwind connectwise (connection {world.target_id})",
        "endpoint 99",
    ]


def test_a_database_that_is_away_costs_a_nudge_its_name_alone(client: redis.Redis) -> None:
    sent = Sent()
    database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    CeleryNudge(sent, client, LaneNames(database))(Step.MATCH, 7)  # type: ignore[arg-type]
    database.close()
    assert sent.shown == ["organization 7"]


def test_nudges_for_one_lane_are_one_until_it_has_arrived(client: redis.Redis) -> None:
    sent = Sent()
    nudge = nudge_with(sent, client)
    for _ in range(50):
        nudge(Step.MATCH, 7)
    assert len(sent.messages) == 1
    nudge.arrived(Step.MATCH, 7)
    nudge(Step.MATCH, 7)
    assert len(sent.messages) == 2


def test_nudges_for_other_lanes_are_other_nudges(client: redis.Redis) -> None:
    sent = Sent()
    nudge = nudge_with(sent, client)
    for step, owner_id in ((Step.MATCH, 7), (Step.MATCH, 8), (Step.PUSH, 7)):
        nudge(step, owner_id)
    assert len(sent.messages) == 3


def test_two_processes_send_one_nudge_between_them(client: redis.Redis) -> None:
    sent = Sent()
    for nudge in (nudge_with(sent, client), nudge_with(sent, client)):
        nudge(Step.MATCH, 7)
    assert len(sent.messages) == 1


def test_a_nudge_that_was_lost_holds_others_back_for_a_moment_only(client: redis.Redis) -> None:
    nudge_with(Sent(), client)(Step.MATCH, 7)
    [key] = client.keys("payments-nudge:*")
    assert 0 < client.pttl(key) <= COALESCE_MILLISECONDS
    client.delete(key)  # the moment is over
    sent = Sent()
    nudge_with(sent, client)(Step.MATCH, 7)
    assert len(sent.messages) == 1


def test_what_arrives_unannounced_is_no_trouble(client: redis.Redis) -> None:
    nudge_with(Sent(), client).arrived(Step.PUSH, 99)


@pytest.fixture
def away() -> Iterator[redis.Redis]:
    with redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0), socket_connect_timeout=0.5) as client:
        yield client


def test_with_redis_away_every_nudge_is_tried_and_nothing_raises(away: redis.Redis) -> None:
    sent = Sent()
    nudge = nudge_with(sent, away)
    for _ in range(3):
        nudge(Step.MATCH, 7)
        nudge.arrived(Step.MATCH, 7)
    assert len(sent.messages) == 3, "too many are harmless, too few are not"


def test_without_celery_or_redis_nothing_happens_and_nothing_raises() -> None:
    nudge_with(None, None)(Step.MATCH, 7)
    sent = Sent()
    nudge_with(sent, None)(Step.MATCH, 7)
    assert len(sent.messages) == 1


@pytest.mark.parametrize(
    "error", [redis.ConnectionError("x"), redis.TimeoutError("x"), OSError("x"), ConnectionResetError("x")]
)
def test_a_broker_that_fails_does_not_fail_the_step(client: redis.Redis, error: Exception) -> None:
    nudge_with(Sent(fails=error), client)(Step.MATCH, 7)


def celery_on(url: str) -> Celery:
    app = Celery("test")
    app.conf.update(celery_configuration(Settings(_env_file=None, redis_url=url)))  # type: ignore[call-arg]
    return app


def test_a_nudge_is_one_message_in_the_queue_of_its_step(redis_url: str) -> None:
    app = celery_on(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        nudge: Nudge = CeleryNudge(app, client)
        for _ in range(5):
            nudge(Step.MATCH, 7)
            nudge(Step.PUSH, 8)
        queues = {key.decode(): client.llen(key) for key in client.keys("*") if client.type(key) == b"list"}
    app.close()
    assert sorted(queues.values()) == [1, 1]
    assert {name.rpartition(":")[2] for name in queues} == {"match", "push"}


def test_a_broker_that_is_away_costs_a_step_seconds_at_most(redis_server: RedisServer) -> None:
    app = celery_on(f"redis://127.0.0.1:{free_port()}")
    started = time.monotonic()
    CeleryNudge(app, None)(Step.MATCH, 7)
    assert time.monotonic() - started < 10
    app.close()
