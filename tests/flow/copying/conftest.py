from collections.abc import Iterator

import pytest

from tests.copying import Tool, open_tool


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    with open_tool(database_url) as opened:
        yield opened
