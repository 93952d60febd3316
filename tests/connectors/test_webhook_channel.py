"""What we send to an endpoint, and where we do not send it."""

import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.addresses import AddressRules
from connectors.channel import Parcel
from connectors.http import TimeLimits
from connectors.limits import Limiter
from connectors.registry import Platform
from connectors.webhook.channel import Webhook
from connectors.webhook.signature import PREFIX, new_secret, signed_headers
from tests.contexts import TestClock
from tests.peers import NEVER_ENDING, Peer, listening
from tests.receiver import Receiver, receiving

SECRET = new_secret()
DEADLINE = TimeLimits(connect_seconds=0.5, read_seconds=0.7)
DEVELOPMENT = Platform(vendors={}, time_limits=TimeLimits(), limiter=Limiter(None, processes=1), now=TestClock().now)
PRODUCTION = replace(DEVELOPMENT, addresses=AddressRules(public_only=True))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def parcel(address: str, **changes: Any) -> Parcel:
    made = Parcel(1, address, "msg_1", b'{"id": "msg_1"}', [SECRET], datetime(2026, 11, 20, tzinfo=UTC))
    return replace(made, **changes)


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name leads there from now on; numbers stay what they are."""
    real = socket.getaddrinfo

    def resolved(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        if more.get("flags", 0) & socket.AI_NUMERICHOST:
            return real(host, port, *arguments, **more)
        return [info for one in addresses for info in real(one, port, *arguments, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


# --- the signature ---


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification."""
    secret = PREFIX + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_secrets_change_there_is_a_signature_by_each(receiver: Receiver) -> None:
    before = new_secret()
    Webhook(DEVELOPMENT).send(parcel(receiver.url, secrets=[SECRET, before]))
    [one] = receiver.received
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    expected = [
        "v1,"
        + base64.b64encode(
            hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        ).decode()
        for secret in (SECRET, before)
    ]
    assert one.headers["webhook-signature"].split(" ") == expected


def test_no_two_secrets_are_alike() -> None:
    assert len({new_secret() for _ in range(100)}) == 100


# --- the answer ---


def test_the_answer_is_a_value_whatever_it_is(receiver: Receiver) -> None:
    for status in (200, 204, 400, 410, 500):
        receiver.status = status
        receiver.text = b"" if status == 204 else b"thank you"
        assert Webhook(DEVELOPMENT).send(parcel(receiver.url)).status == status


def test_of_a_long_answer_we_keep_the_beginning_and_take_the_status(receiver: Receiver) -> None:
    receiver.text = b"a" * 3_000_000
    reply = Webhook(DEVELOPMENT).send(parcel(receiver.url))
    assert (reply.is_success, len(reply.text), reply.text[:5]) == (True, 1024, "aaaaa")


def test_letters_that_are_none_do_not_get_into_the_log(receiver: Receiver) -> None:
    receiver.text = "fine\x1b[31m \u202eenif\x00".encode() + b"\xff\xfe"
    assert Webhook(DEVELOPMENT).send(parcel(receiver.url)).text.isprintable()


@pytest.mark.parametrize("how", [name for name in NEVER_ENDING if "body" not in name and "chunk" not in name])
def test_a_receiver_without_end_is_cut_at_the_deadline(how: str) -> None:
    peer = Peer(NEVER_ENDING[how])
    with listening(peer.serve) as port:
        started = time.monotonic()
        Webhook(DEVELOPMENT, DEADLINE).send(parcel(f"http://127.0.0.1:{port}/"))
        assert time.monotonic() - started < DEADLINE.exchange_seconds + 1


def test_a_byte_now_and_then_is_no_answer() -> None:
    peer = Peer(NEVER_ENDING["a byte now and then in the headers"])
    with listening(peer.serve) as port:
        reply = Webhook(DEVELOPMENT, DEADLINE).send(parcel(f"http://127.0.0.1:{port}/"))
    assert (reply.status, reply.detail) == (None, "no answer within the time limit")


def test_a_receiver_that_says_yes_and_then_dawdles_has_said_yes() -> None:
    peer = Peer(NEVER_ENDING["a byte of the body now and then"])
    with listening(peer.serve) as port:
        started = time.monotonic()
        assert Webhook(DEVELOPMENT, DEADLINE).send(parcel(f"http://127.0.0.1:{port}/")).is_success
        assert time.monotonic() - started < DEADLINE.exchange_seconds + 1


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.location = 307, elsewhere.url
        reply = Webhook(DEVELOPMENT).send(parcel(receiver.url))
    assert (reply.status, reply.is_success, elsewhere.received) == (307, False, [])
    assert "redirect" in reply.detail


