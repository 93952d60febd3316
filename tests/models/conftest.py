from collections.abc import Iterator

import pytest

from models.database import Database
from tests.models.rows import Books, add_books


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def books(database: Database) -> Books:
    return add_books(database)
