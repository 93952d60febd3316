"""The upgrade of a PostgreSQL database goes on beside those who work in it, and beside another upgrade."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from models.database import PROGRAM, upgrade
from models.migrations.before_release import LAST
from models.schema import schema_state
from tests.models.old_database import description, make_old_database
from tests.servers import PostgresqlDatabases, psycopg_url
from tests.upgrade.releases import ROOT, last_release

# What a worker has to wait behind the upgrade at most: its two seconds, and a busy machine.
BEHIND_SECONDS = 8.0
GIVES_WAY = 3
PATIENCE_SECONDS = 120.0
INDEX = "ix_effect_stuck"

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.fixture
def url(postgresql_url: str) -> Iterator[str]:
    """A database of the last release, with two rows in every table."""
    databases = PostgresqlDatabases(postgresql_url, lambda _url: None)
    with databases.fresh() as fresh:
        make_old_database(fresh, LAST[0])
        upgrade(fresh, to=last_release().schema)
        yield fresh
    databases.close()


def connected(url: str, program: str = "") -> psycopg.Connection:
    return psycopg.connect(psycopg_url(url), autocommit=True, application_name=program)


def history(url: str, entry_id: int) -> list[tuple[str, int]]:
    with connected(url) as connection:
        asked = "SELECT kind, amount FROM ledger_change WHERE entry_id = %s ORDER BY id"
        return [(kind, amount) for kind, amount in connection.execute(asked, [entry_id])]


def change(url: str, program: str, entry_id: int, amount: int) -> None:
    with connected(url, program) as connection:
        connection.execute("UPDATE ledger_entry SET amount = %s WHERE id = %s", [amount, entry_id])


def test_who_is_at_work_in_a_table_is_waited_for_and_nobody_waits_long_behind(url: str) -> None:
    with connected(url) as worker, connected(url) as other, ThreadPoolExecutor(1) as pool:
        # It gives up instead of waiting for us for ever.
        other.execute(f"SET statement_timeout = {int(BEHIND_SECONDS * 1000)}")
        with worker.transaction():
            worker.execute("SELECT count(*) FROM organization")
            upgrading = pool.submit(upgrade, url)
            for _ in range(GIVES_WAY):
                wait_until_it_waits(url)
                other.execute("UPDATE organization SET name = name")
            assert not upgrading.done()
        upgrading.result()
    assert schema_state(url).is_up_to_date


def wait_until_it_waits(url: str) -> None:
    """Until the upgrade waits for a lock on the table, and everybody after it waits behind."""
    asked = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        " AND relation = 'organization'::regclass"
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connected(url) as watching:
        while watching.execute(asked).fetchone() == (0,):
            assert time.monotonic() < deadline, "nothing was in its way, and the test shows nothing"
            time.sleep(0.02)


def test_two_upgrades_at_once_are_one(url: str, postgresql_databases: PostgresqlDatabases) -> None:
    with ThreadPoolExecutor(2) as pool:
        for upgrading in [pool.submit(run_upgrade, url), pool.submit(run_upgrade, url)]:
            assert upgrading.result() == 0
    assert schema_state(url).is_up_to_date
    with postgresql_databases.fresh() as fresh:
        assert description(url) == description(fresh)


def run_upgrade(url: str) -> int:
    """In a process of its own: Alembic has one environment for all threads."""
    program = "import sys; from models.database import upgrade; upgrade(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", program, url], cwd=ROOT, check=False).returncode


def test_an_index_whose_making_was_broken_off_is_made_anew(url: str) -> None:
    upgrade(url, to="ledger_openings")
    with connected(url) as connection:
        connection.execute(f"CREATE INDEX {INDEX} ON effect (state)")
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [INDEX])
        upgrade(url)
        made = connection.execute(
            "SELECT indisvalid, indpred IS NOT NULL FROM pg_index WHERE indexrelid = %s::regclass", [INDEX]
        )
        assert made.fetchone() == (True, True)


@pytest.mark.parametrize(
    ("program", "kept"),
    [("", True), ("some pool", True), (PROGRAM, False), (f"{PROGRAM} of 0.3.0", False), ("psql", False)],
)
def test_the_database_keeps_the_history_of_those_who_keep_none(url: str, program: str, kept: bool) -> None:
    """And of nobody else: we do it ourselves, and what a hand has changed is to be found."""
    upgrade(url)
    [opening] = history(url, 1)
    assert opening[0] == "opening"
    change(url, program, 1, 4711)
    assert history(url, 1)[1:] == [("by_older_version", 4711)] * kept


def test_what_the_last_release_changes_during_the_upgrade_is_the_end_of_the_history(url: str) -> None:
    upgrade(url, to="former_pictures")
    assert history(url, 1) == history(url, 2) == []
    change(url, "", 1, 4711)
    upgrade(url)
    assert history(url, 1) == [("by_older_version", 4711)]
    assert [kind for kind, _ in history(url, 2)] == ["opening"]
