"""The migrations make exactly the tables that the code knows, from nothing, and a second time change nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import models
from models.base import Base
from models.database import Database, upgrade
from models.migrations import before_release
from models.migrations.before_release import LAST
from models.organizations import Organization
from models.schema import SchemaTooOld, schema_state
from models.unavailable import DatabaseRefused
from tests.models.old_database import (
    description,
    is_of_search,
    make_old_database,
    only,
    rows_of,
    violations_of_foreign_keys,
)

assert models.TABLES
Description = Callable[[str], dict[str, Any]]
PAUSE = ("paused_at", "paused_by", "paused_why")


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/not/there/yet/payments.sqlite"


@pytest.fixture
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture(scope="module")
def new_description(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Description:
    """What a new database of the same kind as the one at this address says of itself."""

    def of_the_kind(url: str) -> dict[str, Any]:
        return of_sqlite() if url.startswith("sqlite") else of_postgresql()

    @cache
    def of_sqlite() -> dict[str, Any]:
        return description(request.getfixturevalue("sqlite_databases").fresh(tmp_path_factory.mktemp("new")))

    @cache
    def of_postgresql() -> dict[str, Any]:
        with request.getfixturevalue("postgresql_databases").fresh() as url:
            return description(url)

    return of_the_kind


def is_known_to_the_code(_object: object, name: str | None, *_more: object) -> bool:
    return not is_of_search(name)


def differences(url: str) -> list[object]:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_known_to_the_code}
        )
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)


def tables(url: str) -> dict[str, list[str]]:
    engine = create_engine(url)
    inspector = inspect(engine)
    found = {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
        if not is_of_search(name)
    }
    engine.dispose()
    return found


def test_from_nothing_to_exactly_what_the_code_knows_and_no_further(empty_url: str) -> None:
    upgrade(empty_url)
    assert differences(empty_url) == []
    before = tables(empty_url)
    assert set(before) == {*Base.metadata.tables, "alembic_version"}
    upgrade(empty_url)
    assert tables(empty_url) == before


def test_a_database_of_the_last_schema_before_the_release_becomes_a_new_one_and_keeps_its_rows(
    empty_url: str, new_description: Description
) -> None:
    old = make_old_database(empty_url, LAST[0])
    before = rows_of(empty_url)
    assert {table for table, rows in before.items() if len(rows) < 2} == {"alembic_version"}
    upgrade(empty_url)
    assert differences(empty_url) == []
    assert description(empty_url) == new_description(empty_url)
    after = rows_of(empty_url)
    assert after.pop("alembic_version") == [{"version_num": schema_state(empty_url).needed}]
    listed = Counter((row["organization_id"], row["status"], row["reason"]) for row in after["payment"])
    counted = {
        (one["organization_id"], one["status"], one["reason"]): one["payments"] for one in after["payment_count"]
    }
    assert counted == listed
    assert any(row["reason"] for row in after["payment"])
    assert all(row["currency"] and row["within_seconds"] and row["entered_on"] for row in after["ledger_entry"])
    assert all(row["heard_at"] <= row["first_seen_at"] for row in after["payment"])
    new_tables = after.keys() - before.keys()
    assert {table for table in new_tables if after.pop(table)} == {"ledger_change", "payment_count"}
    # Whoever worked in an organization did everything there.
    assert {(row["organization_id"] is None, row["role"]) for row in after["dashboard_user"]} == {(False, "admin")}
    before["dashboard_user"] = [row | {"role": "admin"} for row in before["dashboard_user"]]
    new = {table: after[table][0].keys() - before[table][0].keys() for table in after}
    assert {table: names for table, names in new.items() if names} == {
        "api_token": {"made_by"},
        "connection": {"sums", "tested_at", *PAUSE},
        "dashboard_session": {"browser"},
        "dashboard_user": {"last_login_at"},
        "effect": {"doubt", "glance", "trace"},
        "inbox_event": {"trace"},
        "gap": {"listed_payment_id", "proof_asked_at", "proof_due_at", "proof_stage"},
        "invoice": {"compared_as", "compared_at", "difference"},
        "ledger_entry": {"currency", "entered_on", "within_seconds"},
        "organization": {
            "copy_choices",
            "erasing_since",
            "find_by_number",
            "has_endpoints",
            *PAUSE,
            "time_zone",
            "writing",
            "writes_stopped_at",
            "writes_stopped_for",
        },
        "payment": {
            "heard_at",
            "left_out",
            "left_out_at",
            "left_out_by",
            "left_out_note",
            "left_out_version",
            "reason",
            "status",
            "status_changes",
            "trace",
        },
    }
    shared = {table: [{k: row[k] for k in row.keys() - new[table]} for row in rows] for table, rows in after.items()}
    assert shared == {table: [only(row, shared[table][0]) for row in before[table]] for table in shared}
    gone = {(table, name) for table in after for name in before[table][0].keys() - after[table][0].keys()}
    assert gone == {
        ("attempt", "fencing"),
        ("decision", "organization_id"),
        ("decision", "payment_version"),
        ("effect", "key"),
        ("effect", "maybe_sent"),
        ("inbox_event", "outcome"),
        ("invoice", "created_at"),
        ("own_payment", "registered_at"),
        ("own_payment_intent", "registered_at"),
    }
    assert old.keys() == Base.metadata.tables.keys() - new_tables | {"alembic_version"}


ONE_DOUBT = (
    "ALTER TABLE effect ADD COLUMN doubt VARCHAR(10) NOT NULL DEFAULT ''",
    "UPDATE effect SET doubt = 'amiss'",
    "ALTER TABLE effect DROP COLUMN maybe_sent",
)
SUMS = (
    "ALTER TABLE connection ADD COLUMN sums VARCHAR(10) NOT NULL DEFAULT ''",
    "UPDATE connection SET sums = 'lag'",
)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("revision", "statements", "sums"), [("0025", ONE_DOUBT, ""), ("0026", (*ONE_DOUBT, *SUMS), "lag")]
)
def test_what_the_two_last_revisions_had_already_stays_as_it_is(
    empty_url: str, new_description: Description, revision: str, statements: tuple[str, ...], sums: str
) -> None:
    make_old_database(empty_url, revision)
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    upgrade(empty_url)
    assert differences(empty_url) == []
    assert description(empty_url) == new_description(empty_url)
    after = rows_of(empty_url)
    assert {row["doubt"] for row in after["effect"]} == {"amiss"}
    assert {row["sums"] for row in after["connection"]} == {sums}


# Whether it may have been sent, the reason, and what is doubted about it afterwards.
DOUBTS = [
    (False, "", ""),
    (False, "target_throttled", ""),
    (True, "in_doubt", "unanswered"),
    (True, "", "unanswered"),
    (True, "several_candidates", "asked"),
    (True, "target_replaced", "asked"),
    (False, "target_replaced", "amiss"),
    (False, "target_changed_it", "amiss"),
]


@pytest.mark.proof
def test_what_was_doubted_is_doubted_after_the_upgrade(empty_url: str) -> None:
    make_old_database(empty_url, LAST[0], rows=len(DOUBTS))
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for number, (maybe_sent, reason, _) in enumerate(DOUBTS, 1):
            connection.execute(
                text("UPDATE effect SET maybe_sent = :sent, reason = :reason WHERE id = :id"),
                {"sent": maybe_sent, "reason": reason, "id": number},
            )
    engine.dispose()
    upgrade(empty_url)
    after = {row["id"]: (row["reason"], row["doubt"]) for row in rows_of(empty_url)["effect"]}
    assert after == {number: (reason, doubt) for number, (_, reason, doubt) in enumerate(DOUBTS, 1)}


@pytest.mark.proof
def test_what_was_brought_over_works_and_a_second_upgrade_changes_nothing(empty_url: str) -> None:
    make_old_database(empty_url, LAST[0])
    upgrade(empty_url)
    before = rows_of(empty_url)
    upgrade(empty_url)
    assert rows_of(empty_url) == before
    database = Database(empty_url)
    with database.writing() as session:
        session.add(Organization(slug="new", name="New", created_at=datetime.now(UTC)))
    with database.reading() as session:
        assert violations_of_foreign_keys(session) == []
    database.close()


@pytest.mark.proof
def test_an_upgrade_that_fails_halfway_leaves_the_old_database_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old_database(empty_url, LAST[0])
    before = rows_of(empty_url), description(empty_url)
    with monkeypatch.context() as patch:
        patch.setitem(before_release._COLUMNS_NO_MORE, "own_payment_intent", ["registered_at", "never_there"])
        with pytest.raises((KeyError, DatabaseRefused)):
            upgrade(empty_url)
    assert (rows_of(empty_url), description(empty_url)) == before
    upgrade(empty_url)
    assert differences(empty_url) == []


@pytest.mark.proof
def test_an_older_database_is_refused_in_one_sentence_and_left_alone(empty_url: str) -> None:
    make_old_database(empty_url, "0023")
    before = rows_of(empty_url)
    with pytest.raises(
        SchemaTooOld,
        match=r"revision 0023, from before the first release; only the last ones before it can be brought up to date: 0018",
    ):
        upgrade(empty_url)
    assert rows_of(empty_url) == before


def test_every_constraint_has_a_name_so_that_a_later_migration_can_drop_it(shared_database_url: str) -> None:
    engine = create_engine(shared_database_url)
    inspector = inspect(engine)
    for table in Base.metadata.tables:
        for one in (*inspector.get_unique_constraints(table), *inspector.get_foreign_keys(table)):
            assert one["name"], (table, one)
    engine.dispose()


def test_what_has_to_be_unique_is_unique_in_the_database_itself(shared_database_url: str) -> None:
    engine = create_engine(shared_database_url)
    inspector = inspect(engine)
    unique = {
        (table, tuple(one["column_names"]))
        for table in Base.metadata.tables
        for one in (*inspector.get_unique_constraints(table), *(i for i in inspector.get_indexes(table) if i["unique"]))
    }
    engine.dispose()
    assert {
        ("inbox_event", ("connection_id", "source", "event_id")),
        ("payment", ("connection_id", "external_id")),
        ("allocation", ("payment_id", "kind", "document_id")),
        ("effect", ("allocation_id", "generation")),
        ("effect", ("allocation_id",)),
        ("decision", ("allocation_id",)),
        ("ledger_entry", ("allocation_id",)),
        ("ledger_entry", ("connection_id", "target_invoice_id", "target_payment_id")),
        ("lane", ("step", "owner_id")),
        ("attempt", ("effect_id", "number")),
    } <= unique
