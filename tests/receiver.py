"""A partner's receiver of webhooks: a real HTTP server that remembers what came and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def uid(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What it answers can be changed at any time.

    Attributes:
        before_answer: called with each request before it is answered.
    """

    url: str = ""
    status: int = 200
    text: bytes = b"thank you"
    location: str = ""
    received: list[Received] = field(default_factory=list)
    before_answer: Callable[[Received], None] = lambda _: None

    @property
    def kinds(self) -> list[str]:
        return [one.document["kind"] for one in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            received = Received({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(received)
            receiver.before_answer(received)
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(receiver.text)))
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/payments"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
