"""One refresh at a time for a company, whoever needs it: Intuit may revoke both of two."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks.counting import counted
from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.keeping import Secrets
from models.connections import connection_by_id
from sandbox.faults import Fault
from tests.connectors.vendors import QuickBooks
from tests.world import World

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).parents[2]
REFRESH = "POST /oauth2/v1/tokens/bearer"
# Says that it is ready, waits for the word to go, reads once, and says what came of it.
ANOTHER_PROCESS = """
import sys
from models.connections import connection_by_id
from tests.contexts import make_context
context = make_context(sys.argv[1], quickbooks_url=sys.argv[2])
with context.database.reading() as session:
    source = context.source(connection_by_id(session, int(sys.argv[3])))
print("ready", flush=True)
sys.stdin.readline()
print(type(source.check()).__name__, flush=True)
context.database.close()
"""


def check(world: World) -> ReadResult[str]:
    with world.context.database.reading() as session:
        connection = connection_by_id(session, world.source_id)
    return world.context.source(connection).check()


def refreshes(world: World) -> int:
    return world.quickbooks.calls.count(REFRESH)


@pytest.fixture(params=["ends early", "grows old"])
def tired_world(world: World, request: pytest.FixtureRequest) -> World:
    """A company that kills the connection if two refresh, and whose token has to be refreshed now."""
    world.quickbooks.set_switches(replaced_refresh="kills_both")
    if request.param == "ends early":
        world.quickbooks.expire_access_tokens()
    else:
        world.clock.move(minutes=55)
    return world


def test_eight_threads_at_once_refresh_once(tired_world: World) -> None:
    together = Barrier(8)

    def one(_: int) -> ReadResult[str]:
        together.wait(120)
        return check(tired_world)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, range(8)))
    assert all(isinstance(result, Got) for result in results)
    assert refreshes(tired_world) == 1


@pytest.mark.proof
def test_two_processes_at_once_refresh_once(world: World) -> None:
    world.quickbooks.set_switches(replaced_refresh="kills_both")
    world.quickbooks.expire_access_tokens()
    url = world.quickbooks_url
    command = [sys.executable, "-c", ANOTHER_PROCESS, world.context.database.url, url, str(world.source_id)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert read_until(process, "ready")
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert [read_until(process, "Got", "Failure") for process in processes] == ["Got", "Got"]
    finally:
        for process in processes:
            process.communicate(timeout=120)
    assert refreshes(world) == 1
    assert isinstance(check(world), Got)


def read_until(process: "subprocess.Popen[str]", *words: str) -> str:
    """The first of these words that the process says on a line of its own; log lines come in between."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() in words:
            return line.strip()
    raise AssertionError(f"it ended without saying {words}")


def test_the_new_refresh_token_is_stored_before_anything_is_read_with_it(world: World) -> None:
    world.quickbooks.expire_access_tokens()
    world.quickbooks.faults.add(Fault("drop_before_commit", path="/companyinfo", skip=1))
    assert isinstance(check(world), Failure)
    assert isinstance(check(world), Got)
    assert refreshes(world) == 1


def test_a_token_that_is_fresh_is_not_refreshed(world: World) -> None:
    world.clock.move(minutes=45)
    assert isinstance(check(world), Got)
    assert refreshes(world) == 0


def test_a_refresh_token_that_stays_the_same_for_a_day_is_no_trouble(world: World) -> None:
    world.quickbooks.set_switches(refresh_rotation="daily")
    for _ in range(8):
        world.clock.move(minutes=55)
        assert isinstance(check(world), Got)
    assert refreshes(world) == 8


