"""Whether a request may have reached the other side: only what failed before its first byte was never sent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.http import Answer, Exchange, NeverSent, NoAnswer, TimeLimits
from tests.connectors.vendors import wire_to
from workers.redis_server import free_port


@contextmanager
def a_server_that_answers(raw: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """One answer, byte for byte, and what it was an answer to."""
    received: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(5)

    def answer() -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            received.append(connection.recv(65536))
            connection.sendall(raw)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/payments", received
    finally:
        listening.close()
        thread.join()


def post(url: str, **headers: str) -> Exchange:
    wire = wire_to("connectwise", TimeLimits(connect_seconds=1, read_seconds=1))
    return wire.exchange("POST", url, route="payments", headers=headers, body=b"{}")


@pytest.mark.parametrize(
    "location",
    [b"/caf\xe9", b"http://[", b"http://\xff\xfe/", b"//", b"http://a%zz/", b"https://x:port/", b"", b"\x80"],
)
def test_a_redirect_to_nowhere_readable_is_an_answer_and_never_taken_for_not_sent(location: bytes) -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with a_server_that_answers(raw) as (url, received):
        result = post(url)
    assert received, "the request had arrived"
    assert isinstance(result, Answer)
    assert result.status == 302


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 2x1 Created\r\n\r\n",
        b"\xff\xfe\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"",
    ],
)
def test_whatever_goes_wrong_after_the_request_went_out_is_no_proof_that_it_did_not_arrive(raw: bytes) -> None:
    with a_server_that_answers(raw) as (url, received):
        result = post(url)
    assert received
    assert not isinstance(result, NeverSent)


def test_an_error_that_nobody_foresaw_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
    monkeypatch.setattr("requests.adapters.HTTPAdapter.build_response", lambda *_: {}["nothing"])
    with a_server_that_answers(raw) as (url, received):
        result = post(url)
    assert received
    assert isinstance(result, NoAnswer)


def test_a_key_that_cannot_be_written_to_the_wire_is_found_out_before_anything_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        result = post(f"http://127.0.0.1:{listening.getsockname()[1]}/", clientId="a\u2013b")
        with pytest.raises(TimeoutError):
            listening.accept()
    assert result == NeverSent("a key or an id has characters that cannot be sent")


@pytest.mark.parametrize("url", ["no address", "http://", "http://[", "ftp//x", "http://a b:port/"])
def test_an_address_that_is_none_was_never_sent_to(url: str) -> None:
    assert isinstance(post(url), NeverSent)


@pytest.mark.parametrize("value", ["a\r\nb: c", " leading", "\n"])
def test_a_header_that_is_none_was_never_sent(value: str) -> None:
    assert isinstance(post(f"http://127.0.0.1:{free_port()}/", clientId=value), NeverSent)
