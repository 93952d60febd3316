"""The invariants of one organization are asked by indexes: their cost does not grow with the other organizations."""

import re

import pytest

from benchmarks.counting import counted, plan_of
from models.database import Database
from models.invariants import BY_NAME, INVARIANTS, check_invariant
from tests.models.rows import Books

# A table is read from its beginning to its end, where no index leads to the organization's rows.
WHOLE_TABLE = re.compile(r"SCAN (?!both\b|anon_)\w+\b(?! USING)")


@pytest.mark.sqlite_decides
@pytest.mark.parametrize("name", [one.name for one in INVARIANTS])
def test_no_table_is_read_as_a_whole(database: Database, books: Books, name: str) -> None:
    with counted(database) as statements, database.reading() as session:
        check_invariant(session, BY_NAME[name], books.organization_id)
    steps = [step for statement in statements.seen for step in plan_of(database, *statement)]
    assert steps
    # PostgreSQL reads small tables as a whole, whatever indexes there are.
    if database.engine.dialect.name == "sqlite":
        assert [step for step in steps if WHOLE_TABLE.match(step)] == [], steps
