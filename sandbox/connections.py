"""One thread per connection, HTTP/1.1 with keep-alive, and a stop that leaves nothing behind."""

import socket
import ssl
import struct
import threading
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from sandbox.misbehaving import ConnectionDropped

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Nothing here takes that long; a thread that does is a bug, and hiding it would leak it.
_STOP_TIMEOUT_SECONDS = 10


class KeepAliveHandler(WSGIRequestHandler):
    """Werkzeug's handler closes after each answer; the vendors keep connections open and clients pool them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        environ = self.make_environ()
        # The whole body is read before anything is done: the next request starts at a clean line.
        environ["wsgi.input"] = BytesIO(self._read_body())
        environ["wsgi.input_terminated"] = True
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            started.append((status, headers))

        try:
            chunks = self.server.app(environ, start_response)
            body = b"".join(chunks)
        except ConnectionDropped as order:
            self.close_connection = True
            if order.reset:
                self._reset_on_close()
            return
        self._answer(*started[0], body)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return DechunkedInput(cast("IO[bytes]", self.rfile)).read() or b""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("The client was gone before its request was whole.")
        return body

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        promised = 0
        for name, value in headers:
            self.send_header(name, value)
            promised = int(value) if name.lower() == "content-length" else promised
        # An answer shorter than it promised (a truncated one) can only end with the connection.
        if self.command != "HEAD" and len(body) < promised:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _reset_on_close(self) -> None:
        """Lingering for zero seconds turns the close into a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.reset_connections.add(self.connection)  # type: ignore[attr-defined]

    def log(self, *_: Any) -> None:
        """Keeps quiet: the call log has it all."""

    def log_request(self, *_: Any) -> None:
        """Keeps quiet before anything is put into words."""


class ConnectionServer(ThreadedWSGIServer):
    def __init__(self, host: str, port: int, app: "WSGIApplication", tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, app, KeepAliveHandler)
        self.ssl_context = tls
        self.reset_connections: set[socket.socket] = set()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._connection, args=(request, client_address), daemon=True)
        with self._open_lock:
            self._open[thread] = request
        thread.start()

    def _connection(self, request: socket.socket, client_address: Any) -> None:
        try:
            # The handshake belongs to the connection's own thread: a client that stalls delays nobody else.
            if self.ssl_context is not None:
                request = self.ssl_context.wrap_socket(request, server_side=True)
                with self._open_lock:
                    self._open[threading.current_thread()] = request
            self.finish_request(request, client_address)
        except OSError:  # a client that vanished, or broke off the handshake, is its own affair
            pass
        finally:
            self.shutdown_request(request)
            with self._open_lock:
                self._open.pop(threading.current_thread())

    def shutdown_request(self, request: Any) -> None:
        if request in self.reset_connections:
            # A shutdown would send a polite FIN before the reset, and some clients would see only that.
            self.reset_connections.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def close_all(self) -> None:
        """Wakes the threads that wait for a request on an idle connection, and waits for all to end."""
        with self._open_lock:
            still_open = dict(self._open)
        for request in still_open.values():
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was quicker
                continue
        for thread in still_open:
            thread.join(_STOP_TIMEOUT_SECONDS)
            if thread.is_alive():
                raise RuntimeError(f"The connection thread {thread.name} did not end.")
