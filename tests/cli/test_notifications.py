"""`notifications`: the same as the page, from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.notices.channels import PeopleChannel
from domain.notices.kinds import ALARM_KINDS
from tests.cli.conftest import Run
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.world import World
from usecases.endpoints import Wanted, WithSecret, add_endpoint

KEY = "0123456789abcdef0123456789ABCDEF"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_a_channel_from_its_beginning_to_its_end(run: Run, world: World, receiver: Receiver, tmp_path: Path) -> None:
    assert "nobody of 'northwind' is told" in run("notifications", "list", "northwind").out
    file = tmp_path / "slack.json"
    file.write_text(json.dumps({"address": receiver.url}))
    file.chmod(0o600)
    added = run(
        "notifications", "add", "northwind", "slack", "Chat", "--secrets-file", str(file), "--quiet", "22:00-7:00"
    )
    assert "is added" in added.out
    [listed] = run("notifications", "list", "northwind", "--json").json["notifications"]
    assert (listed["channel"], listed["quiet_from"], listed["quiet_until"]) == ("slack", "22:00", "07:00")
    assert receiver.url not in json.dumps(listed)
    one = str(listed["id"])
    changed = run("notifications", "change", "northwind", one, "--name", "Ops", "--quiet", "none", "--json").json
    assert (changed["name"], changed["quiet_from"], len(changed["kinds"])) == ("Ops", "", 6)
    assert "Answered 200" in run("notifications", "test", "northwind", one).out
    receiver.status = 500
    assert run("notifications", "test", "northwind", one).code == 2
    assert "500" in run("notifications", "log", "northwind", one, "--state", "failed").out
    assert run("notifications", "resend", "northwind", one, "--failed").out.strip() == "Sent again: 1."
    assert "is off" in run("notifications", "off", "northwind", one).out
    assert "is on" in run("notifications", "on", "northwind", one).out
    assert "is removed" in run("notifications", "remove", "northwind", one).out
    assert "no such notification" in run("notifications", "log", "northwind", one).err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("slack", "Chat", "--to", "https://hooks.slack.com/services/x"), "this address is secret"),
        (("pagerduty", "Pager"), "NOTIFICATION_ADDRESS is not set"),
        (("mail", "Books", "--to", "books@northwind.example"), "sends no e-mail yet"),
        (("mail", "Books", "--quiet", "22:00"), "Quiet hours need a beginning and an end."),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(run: Run, world: World, typed: tuple[str, ...], told: str) -> None:
    refused = run("notifications", "add", "northwind", *typed)
    assert refused.code == 2
    assert told in refused.err


def test_a_webhook_is_no_channel_of_people(run: Run, world: World, receiver: Receiver) -> None:
    webhook = str(Told(world, receiver).add(receiver.url))
    for command in ("test", "off", "remove", "log"):
        assert "no such notification" in run("notifications", command, "northwind", webhook).err


def test_a_channel_of_people_is_no_webhook(run: Run, world: World, receiver: Receiver) -> None:
    wanted = Wanted("Chat", receiver.url, ALARM_KINDS, channel=PeopleChannel.SLACK)
    added = add_endpoint(world.context, world.organization_id, wanted)
    assert isinstance(added, WithSecret)
    for command in ("test", "off", "remove", "log"):
        assert "no such webhook" in run("webhooks", command, "northwind", str(added.endpoint.id)).err
