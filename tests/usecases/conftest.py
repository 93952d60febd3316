from collections.abc import Iterator

import pytest

from tasks.context import Context
from tests.contexts import make_context
from tests.world import World, open_world


@pytest.fixture
def context(database_url: str) -> Iterator[Context]:
    made = make_context(database_url)
    yield made
    made.database.close()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened
