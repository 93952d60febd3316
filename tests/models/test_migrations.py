"""The migrations make exactly the tables that the code knows, from nothing, and a second time change nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text

import models
from domain.ingest.own_payments import intent_of
from models.base import Base
from models.database import Database, upgrade
from models.ledger import LedgerEntry
from models.looks import InvoiceLook
from models.own_intents import intent_with_marker
from models.payments import Payment
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


# Three synced payments of 100.00 USD, one of them gone and one taken back, and one that was voided: as of revision 0023.
_SYNCED = [(1, "7001", "false", "NULL"), (2, "7002", "true", "NULL"), (3, "7003", "false", "'2026-11-21 10:00:00'")]
BEFORE_ANYBODY_LOOKED_AGAIN = (
    BEFORE_INTENTS_HAD_PARTS[0],
    (
        "INSERT INTO connection (id, organization_id, role, vendor, account_id, status, settings, sealed_secrets,"
        " secrets_version, pause_reason, status_detail, missed_count, read_streak, author, connected_at)"
        " VALUES (1, 1, 'target', 'connectwise', '1', 'active', '{}', '', 0, '', '', 0, 0, '', '2026-11-20 10:00:00')"
    ),
    *(
        "INSERT INTO payment (id, organization_id, connection_id, external_id, version, changed_at, state,"
        " deletion_inferred, paid_on, total, unapplied, customer_id, customer_name, reference, note, first_seen_at,"
        f" updated_at) VALUES ({number}, 1, 1, '{number}', 0, '2026-11-20 10:00:00', '{state}', false, {day}, {total}, 0,"
        " '', '', '', '', '2026-11-22 10:00:00', '2026-11-22 10:00:00')"
        for number, state, day, total in [
            (1, "live", "'2026-11-20'", 10000000),
            (2, "live", "NULL", 10000000),
            (3, "live", "'2026-11-20'", 10000000),
            (4, "voided", "'2026-11-20'", 0),
        ]
    ),
    *(
        "INSERT INTO allocation (id, organization_id, payment_id, kind, document_id, amount, removed, ignore_twins)"
        f" VALUES ({number}, 1, {number}, 'invoice', '7{number}', 10000000, false, false)"
        for number in (1, 2, 3, 4)
    ),
    *(
        "INSERT INTO ledger_entry (organization_id, connection_id, allocation_id, target_invoice_id, target_payment_id,"
        " amount, paid_on, ours, shared, harmed, gone, created_at, removed_at, removed_by_hand)"
        f" VALUES (1, 1, {number}, '20{number}', '{payment}', 10000000, '2026-11-20', true, false, false, {gone},"
        f" '2026-11-20 10:00:00', {removed}, false)"
        for number, payment, gone, removed in _SYNCED
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
    if request.config.getoption("--databases") not in ("both", "as-marked", request.param):
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


def test_what_was_synced_before_is_looked_at_and_listed_after_the_upgrade(empty_url: str) -> None:
    upgrade(empty_url, "0023")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for statement in BEFORE_ANYBODY_LOOKED_AGAIN:
            connection.execute(text(statement))
    engine.dispose()
    before = datetime.now(UTC)
    upgrade(empty_url)
    assert differences(empty_url) == []
    database = Database(empty_url)
    with database.reading() as session:
        looks = session.scalars(select(InvoiceLook).order_by(InvoiceLook.target_invoice_id)).all()
        entries = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
        payments = session.scalars(select(Payment).order_by(Payment.id)).all()
    database.close()
    assert [look.target_invoice_id for look in looks] == ["201", "202"], "where something stands for a payment"
    assert all(look.due_at is not None and before < look.due_at < before + timedelta(days=15) for look in looks)
    assert looks[0].due_at != looks[1].due_at, "one by one"
    assert [(one.finding, one.handed_over) for one in entries] == [("", False), ("gone", False), ("", False)]
    days = [date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 20), date(2026, 11, 20)]
    assert [(one.listed_on, one.live_total) for one in payments] == [(day, Decimal(100)) for day in days]


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
