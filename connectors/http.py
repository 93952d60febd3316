"""One HTTP exchange with an outside system, with everything explicit: time and size, no redirects, no hidden retry.

Answer          the system answered something, whatever it says
NeverSent       no byte of the request went out, so nothing can have been carried out
NoAnswer        the request was sent, at least in part, and no whole answer came back in time and in size
Limited         our own limiter said no; nothing was sent
"""

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import structlog
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProtocolError

from connectors.addresses import AddressRules
from connectors.budget import Budget, TooMuch, one_question, spending
from connectors.json_reader import DEFAULT_LIMITS, JsonLimits, JsonUnreadable, read_json
from connectors.limits import Limiter, Rate
from connectors.sockets import BoundedAdapter

log = structlog.get_logger()

# Nobody throttles for longer; what says so is a mistake that must not stop a tenant for good.
RETRY_AFTER_MAX = timedelta(days=1)
_DIGITS_MAX = 6
_PIECE_BYTES = 64 * 1024
_ZLIB_OF_ENCODING = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    json_limits: JsonLimits = DEFAULT_LIMITS

    def json(self) -> Any:
        """The body as JSON with decimals, or None if it is not JSON: a gateway may answer HTML with any status."""
        try:
            return read_json(self.body, self.json_limits)
        except JsonUnreadable:
            return None

    @property
    def is_null(self) -> bool:
        """The JSON value null, which is an answer; `json()` cannot tell it from something unreadable."""
        return self.body.strip() == b"null"

    def retry_after(self, now: datetime) -> timedelta | None:
        """The Retry-After header, as seconds or as a date (RFC 9110 allows both)."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return RETRY_AFTER_MAX if len(value) > _DIGITS_MAX else min(timedelta(seconds=int(value)), RETRY_AFTER_MAX)
        try:
            moment = parsedate_to_datetime(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return min(max(moment - now, timedelta(0)), RETRY_AFTER_MAX)
        except (ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class NeverSent:
    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    detail: str


@dataclass(frozen=True, slots=True)
class Limited:
    retry_after: timedelta


Exchange = Answer | NeverSent | NoAnswer | Limited


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds, each for the whole of its part and not between two bytes.

    The defaults for ConnectWise come from 50 observed reads: median 1 s, worst 28 s.

    Attributes:
        connect_seconds: the name, all its addresses, and the TLS handshake.
        read_seconds: from the first byte of the request to the last byte of the answer.
    """

    connect_seconds: float = 5
    read_seconds: float = 60

    @property
    def exchange_seconds(self) -> float:
        """No exchange takes longer, and no question of several exchanges (`Wire.one_question`)."""
        return self.connect_seconds + self.read_seconds


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How much of an answer is taken: on the wire and unpacked, and as values in memory."""

    body_bytes: int = 16 * 1024 * 1024
    json: JsonLimits = DEFAULT_LIMITS


class Wire:
    """A pooled HTTP session for one connection. Threads may share it: it keeps no cookies and no state."""

    def __init__(
        self,
        system: str,
        limiter: Limiter,
        limit_key: str,
        rates: Sequence[Rate],
        time_limits: TimeLimits,
        size_limits: SizeLimits | None = None,
        addresses: AddressRules | None = None,
    ) -> None:
        self._system = system
        self._limiter = limiter
        self._limit_key = limit_key
        self._rates = rates
        self._time_limits = time_limits
        self._size_limits = size_limits or SizeLimits()
        self._addresses = addresses or AddressRules()
        self._session = _NoRedirects()
        # Environment proxies and .netrc must not change where money is sent or with which credentials.
        self._session.trust_env = False
        # A peer's cookies would come along with every later call, and their number has no end.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        # One packing, which is unpacked below piece by piece: five around each other are work without end.
        self._session.headers["Accept-Encoding"] = "gzip"
        adapter = BoundedAdapter(connections_max=32)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def one_question(self) -> AbstractContextManager[None]:
        """All exchanges meanwhile end within the time of one: what somebody waits for is the question."""
        return one_question(self._time_limits.exchange_seconds)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        route: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Exchange:
        """Sends once.

        Args:
            route: the path without ids, for the log; the real path and the body may name customers.
        """
        wait = self._limiter.permit(self._limit_key, self._rates)
        if wait is not None:
            log.info("wire.limited", system=self._system, route=route, wait_seconds=round(wait.total_seconds(), 2))
            return Limited(wait)
        started = time.monotonic()
        result = self._send(method, url, headers=headers, params=params, body=body)
        outcome = str(result.status) if isinstance(result, Answer) else type(result).__name__
        trace = result.headers.get("intuit_tid", "") if isinstance(result, Answer) else ""
        log.info(
            "wire.call",
            system=self._system,
            method=method,
            route=route,
            outcome=outcome,
            milliseconds=round((time.monotonic() - started) * 1000),
            **({"intuit_tid": trace} if trace else {}),
        )
        return result

    def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], params: Mapping[str, str] | None, body: bytes | None
    ) -> Answer | NeverSent | NoAnswer:
        request = requests.Request(method, url, headers=dict(headers), params=params, data=body)
        try:
            prepared = self._session.prepare_request(request)
            _check_encodable(prepared.headers)
        except UnicodeError:
            # A key with a typographic dash in it.
            return NeverSent("a key or an id has letters that cannot be sent")
        except ValueError:
            return NeverSent("the address or a header is not valid")
        budget = self._budget()
        try:
            with spending(budget):
                return self._answer(prepared)
        except TooMuch:
            return _failed(budget, "the answer is longer than any that we ask for")
        except (requests.exceptions.RequestException, HTTPError) as error:
            return _failed(budget, budget.refusal or _describe(error))
        except TimeoutError:
            return _failed(budget, "")
        except Exception as error:  # noqa: BLE001 - the request may have arrived, whatever went wrong
            log.warning("wire.answer_not_understood", system=self._system, error=type(error).__name__)
            return NoAnswer("the answer could not be understood")

    def _budget(self) -> Budget:
        now, limits = time.monotonic(), self._time_limits
        return Budget(
            connect_ends=now + limits.connect_seconds,
            ends=now + limits.exchange_seconds,
            answer_seconds=limits.read_seconds,
            body_bytes_max=self._size_limits.body_bytes,
            why_refused=self._addresses.why_refused,
        )

    def _answer(self, prepared: requests.PreparedRequest) -> Answer:
        response = self._session.send(prepared, stream=True, allow_redirects=False)
        try:
            body = _unpacked(response, self._size_limits.body_bytes)
        except BaseException:
            # What is left of the answer must not become the begin of the next one.
            response.raw.close()
            raise
        return Answer(response.status_code, response.headers, body, self._size_limits.json)

    def close(self) -> None:
        self._session.close()


class _NoRedirects(requests.Session):
    """Never looks where an answer wants to send us: a redirected POST would become a GET that creates nothing."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' own signature
        # requests reads Location even where it is told not to follow it, and fails on letters that are not UTF-8.
        return None


