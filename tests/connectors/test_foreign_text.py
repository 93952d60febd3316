"""What others write comes in without our secrets, without what is no letter, and not longer than anybody reads."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from connectors.base import Got, InvoicesFound
from connectors.connectwise.client import Client
from connectors.connectwise.target import ConnectWiseTarget
from connectors.consent import Consent
from connectors.foreign_text import HIDDEN, Secrets, cleaned, secrets_sent
from connectors.keeping import NoMeter
from connectors.quickbooks.client import Client as QuickBooksClient
from connectors.quickbooks.oauth import QuickBooksAuthorization
from connectors.quickbooks.source import QuickBooksSource
from connectors.quickbooks.tokens import Application, Tokens, secrets_from
from tests.connectors.vendors import KEYS, REALM, Clock, MemoryKeeper, wire_to
from tests.few import in_turn
from tests.peers import listening

ACCESS, REFRESH, SECRET = (
    "access-token-0123456789abcdef",
    "refresh-token-9876543210",
    "client/secret+of=the application",
)
LOGIN = f"{KEYS.company}+{KEYS.public_key}:{KEYS.private_key}"
TRICKS = "\x1b[31mred\x1b[0m\x07\r\nbell\u202eright to left\u200bzero\ufeff width\x00\x85 end"


@contextmanager
def echo(status: int, shape: Callable[[str], Any], spelled: Callable[[str], str]) -> Iterator[str]:
    """A server that sends back every header and body that it was sent, in one spelling or another."""

    def serve(connection: socket.socket) -> None:
        with connection:
            while True:
                received = b""
                while b"\r\n\r\n" not in received:
                    data = connection.recv(65536)
                    if not data:
                        return
                    received += data
                head, _, body = received.partition(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                length = next((int(one[15:]) for one in lines if one.lower().startswith("content-length:")), 0)
                while len(body) < length:
                    body += connection.recv(65536)
                if "/login/companyinfo/" in lines[0]:
                    answer, code = json.dumps({"Codebase": "v2025_1/", "CompanyID": "acme"}).encode(), 200
                else:
                    said = TRICKS + " ".join(spelled(one) for one in [*lines[1:], body.decode("latin-1")])
                    answer, code = json.dumps(shape(said)).encode(), status
                trace = " ".join(one for one in lines if one.lower().startswith("authorization"))
                connection.sendall(
                    f"HTTP/1.1 {code} X\r\nintuit_tid: {trace}\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )

    with listening(serve) as port:
        yield f"http://127.0.0.1:{port}"


def decoded(line: str) -> str:
    scheme, _, rest = line.partition("Basic ")
    return f"{scheme}{base64.b64decode(rest).decode()}" if rest else line


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it came": lambda line: line,
    "decoded": decoded,
    "in capitals": str.upper,
    "quoted": lambda line: quote(line, safe=""),
    "in lines": lambda line: "\n".join(line[at : at + 20] for at in range(0, len(line), 20)),
    "with marks between": "\u200b".join,
    "cut": lambda line: line[:-7],
}
# Where a server's words may stand.
SHAPES: dict[str, Callable[[str], Any]] = {
    "message": lambda said: {"code": "X", "message": said},
    "errors": lambda said: {"message": "no", "errors": [{"message": said}]},
    "code": lambda said: {"code": said},
    "fault": lambda said: {"Fault": {"Error": [{"code": said[:200], "Message": said}]}},
    "error": lambda said: {"error": said, "error_description": said},
}
LETTERLESS = [one for one in TRICKS if not one.isprintable()]


def leaks(told: str) -> list[str]:
    """Parts of a secret, in any letter case, that can be read out of it."""
    shown = "".join(one for one in told.lower() if one.isprintable() and not one.isspace())
    parts = []
    for secret in (KEYS.private_key, KEYS.public_key, ACCESS, REFRESH, "secret+of=the"):
        for spelling in (secret, base64.b64encode(secret.encode()).decode().rstrip("="), quote(secret, safe="")):
            parts += [spelling.lower()[at : at + 12] for at in range(max(len(spelling) - 11, 1))]
    login = base64.b64encode(LOGIN.encode()).decode().lower()
    parts += [login[at : at + 12] for at in range(len(login) - 11)]
    return [part for part in parts if part.replace(" ", "") in shown]


def check(told: str) -> None:
    assert not leaks(told), told
    assert not [one for one in LETTERLESS if one in told], repr(told)


@pytest.mark.parametrize(
    ("status", "shape", "spelling"), in_turn([400, 401, 403, 404, 409, 429, 500, 200, 201], SHAPES, SPELLINGS)
)
def test_an_echo_of_our_keys_is_told_to_nobody(status: int, shape: str, spelling: str) -> None:
    with echo(status, SHAPES[shape], SPELLINGS[spelling]) as url, capture_logs() as logs:
        target = ConnectWiseTarget(Client(url, KEYS, "2025.16", wire_to("connectwise"), Clock().now), "USD", 0)
        keeper = MemoryKeeper(
            secrets_from({"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600}, Clock().now())
        )
        application = Application("client-id-12345", SECRET, f"{url}/token", revoke_url=f"{url}/revoke")
        wire, clock = wire_to("quickbooks"), Clock()
        consent = QuickBooksAuthorization(application, url, wire, clock.now)
        results: list[Any] = [
            target.check(),
            target.list_payments("1"),
            target.find_invoices(["1"], ["INV"]),
            target.create_payment("1", Decimal(1), date(2026, 11, 20)),
            target.change_payment("1", "2", Decimal(1), date(2026, 11, 20)),
            target.remove_payment("1", "2"),
            consent.exchange(Consent(REFRESH, REALM), "http://localhost", NoMeter()),
            consent.revoke({"refresh_token": REFRESH}),
        ]
        source = QuickBooksSource(
            QuickBooksClient(url, REALM, Tokens(application, keeper, wire, clock.now), wire, clock.now), "USD"
        )
        results += [source.check(), source.read_payments(["1"]), source.changes_since(clock.now())]
    for told in told_by(results):
        check(told)
        assert len(told) < 600
    check(" ".join(str(value) for entry in logs for value in entry.values()))


def told_by(results: list[Any]) -> Iterator[str]:
    """The other system's words in these results, also those about single values."""
    for result in results:
        yield str(getattr(result, "detail", ""))
        if isinstance(result, Got) and isinstance(result.value, InvoicesFound):
            yield from (*result.value.refused_ids.values(), *result.value.refused_numbers.values())
            yield str(getattr(result.value.failure, "detail", ""))


