"""Limits for a request before its sender is known: time, memory, and the number of requests at once.

Called by: every request, before any page code (`web/protocol.py` bounds connections and headers before that).
Does: limits the seconds for a body to arrive, its bytes, and those of all bodies together. When the bytes are used up,
it drops the largest unfinished body: a source's deliveries are small, so they get through beside any number of large
ones. It also limits the number of pages at once; the door and the health check are exempt.
Answers: 408 for a body that does not arrive, 413 for one that is too large, 503 where there is no room. A caller who
has left is not our error.
"""

import math

import anyio
import structlog
from fastapi import HTTPException
from prometheus_client import Counter
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import Problem, Told

log = structlog.get_logger()

# Intuit gives up after three seconds; a person's form is a few hundred bytes, over any line.
BODY_SECONDS = 20.0
# The largest accepted list of own payments is a tenth of it; a form is far smaller. The body is read before the caller
# is authenticated.
BODY_BYTES_MAX = 1024 * 1024
BYTES_IN_FLIGHT_MAX = 32 * 1024 * 1024
PAGES_MAX = 100
_SECONDS_LATER = {"Retry-After": "10"}
_ALWAYS = ("/webhooks/", "/healthz", "/readyz", "/metrics")
# It does its own counting, so that refused deliveries are counted as well.
_DOOR = "/webhooks/"

REFUSED = Counter("requests_refused_total", "Requests refused before anybody looked at them, by why", ["why"])
GONE = Counter("clients_gone_total", "Callers who went before they had their answer")


class Admission:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._bytes = _BytesInFlight(BYTES_IN_FLIGHT_MAX)
        self._pages = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_page = not scope["path"].startswith(_ALWAYS)
        if is_page and self._pages >= PAGES_MAX:
            REFUSED.labels("pages").inc()
            busy = Told(Problem.BUSY, headers=_SECONDS_LATER).response(scope["path"])
            await busy(scope, receive, send)
            return
        self._pages += is_page
        body = _Body(self._bytes, math.inf if scope["path"].startswith(_DOOR) else BODY_BYTES_MAX, _told_length(scope))
        try:
            await self._app(scope, body.received_by(receive), send)
        except (ClientDisconnect, ConnectionError) as error:
            if isinstance(error, ConnectionError) and not body.is_abandoned:
                raise
            GONE.inc()
            log.info("web.client_gone", path=scope["path"])
        finally:
            self._pages -= is_page
            self._bytes.release(body)


def _told_length(scope: Scope) -> int:
    """The length that the caller announces; 0 if it announces none that can be read."""
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told) if told.isdigit() else 0


class _Body:
    """A body that is still arriving."""

    def __init__(self, in_flight: "_BytesInFlight", bytes_max: float, bytes_told: int) -> None:
        self._in_flight = in_flight
        self._bytes_max = bytes_max
        self._bytes_told = bytes_told
        self._bytes_seen = 0
        self._ends_at = anyio.current_time() + BODY_SECONDS
        self._waiting: anyio.CancelScope | None = None
        self.bytes = 0
        self.is_complete = False
        self.is_abandoned = False
        self.gives_way = False

    def received_by(self, receive: Receive) -> Receive:
        async def received() -> Message:
            if self.gives_way:
                raise self._no_room()
            if self.is_complete:
                # The application waits for the caller to disconnect; that has no time limit.
                return await receive()
            self._check_size(self._bytes_told)
            message: Message = {}
            self._waiting = anyio.CancelScope(deadline=self._ends_at)
            with self._waiting:
                message = await receive()
            if self.gives_way:
                raise self._no_room()
            if self._waiting.cancelled_caught:
                REFUSED.labels("slow_body").inc()
                raise HTTPException(408, "The request did not arrive in time.")
            self._take(message)
            return message

        return received

    def give_way(self) -> None:
        self.gives_way = True
        self._in_flight.release(self)
        if self._waiting is not None:
            self._waiting.cancel()

    def _take(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self.is_abandoned = True
            return
        self.is_complete = not message.get("more_body", False)
        self._bytes_seen += len(message.get("body", b""))
        self._check_size(self._bytes_seen)
        if not self._in_flight.take(self, len(message.get("body", b""))):
            raise self._no_room()

    def _check_size(self, count: int) -> None:
        if count > self._bytes_max:
            REFUSED.labels("large_body").inc()
            raise HTTPException(413, "This is more than any body may have.")

    @staticmethod
    def _no_room() -> HTTPException:
        REFUSED.labels("bytes").inc()
        return HTTPException(503, "Too much data is being sent to us right now. Send it again soon.", _SECONDS_LATER)


class _BytesInFlight:
    """The bytes of all bodies that were read and are still in use. Only the event loop's thread counts."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._bodies: set[_Body] = set()

    def take(self, body: _Body, count: int) -> bool:
        """Counts more bytes of this body; False if this body must be dropped."""
        self._bodies.add(body)
        body.bytes += count
        self._bytes += count
        while self._bytes > self._bytes_max:
            waiting = [one for one in self._bodies if one is body or not one.is_complete]
            largest = max(waiting, key=lambda one: one.bytes)
            if largest is body:
                body.gives_way = True
                self.release(body)
                return False
            largest.give_way()
        return True

    def release(self, body: _Body) -> None:
        self._bodies.discard(body)
        self._bytes -= body.bytes
        body.bytes = 0