def _check_encodable(headers: Mapping[str, str | bytes]) -> None:
    """Raises UnicodeError for what could not be written to the wire; found out now, nothing has been sent yet."""
    for name, value in headers.items():
        name.encode("ascii")
        if isinstance(value, str):
            value.encode("latin-1")


def _unpacked(response: requests.Response, bytes_max: int) -> bytes:
    """The body, unpacked in pieces: what a few kilobytes would become is never made, only counted up to the limit."""
    pieces = response.raw.stream(_PIECE_BYTES, decode_content=False)
    window_bits = _ZLIB_OF_ENCODING.get(response.headers.get("Content-Encoding", "").strip().lower())
    body = bytearray()
    for piece in pieces if window_bits is None else _inflated(pieces, window_bits):
        body += piece
        if len(body) > bytes_max:
            raise TooMuch
    return bytes(body)


def _inflated(pieces: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(window_bits)
    is_empty = True
    try:
        for packed in pieces:
            is_empty, rest = is_empty and not packed, packed
            while rest and not unpacking.eof:
                yield unpacking.decompress(rest, _PIECE_BYTES)
                rest = unpacking.unconsumed_tail
        # What the last step had no room for; less than one run of repeated bytes.
        yield unpacking.flush()
    except zlib.error:
        raise requests.exceptions.ContentDecodingError from None
    if not unpacking.eof and not is_empty:
        raise requests.exceptions.ChunkedEncodingError


def _failed(budget: Budget, detail: str) -> NeverSent | NoAnswer:
    """Whether the request may have arrived is what the budget saw on the socket, whatever the exception says."""
    if not budget.sent:
        return NeverSent(detail or "no connection within the time limit")
    if not detail or time.monotonic() >= budget.ends:
        detail = "no answer within the time limit"
    return NoAnswer(detail)


def _describe(error: requests.exceptions.RequestException | HTTPError) -> str:
    """The kind of failure, without the address: a message with a URL in it could carry a token."""
    kinds = {
        requests.exceptions.ConnectTimeout: "no connection within the time limit",
        requests.exceptions.ReadTimeout: "no answer within the time limit",
        requests.exceptions.SSLError: "the encrypted connection failed",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        requests.exceptions.ContentDecodingError: "the answer could not be unpacked",
        ProtocolError: "the answer broke off",
    }
    for kind, text in kinds.items():
        if isinstance(error, kind):
            return text
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError):
        return "no connection could be made"
    return "the connection broke"
