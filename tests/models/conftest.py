from collections.abc import Iterator

import pytest

from models.database import Database
from tests.contexts import database_at
from tests.models.rows import Books, add_books


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = database_at(database_url)
    yield opened
    opened.close()


@pytest.fixture
def books(database: Database) -> Books:
    return add_books(database)
