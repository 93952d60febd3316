"""Whatever a peer does, an exchange ends in its time and its size, and what may have arrived is never called not sent."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Failure, FailureKind, NotSent, Unknown
from connectors.connectwise.settings import ConnectWiseSettings
from connectors.connectwise.vendor import ConnectWise
from connectors.consent import Consent
from connectors.http import Answer, NeverSent, NoAnswer, SizeLimits, TimeLimits, Wire
from connectors.keeping import NoMeter
from connectors.limits import Limiter, Rate
from connectors.quickbooks.tokens import secrets_from
from connectors.quickbooks.vendor import QuickBooks
from connectors.registry import Platform, authorization, open_source, open_target
from connectors.vendor import Account
from sandbox.certificates import server_context, write_certificate
from tests.connectors.vendors import KEYS, NO_LIMIT, REALM, MemoryKeeper
from tests.contexts import quickbooks_settings
from tests.few import in_turn
from tests.peers import (
    NEVER_ENDING,
    OK,
    SECONDS_BETWEEN_BYTES,
    TOO_MUCH,
    listening,
    one_member_bomb,
    peer,
    read_request,
    slowly,
    whole,
)

LIMITS = TimeLimits(connect_seconds=1, read_seconds=1)
# A machine that is busy with other things may be late by this much; before, none of these calls came to an end.
SLACK_SECONDS = 60
NOW = datetime.now(UTC)
TOKENS = secrets_from({"access_token": "access", "refresh_token": "refresh"}, NOW)


CONNECTWISE = ConnectWise(ConnectWiseSettings(client_id=KEYS.client_id), NO_LIMIT)


def platform(url: str) -> Platform:
    return Platform(
        vendors={"quickbooks": QuickBooks(quickbooks_settings(url), NO_LIMIT), "connectwise": CONNECTWISE},
        time_limits=LIMITS,
        limiter=Limiter(None, processes=1),
        now=lambda: NOW,
    )


def source(url: str, now: datetime = NOW) -> Any:
    opened = replace(platform(url), now=lambda: now)
    return open_source(opened, Account(1, "quickbooks", REALM, {"home_currency": "USD"}, MemoryKeeper(dict(TOKENS))))


def target(url: str) -> Any:
    keeper = MemoryKeeper({"public_key": KEYS.public_key, "private_key": KEYS.private_key})
    settings = {"site_url": url, "company": "acme", "home_currency": "USD"}
    return open_target(platform(url), Account(2, "connectwise", "acme", settings, keeper))


def create(url: str) -> Any:
    return target(url).create_payment("1", Decimal(100), date(2026, 11, 20))


# Every kind of exchange there is. The first two need to be told where the API is.
READS: dict[str, Callable[[str], Any]] = {
    "a list of payments": lambda url: target(url).list_payments("1"),
    "invoices": lambda url: target(url).find_invoices(["1"], ["INV-1"]),
    "a check": lambda url: target(url).check(),
}
OTHERS: dict[str, Callable[[str], Any]] = {
    "where the API is": lambda url: CONNECTWISE.account_identity(
        platform(url), "acme", {"site_url": url, "company": "acme"}
    ),
    "payments of a company": lambda url: source(url).read_payments(["1"]),
    "changes of a company": lambda url: source(url).changes_since(NOW),
    "company": lambda url: source(url).check(),
    "a refresh": lambda url: source(url, NOW + timedelta(hours=2)).check(),
    "a consent": lambda url: authorization(platform(url), "quickbooks").exchange(  # type: ignore[union-attr]
        Consent("code", REALM), "http://localhost/back", NoMeter()
    ),
    "a revocation": lambda url: authorization(platform(url), "quickbooks").revoke(dict(TOKENS)),  # type: ignore[union-attr]
}
WRITES: dict[str, Callable[[str], Any]] = {
    "a payment": create,
    "a changed payment": lambda url: target(url).change_payment("1", "2", Decimal(100), date(2026, 11, 20)),
    "a removed payment": lambda url: target(url).remove_payment("1", "2"),
}

WRITE_METHODS = {"a payment": "POST", "a changed payment": "PATCH", "a removed payment": "DELETE"}


def wire(sizes: SizeLimits | None = None, time_limits: TimeLimits = LIMITS) -> Wire:
    return Wire("connectwise", Limiter(None, processes=1), "k", (Rate(100_000, 1),), time_limits, sizes)


@dataclass
class Ended:
    result: Any
    seconds: float


def all_at_once(calls: dict[str, Callable[[], Any]]) -> dict[str, Ended]:
    """Every call in a thread of its own; a call that never ends fails the test and does not stop it."""
    ended: dict[str, Ended] = {}

    def run(name: str, call: Callable[[], Any]) -> None:
        begun = time.monotonic()
        result = call()
        ended[name] = Ended(result, time.monotonic() - begun)

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in calls.items()]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + LIMITS.exchange_seconds * 5 + SLACK_SECONDS
    for thread in threads:
        thread.join(max(give_up - time.monotonic(), 0))
    assert set(ended) == set(calls), "these never ended, or died"
    return ended


# One write of each kind, and some of the others beside it.
SHARES = {
    "a payment": ("a list of payments", "where the API is", "payments of a company", "a refresh"),
    "a changed payment": ("invoices", "changes of a company", "a consent"),
    "a removed payment": ("a check", "company", "a revocation"),
}


def test_every_kind_of_exchange_is_in_a_share() -> None:
    assert {*SHARES, *(one for share in SHARES.values() for one in share)} == {*READS, *WRITES, *OTHERS}


@pytest.mark.parametrize(("kind", "write"), in_turn([*NEVER_ENDING, *TOO_MUCH], SHARES))
def test_every_exchange_ends_in_its_time_and_its_size(kind: str, write: str) -> None:
    wanted = {write, *SHARES[write]}
    answer = (NEVER_ENDING | TOO_MUCH)[kind]
    # Packed before anybody asks: the seconds that a bomb takes to pack are no slowness of the peer.
    one_member_bomb()
    with peer(answer, tells_where=True) as knows_where, peer(answer) as other:
        ended = all_at_once(
            {name: lambda call=call: call(knows_where.url) for name, call in (READS | WRITES).items() if name in wanted}
            | {name: lambda call=call: call(other.url) for name, call in OTHERS.items() if name in wanted}
        )
    for name in wanted - {write, "a revocation"}:
        result = ended[name].result
        assert isinstance(result, Failure), (name, result)
        assert result.kind in (FailureKind.UNAVAILABLE, FailureKind.REFUSED), (name, result)
    # It was sent, and nobody knows: the one answer that leads to a look before it is sent again.
    arrived = any(line.startswith(f"{WRITE_METHODS[write]} /v2025_1/") for line in knows_where.asked)
    assert arrived, "the write itself is what this is about"
    assert isinstance(ended[write].result, Unknown), (write, ended[write].result)
    if "a revocation" in wanted and kind in NEVER_ENDING:
        assert isinstance(ended["a revocation"].result, Failure)
    for name, end in ended.items():
        # A question has the time of one exchange; a check asks several.
        exchanges = 5 if name == "a check" else 1
        assert end.seconds < LIMITS.exchange_seconds * exchanges + SLACK_SECONDS, (name, end)


def test_what_is_too_much_is_never_held_in_memory() -> None:
    one_member_bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind in ("a body without end", "chunks without end", "headers without end"):
        with peer(NEVER_ENDING[kind], tells_where=True) as opened:
            assert isinstance(create(opened.url), Unknown)
    with peer(TOO_MUCH["a bomb of one member"], tells_where=True) as opened:
        assert isinstance(create(opened.url), Unknown)
    more_mebibytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert more_mebibytes < 300, "the bomb alone is 400 MiB"


# --- connecting ---


def silent(connection: socket.socket) -> None:
    """Accepts, and says nothing: no ServerHello ever comes."""
    time.sleep(60)


def slow_hello(connection: socket.socket) -> None:
    connection.recv(65536)
    try:
        # The begin of a TLS record that promises sixteen kilobytes.
        for data in slowly(b"\x16\x03\x03\x40\x00" + b"\x02" * 16_000):
            connection.sendall(data)
    except OSError:
        return


@pytest.mark.parametrize("serve", [silent, slow_hello], ids=["silent", "slow"])
def test_a_handshake_without_end_was_certainly_not_sent(serve: Callable[[socket.socket], None]) -> None:
    with listening(serve) as port:
        url = f"https://127.0.0.1:{port}"
        ended = all_at_once({"write": lambda: create(url), "refresh": lambda: source(url, NOW + timedelta(2)).check()})
    assert isinstance(ended["write"].result, NotSent)
    assert isinstance(ended["refresh"].result, Failure)
    assert max(end.seconds for end in ended.values()) < LIMITS.exchange_seconds + SLACK_SECONDS


def test_a_certificate_that_nobody_vouches_for_was_certainly_not_sent(tmp_path: Any) -> None:
    context = server_context(write_certificate(tmp_path))

    def serve(connection: socket.socket) -> None:
        try:
            context.wrap_socket(connection, server_side=True).recv(1)
        except OSError:
            return

    with listening(serve) as port:
        assert isinstance(create(f"https://127.0.0.1:{port}"), NotSent)


def test_the_same_deadline_holds_inside_of_tls(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    context = server_context(certificate)
    # A handshake takes its time on a busy machine, and it is not what this is about.
    patient = wire(time_limits=TimeLimits(connect_seconds=20, read_seconds=1))

    def serve(connection: socket.socket, answer: Iterator[bytes]) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                read_request(encrypted)
                for data in answer:
                    encrypted.sendall(data)
        except OSError:
            return

    for kind in ("a byte now and then in the headers", "a byte of the body now and then", "a body without end"):
        with listening(lambda one, kind=kind: serve(one, NEVER_ENDING[kind](OK))) as port:
            begun = time.monotonic()
            result = patient.exchange("POST", f"https://127.0.0.1:{port}/", route="x", headers={}, body=b"{}")
            assert isinstance(result, NoAnswer), kind
            assert time.monotonic() - begun < LIMITS.exchange_seconds + SLACK_SECONDS
    with listening(lambda one: serve(one, whole(OK, b'{"a":1}'))) as port:
        result = patient.exchange("POST", f"https://127.0.0.1:{port}/", route="x", headers={}, body=b"{}")
        assert isinstance(result, Answer)
        assert result.json() == {"a": 1}


def test_names_that_nobody_answers_for_have_a_deadline_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def asked(host: Any, *arguments: Any, **more: Any) -> Any:
        if host != "slow.example.com":
            return real(host, *arguments, **more)
        if not more.get("flags"):
            over.wait(60)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    try:
        begun = time.monotonic()
        result = wire().exchange("POST", "http://slow.example.com/", route="x", headers={}, body=b"{}")
        assert isinstance(result, NeverSent)
        assert time.monotonic() - begun < LIMITS.exchange_seconds + SLACK_SECONDS
    finally:
        over.set()


# --- sending ---


def test_a_peer_that_does_not_read_our_request_is_left() -> None:
    with listening(silent) as port:
        begun = time.monotonic()
        body = b"a" * (64 * 1024 * 1024)
        result = wire().exchange("POST", f"http://127.0.0.1:{port}/", route="x", headers={}, body=body)
    # A part of it has gone out.
    assert isinstance(result, NoAnswer)
    assert time.monotonic() - begun < LIMITS.exchange_seconds + SLACK_SECONDS


def test_a_question_of_many_slow_pages_ends_within_the_time_of_one_exchange() -> None:
    """A server that is just fast enough on every page of a long list would keep a thread for fifty exchanges."""

    def page(_: bytes) -> Iterator[bytes]:
        time.sleep(SECONDS_BETWEEN_BYTES * 2)
        body = b'[{"id":1,"amount":1}]'
        yield from whole(OK, body, b'Link: <http://x/?page=2>; rel="next"')

    with peer(page, tells_where=True) as opened:
        begun = time.monotonic()
        result = target(opened.url).list_payments("1")
        seconds = time.monotonic() - begun
    assert isinstance(result, Failure)
    assert seconds < LIMITS.exchange_seconds + SLACK_SECONDS
    assert len(opened.asked) < 20


def test_a_page_with_more_records_than_asked_for_is_no_page() -> None:
    body = b"[" + b",".join([b'{"id":1,"amount":1}'] * 1001) + b"]"
    with peer(lambda _: whole(OK, body), tells_where=True) as opened:
        result = target(opened.url).list_payments("1")
    assert isinstance(result, Failure)
    assert "more records" in result.detail
