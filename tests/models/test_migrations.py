"""The migrations make exactly the tables that the code knows, from nothing, and a second time change nothing."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import models
from domain.own_payments import intent_of
from models.base import Base
from models.database import Database, upgrade
from models.own_intents import intent_with_marker
from tests.servers import PostgresqlDatabases

assert models.TABLES


BEFORE_INTENTS_HAD_PARTS = (
    (
        "INSERT INTO organization (id, slug, name, sync_tool_enabled, sync_enabled, sync_mode, correction_policy,"
        " twin_policy, created_at) VALUES (1, 'northwind', 'Northwind', true, true, 'all_invoices', 'automatic', 'adopt',"
        " '2026-11-20 10:00:00')"
    ),
    (
        "INSERT INTO connection (id, organization_id, role, vendor, account_id, status, settings, sealed_secrets,"
        " pause_reason, status_detail, failures, connected_at)"
        " VALUES (1, 1, 'source', 'quickbooks', '1', 'active', '{}', '', '', '', 0, '2026-11-20 10:00:00')"
    ),
    (
        "INSERT INTO own_payment_intent (connection_id, marker, amount, paid_on, document_id, registered_at)"
        " VALUES (1, 'pay-7c1e2f90', 12500000, '2026-11-20', '70', '2026-11-20 10:00:00')"
    ),
)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/not/there/yet/payments.sqlite"


@pytest.fixture
def empty_postgresql_url(postgresql_url: str) -> Iterator[str]:
    databases = PostgresqlDatabases(postgresql_url, lambda _url: None)
    with databases.fresh() as url:
        yield url
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    if request.config.getoption("--databases") not in ("all", request.param):
        pytest.skip("another database was asked for")
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


def differences(url: str) -> list[object]:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)


def tables(url: str) -> dict[str, list[str]]:
    engine = create_engine(url)
    inspector = inspect(engine)
    found = {
        name: sorted(column["name"] for column in inspector.get_columns(name)) for name in inspector.get_table_names()
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


def test_what_was_announced_for_one_invoice_is_announced_for_it_after_the_upgrade(empty_url: str) -> None:
    upgrade(empty_url, "0002")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for statement in BEFORE_INTENTS_HAD_PARTS:
            connection.execute(text(statement))
    engine.dispose()
    upgrade(empty_url)
    assert differences(empty_url) == []
    database = Database(empty_url)
    with database.reading() as session:
        row = intent_with_marker(session, 1, "pay-7c1e2f90")
        assert row is not None
        assert row.as_intent() == intent_of("pay-7c1e2f90", Decimal(125), date(2026, 11, 20), [("70", Decimal(125))])
    database.close()


def test_every_constraint_has_a_name_so_that_a_later_migration_can_drop_it(empty_url: str) -> None:
    upgrade(empty_url)
    engine = create_engine(empty_url)
    inspector = inspect(engine)
    for table in Base.metadata.tables:
        for one in (*inspector.get_unique_constraints(table), *inspector.get_foreign_keys(table)):
            assert one["name"], (table, one)
    engine.dispose()


def test_what_has_to_be_unique_is_unique_in_the_database_itself(empty_url: str) -> None:
    upgrade(empty_url)
    engine = create_engine(empty_url)
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
        ("effect", ("key",)),
        ("effect", ("allocation_id",)),
        ("decision", ("allocation_id",)),
        ("ledger_entry", ("allocation_id",)),
        ("ledger_entry", ("connection_id", "target_invoice_id", "target_payment_id")),
        ("lane", ("step", "owner_id")),
        ("attempt", ("effect_id", "number")),
    } <= unique
