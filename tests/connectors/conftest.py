from collections.abc import Iterator

import pytest

from connectors.connectwise.biller import ConnectWiseBiller
from connectors.quickbooks.books import QuickBooksBooks
from tests.connectors.billing import Billing
from tests.connectors.vendors import ConnectWise, QuickBooks, open_connectwise, open_quickbooks
from tests.world import World, open_world


@pytest.fixture
def connectwise() -> Iterator[ConnectWise]:
    with open_connectwise() as opened:
        yield opened


@pytest.fixture
def billing(connectwise: ConnectWise) -> Billing:
    return Billing(connectwise, ConnectWiseBiller(connectwise.target._client))


@pytest.fixture
def quickbooks() -> Iterator[QuickBooks]:
    with open_quickbooks() as opened:
        yield opened


@pytest.fixture
def books(quickbooks: QuickBooks) -> QuickBooksBooks:
    return QuickBooksBooks(quickbooks.source._client)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The whole way, for promises that no connector can keep alone."""
    with open_world(database_url) as opened:
        yield opened