def test_records_carry_no_echo_either() -> None:
    def invoices(said: str) -> Any:
        return [
            {"id": 1, "invoiceNumber": said, "total": 1, "balance": 1, "company": {"name": said, "identifier": said}}
        ]

    def payments(said: str) -> Any:
        return [{"id": 1, "amount": 1, "appliedBy": said}]

    for spelled in (SPELLINGS["as it came"], SPELLINGS["decoded"]):
        with echo(200, invoices, spelled) as url:
            target = ConnectWiseTarget(Client(url, KEYS, "2025.16", wire_to("connectwise"), Clock().now), "USD", 0)
            found = target.find_invoices(["1"], [])
            assert isinstance(found, Got)
            [invoice] = found.value.invoices
            check(invoice.number + "".join(invoice.customer_names))
        with echo(200, payments, spelled) as url:
            target = ConnectWiseTarget(Client(url, KEYS, "2025.16", wire_to("connectwise"), Clock().now), "USD", 0)
            listed = target.list_payments("1")
            assert isinstance(listed, Got)
            check(listed.value[0].entered_by)


def test_the_words_around_a_secret_stay() -> None:
    secrets = Secrets(frozenset({"hunter2-hunter2"}))
    assert secrets.words("The key hunter2-hunter2 is not known.") == f"The key {HIDDEN} is not known."
    assert secrets.words("Invoice 4711 is closed.") == "Invoice 4711 is closed."
    assert Secrets(frozenset({"abc"})).words("abc is the alphabet") == "abc is the alphabet"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller & Söhne", "Müller & Söhne"),
        ("株式会社", "株式会社"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "[31mred"),
        ("a\u202eb\u2066c\u200dd\ufeffe\xadf", "abcdef"),
        ("\ud800x", "x"),
        ("a\x00b", "ab"),
        ("a\u00a0b", "a\u00a0b"),
        ("", ""),
    ],
)
def test_letters_stay_and_what_is_none_goes(text: str, shown: str) -> None:
    assert cleaned(text) == shown


def test_a_text_has_an_end() -> None:
    assert len(cleaned("a" * 10_000_000)) == 4000
    assert len(cleaned("\x1b" * 10_000_000 + "a")) <= 4000
    assert len(Secrets(frozenset({"hunter2-hunter2"})).words("hunter2-" * 1_000_000)) <= 300


def test_what_a_request_says_is_known_as_secret() -> None:
    headers = {"Authorization": "Basic " + base64.b64encode(LOGIN.encode()).decode(), "clientId": "my-client-id"}
    assert {KEYS.private_key, KEYS.public_key, LOGIN, "my-client-id"} <= set(secrets_sent(headers, None))
    assert KEYS.company not in set(secrets_sent(headers, None))
    assert set(secrets_sent({}, b"grant_type=refresh_token&refresh_token=a%2Fb")) == {"a/b"}
    assert set(secrets_sent({}, b'{"token": "abc"}')) == {"abc"}
    assert set(secrets_sent({}, b"\xff=\xfe&refresh_token")) == set()
