"""The lines that docs/webhooks.md gives to whoever writes a receiver, run against what we really send."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from domain.notices.kinds import NoticeKind
from tests.flow.notices.told import Told
from tests.receiver import Receiver
from usecases.endpoints import new_secret_for

PAGE = Path(__file__).parents[3] / "docs/webhooks.md"
IsGenuine = Callable[[str, Mapping[str, str], bytes], bool]


@pytest.fixture
def is_genuine() -> IsGenuine:
    [snippet] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(dedent("   " + snippet.lstrip()), names)
    found: IsGenuine = names["is_genuine"]
    return found


def set_to_the_time_of_the_machine(told: Told) -> None:
    """The lines compare with the clock of the machine they run on."""
    told.world.clock.move(seconds=(datetime.now(UTC) - told.world.clock.now()).total_seconds())


@pytest.fixture
def sent(told: Told, receiver: Receiver) -> Receiver:
    set_to_the_time_of_the_machine(told)
    told.pay_one()
    told.work_in_silence()
    told.tell()
    assert receiver.received
    return receiver


def test_what_we_send_is_genuine(told: Told, sent: Receiver, is_genuine: IsGenuine) -> None:
    for one in sent.received:
        assert is_genuine(told.secret, one.headers, one.body)


def test_whatever_was_changed_on_the_way_is_not(told: Told, sent: Receiver, is_genuine: IsGenuine) -> None:
    one = sent.received[0]
    earlier = str(int(one.headers["webhook-timestamp"]) - 1)
    assert not is_genuine(told.secret, one.headers, one.body.replace(b"synced", b"failed"))
    assert not is_genuine(told.secret, {**one.headers, "webhook-id": "msg_other"}, one.body)
    assert not is_genuine(told.secret, {**one.headers, "webhook-timestamp": earlier}, one.body)
    assert not is_genuine("whsec_" + "A" * 43 + "=", one.headers, one.body)


def test_what_is_too_old_is_not(
    told: Told, sent: Receiver, is_genuine: IsGenuine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, now = sent.received[0], time.time()
    monkeypatch.setattr(time, "time", lambda: now + 400)
    assert not is_genuine(told.secret, one.headers, one.body)


def test_while_secrets_change_both_are_good(told: Told, receiver: Receiver, is_genuine: IsGenuine) -> None:
    set_to_the_time_of_the_machine(told)
    changed = new_secret_for(told.world.context, told.world.organization_id, told.endpoint_id)
    assert changed is not None
    told.pay_one()
    told.work_in_silence()
    told.tell()
    for secret in (told.secret, changed.secret):
        assert is_genuine(secret, receiver.received[0].headers, receiver.received[0].body)


def test_the_page_names_every_kind_of_news() -> None:
    named = re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(NoticeKind)