def test_a_connection_that_was_revoked_needs_a_person_and_is_not_asked_again(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.disconnect()
    quickbooks.clock.move(hours=2)
    result = quickbooks.source.check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.CREDENTIALS
    assert quickbooks.keeper.reconnects == 1
    assert quickbooks.keeper.saved == 0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("error", path="/tokens/", status=500), FailureKind.UNAVAILABLE),
        (Fault("error", path="/tokens/", status=503, body="html"), FailureKind.UNAVAILABLE),
        (Fault("error", path="/tokens/", status=200, body="[]"), FailureKind.UNAVAILABLE),
        (Fault("error", path="/tokens/", status=200, body="{}"), FailureKind.UNAVAILABLE),
        (
            Fault("error", path="/tokens/", status=400, body='{"error":"temporarily_unavailable"}'),
            FailureKind.UNAVAILABLE,
        ),
        (Fault("error", path="/tokens/", status=401, body='{"error":"invalid_client"}'), FailureKind.MISCONFIGURED),
        (Fault("drop_before_commit", path="/tokens/"), FailureKind.UNAVAILABLE),
        (Fault("hang", seconds=0.02, path="/tokens/"), FailureKind.UNAVAILABLE),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.body}" if isinstance(value, Fault) else str(value),
)
def test_a_bad_moment_of_the_token_endpoint_costs_nothing_but_time(
    quickbooks: QuickBooks, fault: Fault, kind: FailureKind
) -> None:
    quickbooks.clock.move(hours=2)
    quickbooks.sandbox.faults.add(fault)
    result = quickbooks.source.check()
    assert isinstance(result, Failure)
    assert result.kind is kind
    assert quickbooks.keeper.reconnects == 0
    assert isinstance(quickbooks.source.check(), Got)


@pytest.mark.parametrize("life", ["null", '"soon"'])
def test_a_token_answer_without_a_readable_life_is_still_saved(quickbooks: QuickBooks, life: str) -> None:
    quickbooks.clock.move(hours=2)
    answer = f'{{"access_token":"A","refresh_token":"R","expires_in":{life},"x_refresh_token_expires_in":8640000}}'
    quickbooks.sandbox.faults.add(Fault("error", path="/tokens/", status=200, body=answer))
    quickbooks.source.check()
    assert quickbooks.keeper.secrets["refresh_token"] == "R"


def test_the_ends_of_all_tokens_are_kept(quickbooks: QuickBooks) -> None:
    quickbooks.clock.move(hours=2)
    now = quickbooks.clock.now()
    assert isinstance(quickbooks.source.check(), Got)
    kept = quickbooks.keeper.secrets
    assert kept["access_expires_at"] == (now + timedelta(hours=1)).isoformat()
    assert kept["refresh_expires_at"] == (now + timedelta(days=100)).isoformat()
    assert "refresh_hard_expires_at" in kept


def test_a_step_reads_the_tokens_once_a_second(world: World) -> None:
    with world.context.database.reading() as session:
        source = world.context.source(connection_by_id(session, world.source_id)).keeping(lambda: None)

    def statements() -> int:
        with counted(world.context.database) as seen:
            assert isinstance(source.check(), Got)
        return seen.count

    first, again = statements(), statements()
    world.clock.move(seconds=2)
    assert (again, statements()) == (first - 1, first)


def test_a_step_that_has_just_read_its_connection_reads_no_tokens(world: World) -> None:
    def opened(secrets: Secrets | None) -> int:
        with world.context.database.reading() as session:
            source = world.context.source(connection_by_id(session, world.source_id))
        with counted(world.context.database) as seen:
            assert isinstance(source.keeping(lambda: None, secrets=secrets).check(), Got)
        return seen.count

    with world.context.database.reading() as session:
        sealed = connection_by_id(session, world.source_id).sealed_secrets
    keeper = world.context.keeper(world.source_id)
    assert opened(lambda: keeper.open(sealed)) == opened(None) - 1


def test_a_token_that_was_replaced_meanwhile_is_read_again_when_it_is_rejected(world: World) -> None:
    with world.context.database.reading() as session:
        connection = connection_by_id(session, world.source_id)
    source = world.context.source(connection)
    world.quickbooks.expire_access_tokens()
    assert isinstance(source.check(), Got)
    old = partial(world.context.keeper(world.source_id).open, connection.sealed_secrets)
    assert isinstance(source.keeping(lambda: None, secrets=old).check(), Got)
    assert refreshes(world) == 1


def test_a_step_does_not_hold_on_to_a_token_that_is_rejected(world: World) -> None:
    with world.context.database.reading() as session:
        source = world.context.source(connection_by_id(session, world.source_id)).keeping(lambda: None)
    assert isinstance(source.check(), Got)
    world.quickbooks.expire_access_tokens()
    assert isinstance(source.check(), Got)
    assert isinstance(source.check(), Got)
    assert refreshes(world) == 1
