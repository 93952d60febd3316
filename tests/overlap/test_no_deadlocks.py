"""The door, all steps and people at the same moment: nobody waits for anybody crosswise, and no delivery is refused."""

from datetime import timedelta

import pytest

from tests.overlap.locking import deadlocks, watched_locks
from tests.overlap.storm import Storm, open_storm
from tests.servers import PostgresqlDatabases

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


def test_deliveries_that_name_the_same_companies_in_another_order_never_deadlock(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    storm = overlap(postgresql_databases, seconds=8, companies=25, door_alone=True)
    assert storm.done["deliver"]


def test_overlapping_work_never_deadlocks(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    """The longer, the more meetings."""
    storm = overlap(postgresql_databases, seconds=60)
    # It was a storm: everybody had something to do.
    assert all(storm.done[name] for name in ("deliver", "bookkeep", "work", "interfere", "sweep", "log_in"))


@pytest.fixture(autouse=True)
def patient_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long the door waits for a slow machine is not what is asked here."""
    monkeypatch.setattr("web.webhooks.PATIENCE", timedelta(minutes=2))


def overlap(databases: PostgresqlDatabases, seconds: float, companies: int = 6, *, door_alone: bool = False) -> Storm:
    with databases.fresh() as url:
        before = deadlocks(url)
        with (
            open_storm(url, companies) as storm,
            watched_locks(storm.context.database.engine) as broken,
        ):
            if door_alone:
                storm.run_the_door(seconds)
            else:
                storm.run(seconds)
        found = deadlocks(url) - before
        print(f"deadlocks: {found}; answers of the door: {dict(storm.answers)}; {dict(storm.done)}")
        assert [f"{type(one).__name__}: {one}" for one in storm.raised] == []
        assert "\n".join(broken) == ""
        assert found == 0
        assert set(storm.answers) == {200}
        return storm
