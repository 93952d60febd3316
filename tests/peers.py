"""Peers that never come to an end, or send more than anybody can take; as bare TCP servers, byte by byte."""

import gzip
import itertools
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

# Every byte breaks the time limit between two bytes anew: it is above this in all of these tests.
SECONDS_BETWEEN_BYTES = 0.1
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
_BOMB_BYTES = 400 * 1024 * 1024


def slowly(data: bytes) -> Iterator[bytes]:
    for number in range(len(data)):
        time.sleep(SECONDS_BETWEEN_BYTES)
        yield data[number : number + 1]


def for_ever(data: bytes) -> Iterator[bytes]:
    many = data * max(1, 16384 // len(data))
    return itertools.repeat(many)


def whole(start: bytes, body: bytes, *more: bytes) -> Iterator[bytes]:
    yield start + b"".join(line + b"\r\n" for line in more) + b"Content-Length: %d\r\n\r\n" % len(body)
    yield body


def silence() -> Iterator[bytes]:
    while True:
        time.sleep(SECONDS_BETWEEN_BYTES)
        yield b""


@cache
def bomb() -> bytes:
    packed = gzip.compress(b" " * (1024 * 1024), 9)
    return packed * (_BOMB_BYTES // (1024 * 1024))


@cache
def one_member_bomb() -> bytes:
    """Packed a piece at a time, each like the first: the packer forgets before each what came before it."""
    packer, piece = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), b" " * (1024 * 1024)
    packed, times, checksum = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH), _BOMB_BYTES // len(piece), 0
    for _ in range(times):
        checksum = zlib.crc32(piece, checksum)
    header, end = b"\x1f\x8b\x08" + bytes(7), packer.flush()
    return header + packed * times + end + checksum.to_bytes(4, "little") + _BOMB_BYTES.to_bytes(4, "little")


Answer = Callable[[bytes], Iterator[bytes]]

# What comes after the request, given the begin of an answer that would be a success.
NEVER_ENDING: dict[str, Answer] = {
    "says nothing": lambda _: silence(),
    "a byte now and then in the status line": lambda _: slowly(b"HTTP/1.1 200 " + b"O" * 10_000),
    "a byte now and then in the headers": lambda start: itertools.chain([start], slowly(b"X-Slow: " + b"a" * 10_000)),
    "headers without end": lambda start: itertools.chain([start], for_ever(b"X-More: 1\r\n")),
    "one header without end": lambda start: itertools.chain([start, b"X-Long: "], for_ever(b"a")),
    "slow headers without end": lambda start: itertools.chain([start], slowly(b"X-More: 1\r\n" * 10_000)),
    "100 Continue without end": lambda _: for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "100 Continue now and then": lambda _: (
        time.sleep(SECONDS_BETWEEN_BYTES) or b"HTTP/1.1 100 Continue\r\n\r\n" for _ in itertools.count()
    ),
    "a byte of the body now and then": lambda start: itertools.chain(
        [start + b"Content-Length: 1000000\r\n\r\n"], slowly(b"[" * 1_000_000)
    ),
    "a chunk now and then": lambda start: itertools.chain(
        [start + b"Transfer-Encoding: chunked\r\n\r\n"],
        (time.sleep(SECONDS_BETWEEN_BYTES) or b"1\r\n \r\n" for _ in itertools.count()),
    ),
    "a packed byte now and then": lambda start: itertools.chain(
        [start + b"Content-Encoding: gzip\r\n\r\n"], slowly(gzip.compress(b"[" * 100_000))
    ),
    "a body without end": lambda start: itertools.chain([start + b"\r\n"], for_ever(b" ")),
    "chunks without end": lambda start: itertools.chain(
        [start + b"Transfer-Encoding: chunked\r\n\r\n"], for_ever(b"400\r\n" + b" " * 1024 + b"\r\n")
    ),
    "a chunk extension without end": lambda start: itertools.chain(
        [start + b"Transfer-Encoding: chunked\r\n\r\n1;"], for_ever(b"a")
    ),
    "a trailer without end": lambda start: itertools.chain(
        [start + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"], for_ever(b"X-More: 1\r\n")
    ),
    "one line of a trailer without end": lambda start: itertools.chain(
        [start + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Long: "], for_ever(b"a")
    ),
    "a body of terabytes, as promised": lambda start: itertools.chain(
        [start + b"Content-Length: 999999999999\r\n\r\n"], for_ever(b" ")
    ),
}
# Answers that come to an end, and must not be taken as they are.
TOO_MUCH: dict[str, Answer] = {
    "a bomb of many members": lambda start: whole(start, bomb(), b"Content-Encoding: gzip"),
    "a bomb of one member": lambda start: whole(start, one_member_bomb(), b"Content-Encoding: gzip"),
    "a bomb in a bomb": lambda start: whole(start, gzip.compress(one_member_bomb()), b"Content-Encoding: gzip, gzip"),
    "brackets in brackets": lambda start: whole(start, b"[" * 500_000 + b"]" * 500_000),
    "brackets within what the parser takes": lambda start: whole(start, b"[" * 900 + b"]" * 900),
    "objects in objects": lambda start: whole(start, b'{"a":' * 900 + b"1" + b"}" * 900),
    "a number of a million digits": lambda start: whole(start, b'[{"id":' + b"9" * 1_000_000 + b"}]"),
    "a fraction of a million digits": lambda start: whole(start, b'[{"id":1.' + b"9" * 1_000_000 + b"}]"),
    "a number with a huge exponent": lambda start: whole(start, b'[{"id":1,"amount":1e999999}]'),
    "millions of values": lambda start: whole(start, b"[" + b"{}," * 4_000_000 + b"{}]"),
    "a text of many megabytes": lambda start: whole(start, b'["' + b"a" * 20_000_000 + b'"]'),
}


@dataclass
class Peer:
    """Answers every request the same way, except the one that asks a ConnectWise where its API is, if told so.

    Attributes:
        asked: the first lines of the requests, in the order they came.
    """

    answer: Answer
    tells_where: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while (line := read_request(connection)) is not None:
                    self.asked.append(line)
                    if self.tells_where and " /login/companyinfo/" in line:
                        body = json.dumps({"CompanyName": "Acme", "Codebase": "v2025_1/", "CompanyID": "acme"})
                        answer = whole(OK, body.encode())
                    else:
                        answer = self.answer(CREATED if line.startswith("POST /v2025_1/") else OK)
                    for data in answer:
                        connection.sendall(data)
                        if _is_gone(connection):
                            return
            except OSError:
                return


def read_request(connection: socket.socket) -> str | None:
    """The first line of a request that has been read to its end; None when the client has gone."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            return None
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(one[15:]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode("latin-1")


def _is_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.setblocking(True)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which each connection is served by a thread of its own."""
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    opened: list[socket.socket] = []

    def serve_until_closed(connection: socket.socket) -> None:
        # At the end of the test its connections are closed, whatever a thread is doing with one.
        with suppress(OSError):
            serve(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            opened.append(connection)
            threading.Thread(target=serve_until_closed, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for connection in opened:
            connection.close()


@contextmanager
def peer(answer: Answer, *, tells_where: bool = False) -> Iterator[Peer]:
    opened = Peer(answer, tells_where)
    with listening(opened.serve) as port:
        opened.url = f"http://127.0.0.1:{port}"
        yield opened
