"""One POST with a hard limit that another thread can cut short."""

import http.client
import socket
import threading
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    status: int | None
    error: str
    seconds: float


class Poster:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: http.client.HTTPConnection | None = None
        self._cut = False

    def post(self, url: str, body: bytes, headers: dict[str, str], limit_seconds: float) -> Answer:
        """Posts, and returns the answer's status; None if there was none within the limit."""
        started = monotonic()
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=limit_seconds)
        with self._lock:
            if self._cut:
                return Answer(None, "the sender was stopped", 0.0)
            self._open = connection
        # A timeout of the socket starts again with every packet; this one covers the whole exchange.
        limit = threading.Timer(limit_seconds, _break, [connection])
        limit.daemon = True
        limit.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, headers)
            if self._cut:
                # The cut came before there was a socket to break.
                return Answer(None, "the sender was stopped", monotonic() - started)
            response = connection.getresponse()
            response.read()
            return Answer(response.status, "", monotonic() - started)
        except (OSError, http.client.HTTPException) as error:
            return Answer(None, f"{type(error).__name__}: {error}", monotonic() - started)
        finally:
            limit.cancel()
            limit.join()
            with self._lock:
                self._open = None
            connection.close()

    def cut(self) -> None:
        """Ends the current exchange, and every later one at once."""
        with self._lock:
            self._cut = True
            if self._open is not None:
                _break(self._open)


def _break(connection: http.client.HTTPConnection) -> None:
    # The reading thread sees the end of the stream at once; closing alone would leave it waiting.
    try:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
