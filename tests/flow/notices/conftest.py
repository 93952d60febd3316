from collections.abc import Iterator

import pytest

from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.world import World, open_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def told(world: World, receiver: Receiver) -> Told:
    """An organization whose one endpoint is told everything."""
    made = Told(world, receiver)
    made.add(receiver.url)
    return made
