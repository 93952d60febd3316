"""What comes in time and in size is read as ever: packed, in chunks, after others on the same connection."""

import gzip
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.http import Answer, NoAnswer, SizeLimits, TimeLimits, Wire
from connectors.limits import Limiter
from tests.connectors.vendors import NO_LIMIT
from tests.peers import NEVER_ENDING, OK, listening, peer, whole

LIMITS = TimeLimits(connect_seconds=10, read_seconds=5)


def wire(sizes: SizeLimits | None = None) -> Wire:
    return Wire("connectwise", Limiter(None, processes=1), "k", NO_LIMIT, LIMITS, sizes)


@pytest.mark.parametrize(
    "answer",
    [
        whole(OK, b'{"a":1}'),
        whole(OK, gzip.compress(b'{"a":1}'), b"Content-Encoding: gzip"),
        whole(OK, b'\xef\xbb\xbf{"a":1}'),
        iter([OK + b'Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"a\r\n4\r\n":1}\r\n0\r\nX-Sum: 1\r\n\r\n']),
        iter([b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + OK + b'Content-Length: 7\r\n\r\n{"a":1}']),
    ],
    ids=["plain", "packed", "byte order mark", "chunks", "continue"],
)
def test_an_ordinary_answer_is_read(answer: Iterator[bytes]) -> None:
    with peer(lambda _: answer) as opened:
        result = wire().exchange("GET", opened.url, route="x", headers={})
    assert isinstance(result, Answer)
    assert result.json() == {"a": 1}


def test_a_packed_answer_without_a_body_is_one() -> None:
    with peer(lambda _: iter([b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"])) as opened:
        result = wire().exchange("DELETE", opened.url, route="x", headers={})
    assert result == Answer(204, result.headers, b"")  # type: ignore[union-attr]


def test_a_packed_answer_that_breaks_off_or_goes_on_is_no_answer() -> None:
    packed = gzip.compress(b"[" + b"1," * 100_000 + b"1]")
    for wrong in (packed[:-20], packed + packed, packed + b"more"):
        with peer(lambda _, wrong=wrong: whole(OK, wrong, b"Content-Encoding: gzip")) as opened:
            assert isinstance(wire().exchange("GET", opened.url, route="x", headers={}), NoAnswer)


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    sizes = SizeLimits(body_bytes=100_000)
    for length, kind in ((100_000, Answer), (100_001, NoAnswer)):
        packed = gzip.compress(b" " * length)
        for answer in (whole(OK, b" " * length), whole(OK, packed, b"Content-Encoding: gzip")):
            with peer(lambda _, answer=answer: answer) as opened:
                assert isinstance(wire(sizes).exchange("GET", opened.url, route="x", headers={}), kind)


def test_a_connection_is_used_again_after_a_whole_answer_and_never_after_half_of_one() -> None:
    connections: list[int] = []
    bodies = iter([b"[1]", b"[2]", b" " * 200_000, b"[3]"])

    def serve(connection: socket.socket) -> None:
        connections.append(1)
        try:
            while connection.recv(65536):
                body = next(bodies)
                connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            return

    opened = wire(SizeLimits(body_bytes=100_000))
    with listening(serve) as port:
        results = [opened.exchange("GET", f"http://127.0.0.1:{port}/", route="x", headers={}) for _ in range(4)]
    read = [result.json() if isinstance(result, Answer) else type(result) for result in results]
    assert read == [[1], [2], NoAnswer, [3]]
    assert len(connections) == 2


def test_no_cookie_of_a_peer_comes_back_to_it() -> None:
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            seen.append(data)
            connection.sendall(OK + b"Set-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n[]")

    opened = wire()
    with listening(serve) as port:
        for _ in range(2):
            opened.exchange("GET", f"http://127.0.0.1:{port}/", route="x", headers={})
    assert b"cookie" not in b"".join(seen).lower()


def test_threads_do_not_share_a_deadline() -> None:
    """One wire, many threads: the slow call's deadline is not the quick one's, and each counts its own bytes."""
    with peer(NEVER_ENDING["says nothing"]) as slow, peer(lambda _: whole(OK, b"[1]")) as quick:
        opened = wire()

        def ask(url: str) -> Any:
            return opened.exchange("GET", url, route="x", headers={})

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(ask, [slow.url, quick.url] * 4))
    assert [type(result) for result in results] == [NoAnswer, Answer] * 4
