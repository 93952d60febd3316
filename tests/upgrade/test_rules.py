"""Every migration since the last release leaves that release working; docs/upgrading.md has the rules."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect

from models.database import _alembic_config
from tests.upgrade.releases import ROOT, NoHistory, is_shallow, last_release, releases, text_in
from tests.upgrade.rules import SMALL, TRIGGERS, Known, problems_of

VERSIONS = ROOT / "models/migrations/versions"
KNOWN = Known(
    {"payment": frozenset({"id", "reason"}), "organization": frozenset({"id", "old"}), "gone": frozenset({"id"})},
    frozenset({"organization.old", "gone", "a_function"}),
)


def test_every_migration_since_the_last_release_leaves_it_working(empty_postgresql_url: str) -> None:
    config = _alembic_config(empty_postgresql_url)
    release = last_release()
    command.upgrade(config, release.schema)
    known = Known(columns_of(empty_postgresql_url), release.left_behind)
    assert len(known.columns) > 30
    later = later_than(release.schema)
    assert later, "nothing was added since the last release: leave the test, it is for what comes"
    problems = {}
    for revision in later:
        statements = statements_of(empty_postgresql_url, revision)
        assert len(statements) > 1, revision
        if found := problems_of(statements, known):
            problems[revision] = found
    assert problems == {}
    # Whatever the rules name is there: a name that nothing has would be an exception for nobody.
    assert triggers_of(empty_postgresql_url) >= TRIGGERS.keys()
    assert columns_of(empty_postgresql_url).keys() >= SMALL


def later_than(schema: str) -> list[str]:
    scripts = ScriptDirectory.from_config(_alembic_config("postgresql+psycopg://"))
    return [one.revision for one in reversed(list(scripts.iterate_revisions("head", schema)))]


def statements_of(url: str, revision: str) -> list[str]:
    """What the upgrade to this revision says to the database."""
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        command.upgrade(_alembic_config(url), revision)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    return said


def columns_of(url: str) -> dict[str, frozenset[str]]:
    engine = create_engine(url)
    inspector = inspect(engine)
    found = {
        table: frozenset(one["name"] for one in inspector.get_columns(table)) for table in inspector.get_table_names()
    }
    engine.dispose()
    found.pop("alembic_version")
    return found


def triggers_of(url: str) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        there = set(connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").scalars())
    engine.dispose()
    return there


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE payment ADD COLUMN colour VARCHAR(10) NOT NULL",
        "ALTER TABLE payment ADD COLUMN token VARCHAR(40) DEFAULT gen_random_uuid() NOT NULL",
        "ALTER TABLE payment DROP COLUMN reason",
        "ALTER TABLE payment RENAME COLUMN reason TO why",
        "ALTER TABLE payment RENAME TO paid",
        "ALTER TABLE payment ALTER COLUMN reason TYPE TEXT",
        "ALTER TABLE payment ALTER COLUMN reason SET NOT NULL",
        "ALTER TABLE payment ALTER COLUMN reason DROP DEFAULT",
        "ALTER TABLE payment ADD CONSTRAINT ck CHECK (id > 0)",
        "ALTER TABLE payment ADD CONSTRAINT uq UNIQUE (reason)",
        "DROP TABLE payment",
        "CREATE INDEX ix ON payment (reason)",
        "CREATE UNIQUE INDEX CONCURRENTLY ix ON payment (reason)",
        "DROP INDEX ix",
        "DROP FUNCTION of_somebody_else",
        "CREATE TRIGGER new BEFORE UPDATE OR DELETE ON payment FOR EACH ROW EXECUTE FUNCTION refuse()",
        "UPDATE payment SET reason = ''",
        "DELETE FROM payment",
        "LOCK TABLE payment",
    ],
)
def test_what_the_last_release_could_not_work_with_is_found(statement: str) -> None:
    assert problems_of([statement], KNOWN)
    assert problems_of([statement.replace("payment", '"payment"', 1)], KNOWN)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE payment ADD COLUMN colour VARCHAR(10)",
        "ALTER TABLE payment ADD COLUMN colour VARCHAR(10) DEFAULT '' NOT NULL",
        "ALTER TABLE organization DROP COLUMN old",
        "ALTER TABLE new ADD COLUMN colour VARCHAR(10) NOT NULL",
        "ALTER TABLE payment ADD CONSTRAINT ck CHECK (id > 0) NOT VALID",
        "DROP TABLE gone",
        "DROP FUNCTION a_function",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON payment (reason)",
        "CREATE INDEX ix ON organization (id)",
        "CREATE UNIQUE INDEX ix ON new (id)",
        "DROP INDEX CONCURRENTLY IF EXISTS ix",
        "CREATE TRIGGER new BEFORE UPDATE ON new FOR EACH ROW EXECUTE FUNCTION refuse()",
        "UPDATE payment SET reason = '' WHERE id BETWEEN 1 AND 1000",
        "UPDATE organization SET old = ''",
        "INSERT INTO new (id) SELECT id FROM payment",
    ],
)
def test_what_the_last_release_can_work_with_passes(statement: str) -> None:
    assert problems_of([statement], KNOWN) == []


def test_an_index_that_is_made_online_has_a_migration_of_its_own() -> None:
    online = "CREATE INDEX CONCURRENTLY ix ON payment (reason)"
    assert problems_of([online, "CREATE TABLE other (id INT)"], KNOWN)
    assert problems_of([online, "SET lock_timeout = 0", "ALTER INDEX ix RENAME TO iy"], KNOWN) == []


def test_the_migrations_of_a_release_are_never_changed() -> None:
    """A database of that release has them behind itself, and would not get the change."""
    release = last_release()
    names = [path for path in sorted(VERSIONS.glob("*.py")) if revision_of(path) not in later_than(release.schema)]
    assert len(names) > 10
    try:
        changed = [
            path.name for path in names if path.read_text() != text_in(release, path.relative_to(ROOT).as_posix())
        ]
    except NoHistory as error:
        if os.environ.get("CI") and not is_shallow():
            raise
        pytest.skip(f"the migrations are not compared: {error}")
    assert changed == []


def revision_of(path: Path) -> str:
    found = re.search(r'^revision = "(\w+)"', path.read_text(), re.MULTILINE)
    assert found, path
    return found[1]


def test_the_list_of_releases_names_each_once_with_a_schema_that_is_known() -> None:
    listed = releases()
    assert len({one.version for one in listed}) == len({one.commit for one in listed}) == len(listed)
    scripts = ScriptDirectory.from_config(_alembic_config("postgresql+psycopg://"))
    known = {one.revision for one in scripts.walk_revisions()}
    assert {one.schema for one in listed} <= known
    assert all(re.fullmatch(r"[0-9a-f]{40}", one.commit) for one in listed)
