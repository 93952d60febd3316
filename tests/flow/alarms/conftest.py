from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.flow.alarms.alarmed import Alarmed
from tests.mailbox import Mailbox, receiving_mail
from tests.receiver import Receiver, receiving
from tests.world import World, open_world


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving_mail() as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def world(database_url: str, mailbox: Mailbox) -> Iterator[World]:
    with open_world(database_url) as opened:
        platform = replace(opened.context.platform, mail=mailbox.server())
        opened.context = replace(opened.context, platform=platform, address="https://pay.example.com")
        yield opened


@pytest.fixture
def alarmed(world: World, mailbox: Mailbox) -> Alarmed:
    return Alarmed(world, mailbox)
