import pytest

from tests.sandbox.quickbooks.support import books, calling


@pytest.fixture
def sandbox():
    return books()


@pytest.fixture
def api(sandbox):
    with calling(sandbox) as caller:
        yield caller
