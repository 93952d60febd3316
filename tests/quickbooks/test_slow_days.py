"""QuickBooks answers slowly: a step that takes longer than its lease keeps it, and keeps what it has read."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from models.lanes import take_lane
from tasks.catch_up.step import catch_up
from tasks.context import Step
from tasks.ingest.step import ingest
from tasks.step import Drained
from tests.few import few_of
from tests.quickbooks.flooding import SMALL, flood
from tests.quickbooks.looks import state
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, answers_end_after, differences, gaps, hint, metered, source
from tests.world import World, open_world
from usecases.disconnecting import disconnect

LEASE = timedelta(seconds=90)
# Of 64, 32, 16, 8, 4 and 2 payments, of the rest, and those with which the flood itself is listed.
COUNTS_ON_A_QUICK_DAY = 12


@pytest.fixture
def patient(database_url: str) -> Iterator[World]:
    """A world with the lease and the time limits of production."""
    with open_world(database_url, read_timeout_seconds=60) as opened:
        yield opened


def before_every_call(world: World, happens: Callable[[], None]) -> None:
    wire: Any = world.context.source(source(world))._client._wire  # type: ignore[attr-defined]
    real = wire.exchange

    def exchange(*arguments: Any, **more: Any) -> Any:
        happens()
        return real(*arguments, **more)

    wire.exchange = exchange


def slow_calls(world: World, seconds: float) -> None:
    before_every_call(world, lambda: world.clock.move(seconds=seconds))


@pytest.mark.parametrize("seconds", [30, 50, 60])
def test_two_slow_readings_are_stored_by_the_step_that_made_them(patient: World, seconds: float) -> None:
    invoice = patient.invoice("INV-1")
    payment = patient.pay("10.00", (invoice, "10.00"))
    slow_calls(patient, seconds)
    hint(patient, payment)
    assert ingest(patient.context, patient.source_id) is not Drained.LOST
    assert metered(patient) == 2
    patient.settle()
    assert patient.reason(payment) == "synced"
    assert metered(patient) == 2


def test_tokens_that_have_to_be_refreshed_on_the_way_do_not_cost_the_lease(patient: World) -> None:
    payment = patient.pay("10.00", (patient.invoice("INV-1"), "10.00"))
    patient.quickbooks.expire_access_tokens()
    slow_calls(patient, 50)
    hint(patient, payment)
    assert ingest(patient.context, patient.source_id) is not Drained.LOST
    assert state(patient, payment) == ("live", False)


def test_who_has_lost_the_lease_makes_no_further_metered_call(patient: World) -> None:
    payment = patient.pay("10.00", (patient.invoice("INV-1"), "10.00"))

    def another_takes_it() -> None:
        patient.clock.move(seconds=91)
        with patient.context.database.writing() as session:
            assert take_lane(session, Step.INGEST, patient.source_id, "another", patient.clock.now(), LEASE)

    before_every_call(patient, another_takes_it)
    hint(patient, payment)
    assert ingest(patient.context, patient.source_id) is Drained.LOST
    assert metered(patient) == 1


@pytest.mark.parametrize("seconds", [15, 25, 60])
def test_deletions_are_confirmed_one_by_one_where_the_query_alone_takes_all_the_time(
    patient: World, seconds: float
) -> None:
    invoice = patient.invoice("INV-1", "9000.00", origin=None)
    payments = [patient.pay("1.00", (invoice, "1.00")) for _ in range(6)]
    patient.notice(*READERS)
    disconnect(patient.context, patient.source_id)
    for one in payments[::2]:
        patient.quickbooks.delete_payment(one)
    # Longer ago than change data capture can tell.
    patient.clock.move(days=60)
    reconnect(patient)
    slow_calls(patient, seconds)
    reads = metered(patient)
    for _ in range(12):
        assert catch_up(patient.context, patient.source_id) is not Drained.LOST
        ingest(patient.context, patient.source_id)
    assert differences(patient) == []
    assert gaps(patient)[0].closed_at is not None
    # Of each of the three a query and a question; then the lists, the last query and what is asked when all is done.
    assert metered(patient) - reads <= 3 * 2 + 10


@pytest.mark.parametrize("seconds", few_of([0, 15, 30, 60], 2))
def test_counting_goes_on_where_the_last_step_had_to_stop(
    patient: World, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty-four payments and the oldest one deleted: halved until two are left, and no count is made twice."""
    monkeypatch.setattr("tasks.catch_up.count.IDS_PER_STEP", 2)
    answers_end_after(patient, SMALL, monkeypatch)
    known: list[str] = []
    for _ in range(64):
        patient.clock.move(minutes=1)
        known += patient.quickbooks.record_many_payments(patient.customer_id, 1)
    patient.clock.move(minutes=10)
    patient.notice(*READERS)
    patient.clock.move(minutes=10)
    patient.quickbooks.delete_payment(known[0])
    patient.clock.move(seconds=5)
    flood(patient, SMALL)
    counts = counts_of(patient)
    slow_calls(patient, seconds)
    for _ in range(25):
        assert catch_up(patient.context, patient.source_id) is not Drained.LOST
        ingest(patient.context, patient.source_id)
        if gaps(patient) and gaps(patient)[0].closed_at is not None:
            break
    assert differences(patient) == []
    assert (gaps(patient)[0].kind, gaps(patient)[0].deleted_count) == ("cut", 1)
    assert counts() == COUNTS_ON_A_QUICK_DAY


def counts_of(world: World) -> Callable[[], int]:
    """How many counts have been asked for since now."""
    client: Any = world.context.source(source(world))._client  # type: ignore[attr-defined]
    asked: list[str] = []
    real = client._wire.exchange

    def exchange(*arguments: Any, **more: Any) -> Any:
        if b"COUNT(*)" in (more.get("body") or b""):
            asked.append("")
        return real(*arguments, **more)

    client._wire.exchange = exchange
    return lambda: len(asked)
