"""uvicorn's HTTP protocol with limits for strangers: on connections, and on the time for their headers.

Called by: the web process (`http` in `web/__main__.py`). uvicorn itself limits only the time between two
requests of one connection, and counts connections when a request has arrived.
Does: closes a connection whose headers do not arrive in time (408), and one that keeps sending long after its answer.
At the limit of connections it closes the one that has waited longest without a request to make room for a new one; if
all are being answered, the new one gets a 503. When the process stops, it still answers who has just come.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEADER_SECONDS = 10.0
# Closing at once would reset the connection before the caller has read the answer.
LINGER_SECONDS = 5.0
# When the process stops: the first request of a new connection may be on its way, and would be lost with it.
ARRIVING_SECONDS = 1.0
CONNECTIONS_MAX = 512
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedProtocol(H11Protocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections_max = self.config.limit_concurrency or CONNECTIONS_MAX
        # uvicorn would count those that have sent nothing yet against those that have.
        self.limit_concurrency = None
        self._timer: asyncio.TimerHandle | None = None
        self.waiting_since = self.loop.time()
        self._has_sent = False
        self._is_last = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._connections_max and not self._make_room():
            transport.write(_FULL)
            transport.close()
            return
        self._watch(HEADER_SECONDS, self._headers_are_late)

    def data_received(self, data: bytes) -> None:
        self._has_sent = True
        super().data_received(data)
        if self._is_last and not self._is_answered:
            self.cycle.keep_alive = False
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waiting_since = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The process stops. uvicorn would reset a connection whose first request it has not read yet."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None or self.transport.is_closing():
            super().shutdown()
            return
        self._is_last = True
        self._watch(ARRIVING_SECONDS, self.transport.close)

    @property
    def awaits_a_request(self) -> bool:
        return self.conn.their_state is h11.IDLE and self._is_answered

    @property
    def _is_answered(self) -> bool:
        # The first request has not come: uvicorn's cycle is None until then, whatever its annotation says.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _look(self) -> None:
        """Sets, after each event, what the connection waits for and how long."""
        if self.transport.is_closing():
            self._unwatch()
        elif self.awaits_a_request:
            # Between two requests uvicorn's own timer runs, until the first byte of the next one.
            if self._timer is None and self.conn.trailing_data[0]:
                self._watch(HEADER_SECONDS, self._headers_are_late)
        elif self._is_answered and self.conn.their_state is h11.SEND_BODY:
            if self._timer is None:
                self._watch(LINGER_SECONDS, self.transport.abort)
        else:
            self._unwatch()

    def _watch(self, seconds: float, late: Any) -> None:
        self._unwatch()
        self._timer = self.loop.call_later(seconds, late)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _headers_are_late(self) -> None:
        if self.transport.is_closing():
            return
        if self._has_sent:
            self.transport.write(_LATE)
        self.transport.close()

    def _make_room(self) -> bool:
        idle = [
            one
            for one in self.connections
            if isinstance(one, BoundedProtocol)
            and one is not self
            and one.awaits_a_request
            and not one.transport.is_closing()
        ]
        if not idle:
            return False
        oldest = min(idle, key=lambda one: one.waiting_since)
        # Out of the count at once: the next new connection must close a different one.
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True
