"""A collector of traces: a real HTTP server that reads what OpenTelemetry's protocol says, or behaves badly."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan


@dataclass(frozen=True)
class Seen:
    """A span as it came; the ids in hexadecimal digits."""

    process: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: frozenset[tuple[str, str]]
    told: Mapping[str, str | int | float | bool]
    began: int
    ended: int
    kind: str
    failed: bool


@dataclass
class Collector:
    """What came.

    Attributes:
        status: what it answers.
        hangs: it takes requests and answers none of them until this is set.
    """

    url: str = ""
    status: int = 200
    hangs: threading.Event | None = None
    spans: list[Seen] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    # As they came, for what must not be in them.
    bodies: list[bytes] = field(default_factory=list)

    def of_trace(self, trace_id: str) -> list[Seen]:
        return sorted((one for one in self.spans if one.trace_id == trace_id), key=lambda one: one.began)

    def named(self, name: str) -> list[Seen]:
        return [one for one in self.spans if one.name == name]

    def by_id(self, span_id: str) -> Seen:
        [found] = [one for one in self.spans if one.span_id == span_id]
        return found

    def wait_for(self, is_there: Callable[[], bool], seconds: float = 60.0) -> None:
        ends = time.monotonic() + seconds
        while not is_there():
            names = sorted({(one.process, one.name) for one in self.spans})
            assert time.monotonic() < ends, f"in vain; there are {names}"
            time.sleep(0.05)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.bodies.append(body)
        for resource in request.resource_spans:
            process = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            self.spans += [_seen(process, span) for scope in resource.scope_spans for span in scope.spans]


def _seen(process: str, span: WireSpan) -> Seen:
    return Seen(
        process=process,
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        links=frozenset((one.trace_id.hex(), one.span_id.hex()) for one in span.links),
        told={one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes},
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        kind=WireSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            if collector.hangs is not None:
                collector.hangs.wait(60)
            if collector.status == 200 and collector.hangs is None:
                assert self.path == "/v1/traces", self.path
                assert self.headers["Content-Type"] == "application/x-protobuf"
                collector.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(collector.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A process that has ended does not wait for the answer."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield collector
        finally:
            if collector.hangs is not None:
                collector.hangs.set()
            server.shutdown()
            thread.join()
