"""`webhooks`: the same as the page, from the command line."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tests.cli.conftest import Run
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.world import World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_a_webhook_from_its_beginning_to_its_end(run: Run, world: World, receiver: Receiver) -> None:
    assert "has no webhook" in run("webhooks", "list", "northwind").out
    added = run("webhooks", "add", "northwind", "Tickets", receiver.url)
    assert added.out.startswith("whsec_")
    assert "never shown again" in added.err
    [listed] = run("webhooks", "list", "northwind", "--json").json["webhooks"]
    assert (listed["name"], listed["is_on"], "payment.held" in listed["kinds"]) == ("Tickets", True, True)
    one = str(listed["id"])
    assert added.out.strip() not in run("webhooks", "list", "northwind", "--json").out
    assert run("webhooks", "change", "northwind", one, "--name", "Chat", "--kind", "payment.held").code == 0
    assert "Chat" in run("webhooks", "list", "northwind").out
    assert run("webhooks", "new-secret", "northwind", one).out != added.out
    assert "Answered 200" in run("webhooks", "test", "northwind", one).out
    receiver.status, receiver.text = 500, b"broken"
    failed = run("webhooks", "test", "northwind", one)
    assert (failed.code, "broken" in failed.out) == (2, True)
    log = run("webhooks", "log", "northwind", one, "--state", "failed", "--json").json["notices"]
    assert [each["tries"][0]["answer"] for each in log] == ["broken"]
    assert "500" in run("webhooks", "log", "northwind", one).out
    assert "off" in run("webhooks", "off", "northwind", one).out
    assert "switched off" in run("webhooks", "resend", "northwind", one, "--failed").err
    assert "on" in run("webhooks", "on", "northwind", one).out
    assert run("webhooks", "resend", "northwind", one, "--failed").out.strip() == "Sent again: 1."
    assert "removed" in run("webhooks", "remove", "northwind", one).out
    assert "no such webhook" in run("webhooks", "log", "northwind", one).err


def test_a_notice_of_the_log_is_sent_again(run: Run, world: World, receiver: Receiver) -> None:
    told = Told(world, receiver)
    one = str(told.add(receiver.url))
    told.pay_one()
    told.work_in_silence()
    told.tell()
    newest = str(told.notices[-1].id)
    assert run("webhooks", "resend", "northwind", one, newest).code == 0
    assert told.notices[-1].state == "waiting"


def test_a_signing_secret_moves_to_the_newest_key(
    run: Run, world: World, receiver: Receiver, environment: pytest.MonkeyPatch
) -> None:
    told = Told(world, receiver)
    one = str(told.add(receiver.url))
    newest = Fernet.generate_key().decode()
    environment.setenv("ENCRYPTION_KEYS", f"{newest},{DEVELOPMENT_ENCRYPTION_KEY}")
    assert run("keys", "rotate", "--json").json["endpoints"] == 1
    environment.setenv("ENCRYPTION_KEYS", newest)
    assert run("webhooks", "test", "northwind", one).code == 0
    environment.setenv("ENCRYPTION_KEYS", Fernet.generate_key().decode())
    assert "signing secret cannot be read" in run("webhooks", "test", "northwind", one).out


@pytest.mark.parametrize("more", [[], ["1", "--failed"]])
def test_what_to_send_again_is_said_in_one_way(run: Run, world: World, more: list[str]) -> None:
    assert "either a notice" in run("webhooks", "resend", "northwind", "1", *more).err


def test_an_address_that_we_do_not_call_is_refused_in_one_line(run: Run, world: World) -> None:
    ended = run("webhooks", "add", "northwind", "Tickets", "https://169.254.169.254/latest")
    assert (ended.code, "private network" in ended.err, ended.err.count("\n")) == (2, True, 1)