def test_nobody_listens(receiver: Receiver) -> None:
    with listening(lambda connection: connection.close()) as port:
        pass
    reply = Webhook(DEVELOPMENT).send(parcel(f"http://127.0.0.1:{port}/"))
    assert (reply.status, reply.detail) == (None, "no connection could be made")


# --- where nothing is sent ---

PRIVATE = ["127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1"]
PRIVATE += ["fe80::1", "fd00::1", "::ffff:10.0.0.8", "64:ff9b::a00:8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused_when_it_is_entered_and_at_every_send(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    leads_to(monkeypatch, address)
    channel = Webhook(PRODUCTION, DEADLINE)
    host = f"[{address}]" if ":" in address else address
    for url in ("https://hooks.example.com/payments", f"https://{host}/payments"):
        assert "private network" in (channel.problem_with(url) or "")
        reply = channel.send(parcel(url))
        assert (reply.status, "public address" in reply.detail) == (None, True)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "93.184.216.34", "10.0.0.8")
    assert "private network" in (Webhook(PRODUCTION).problem_with("https://hooks.example.com/") or "")


def test_a_name_that_leads_elsewhere_by_the_time_of_the_send_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """It was public when it was entered; now it leads to a port of our own machine."""
    leads_to(monkeypatch, "93.184.216.34")
    channel = Webhook(PRODUCTION, DEADLINE)
    port = receiver.url.split(":")[2].split("/")[0]
    url = f"https://hooks.example.com:{port}/payments"
    assert channel.problem_with(url) is None
    leads_to(monkeypatch, "127.0.0.1")
    assert channel.send(parcel(url)).status is None
    assert channel.send(parcel(url.replace("https", "http"))).status is None
    assert receiver.received == []


def test_a_host_that_the_operator_vouches_for_may_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "10.0.0.8")
    allowed = replace(PRODUCTION, addresses=AddressRules(public_only=True, allowed_hosts=(".corp.example",)))
    assert Webhook(allowed).problem_with("https://hooks.corp.example/") is None
    assert Webhook(allowed).problem_with("https://hooks.other.example/") is not None


def test_plain_http_goes_to_this_machine_alone_and_in_development_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Webhook(DEVELOPMENT).problem_with("http://127.0.0.1:9/") is None
    assert "private network" in (Webhook(PRODUCTION).problem_with("http://127.0.0.1:9/") or "")
    leads_to(monkeypatch, "93.184.216.34")
    for surroundings in (DEVELOPMENT, PRODUCTION):
        assert "https://" in (Webhook(surroundings).problem_with("http://hooks.example.com/") or "")
        reply = Webhook(surroundings).send(parcel("http://hooks.example.com/"))
        assert (reply.status, reply.detail) == (None, "an address without https is not called")


def test_in_development_too_a_private_network_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "169.254.169.254")
    assert "private network" in (Webhook(DEVELOPMENT).problem_with("https://hooks.example.com/") or "")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "whole address"),
        ("hooks.example.com", "whole address"),
        ("ftp://hooks.example.com/", "whole address"),
        ("https://", "whole address"),
        ("https://hooks.example.com:99999/", "whole address"),
        ("https://hooks.example.com:0/", "whole address"),
        ("https://hooks.example.com/a b", "whole address"),
        ("https://hooks.example.com/#part", "whole address"),
        ("https://hooks.example.com\\@127.0.0.1/", "whole address"),
        ("https://hooks.example.com/\r\nX: 1", "whole address"),
        ("https://user:word@hooks.example.com/", "user name and password"),
        ("https://h\u00f6\u00f6ks.example.com/", "whole address"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(address: str, words: str) -> None:
    assert words in (Webhook(DEVELOPMENT).problem_with(address) or "")


def test_a_name_that_nobody_has_is_a_typing_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def unknown(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        if str(host).endswith(".example"):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real(host, port, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "typing errors" in (Webhook(DEVELOPMENT).problem_with("https://hooks.exampel.example/") or "")


def test_a_secret_is_in_no_description() -> None:
    assert SECRET not in repr(parcel("https://hooks.example.com/"))
