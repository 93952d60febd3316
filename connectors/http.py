"""One HTTP exchange with an outside system, with everything explicit: time limits, no redirects, no hidden retry.

Answer          the system answered something, whatever it says
NeverSent       no connection could be made, so nothing can have been carried out
NoAnswer        the request was sent, at least in part, and no whole answer came back
Limited         our own limiter said no; nothing was sent
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import simplejson
import structlog
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError
from urllib3.util.retry import Retry

from connectors.limits import Limiter, Rate

log = structlog.get_logger()

# Nobody throttles for longer; what says so is a mistake that must not stop a tenant for good.
RETRY_AFTER_MAX = timedelta(days=1)
_DIGITS_MAX = 6


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON with decimals, or None if it is not JSON: a gateway may answer HTML with any status."""
        try:
            return simplejson.loads(self.body, use_decimal=True)
        except (ValueError, RecursionError, ArithmeticError):
            # ArithmeticError: a number with an exponent beyond what a decimal can have.
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
    """Seconds. The defaults for ConnectWise come from 50 observed reads: median 1 s, worst 28 s."""

    connect_seconds: float = 5
    read_seconds: float = 60


class Wire:
    """A pooled HTTP session for one connection. Threads may share it: it keeps no cookies and no state."""

    def __init__(
        self, system: str, limiter: Limiter, limit_key: str, rates: Sequence[Rate], time_limits: TimeLimits
    ) -> None:
        self._system = system
        self._limiter = limiter
        self._limit_key = limit_key
        self._rates = rates
        self._time_limits = time_limits
        self._session = _NoRedirects()
        # Environment proxies and .netrc must not change where money is sent or with which credentials.
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_maxsize=32, max_retries=Retry(0, redirect=False))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

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
        time_limits = (self._time_limits.connect_seconds, self._time_limits.read_seconds)
        try:
            response = self._session.send(prepared, timeout=time_limits, allow_redirects=False)
            return Answer(response.status_code, response.headers, response.content)
        except requests.exceptions.RequestException as error:
            return _classify(error)
        except Exception as error:  # noqa: BLE001 - from here on the request may have arrived, whatever went wrong
            log.warning("wire.answer_not_understood", system=self._system, error=type(error).__name__)
            return NoAnswer("the answer could not be understood")

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


def _classify(error: requests.exceptions.RequestException) -> NeverSent | NoAnswer:
    """Only what certainly failed before a byte of the request went out is NeverSent."""
    detail = _describe(error)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NeverSent(detail)
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError | NameResolutionError):
        return NeverSent(detail)
    return NoAnswer(detail)


def _describe(error: requests.exceptions.RequestException) -> str:
    """The kind of failure, without the address: a message with a URL in it could carry a token."""
    kinds = {
        requests.exceptions.ConnectTimeout: "no connection within the time limit",
        requests.exceptions.ReadTimeout: "no answer within the time limit",
        requests.exceptions.SSLError: "the encrypted connection failed",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        requests.exceptions.ContentDecodingError: "the answer could not be unpacked",
    }
    for kind, text in kinds.items():
        if isinstance(error, kind):
            return text
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError | NameResolutionError):
        return "no connection could be made"
    return "the connection broke"
