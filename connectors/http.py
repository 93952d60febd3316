"""One HTTP exchange with an outside system, with everything explicit: time and size, no redirects, no hidden retry.

Answer          the system answered something, whatever it says
NeverSent       no byte of the request went out, so nothing can have been carried out
NoAnswer        the request was sent, at least in part, and no whole answer came back in time and in size
Limited         our own limiter refused; nothing was sent
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import structlog
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProtocolError

from connectors.addresses import AddressRules
from connectors.aside import aside
from connectors.budget import Budget, TooMuch, one_question, spending
from connectors.foreign_text import WORDS_CHARACTERS_MAX, Secrets
from connectors.hiding import HIDING
from connectors.json_reader import DEFAULT_LIMITS, JsonLimits, JsonUnreadable, read_json
from connectors.limits import Pacer, Rate
from connectors.sockets import BoundedAdapter
from connectors.tally import TALLY
from connectors.traces import TRACES
from connectors.unpacking import PIECE_BYTES, beginning, unpacked
from domain.measures import Measure

log = structlog.get_logger()

# No vendor throttles for longer; a longer value is a mistake and must not stop a tenant for good.
RETRY_AFTER_MAX = timedelta(days=1)
_DIGITS_MAX = 6
_TRACE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    json_limits: JsonLimits = DEFAULT_LIMITS
    secrets: Secrets = field(default=Secrets(), repr=False, compare=False)

    def json(self) -> Any:
        """The body as JSON with decimals, or None if it is not JSON: a gateway may answer HTML with any status.

        Cleans its texts and hides the request's secrets in them: this is where foreign text enters.
        """
        return self.secrets.without(self.raw_json())

    def raw_json(self) -> Any:
        """The JSON as it came; only for answers that bring secrets."""
        try:
            return read_json(self.body, self.json_limits)
        except JsonUnreadable:
            return None

    def shrunk_json(self, shrink: Callable[[list[tuple[str, Any]]], Any]) -> Any:
        """The body as JSON that takes little memory, or None if it is not JSON; its texts are not cleaned.

        An answer with one of our secrets in it is None as well: nobody may see it, and it is no answer to a question.
        """
        if self.secrets.are_in(self.body):
            return None
        try:
            return read_json(self.body, self.json_limits, shrink)
        except JsonUnreadable:
            return None

    @property
    def trace(self) -> str:
        return self.words(self.headers.get("intuit_tid", ""))[:_TRACE_CHARACTERS]

    def words(self, text: str, characters_max: int = WORDS_CHARACTERS_MAX) -> str:
        """A part of the answer in the other system's words, fit to be shown and stored.

        Whatever it was sent by others of our processes is hidden as well: it may repeat what it heard an hour ago.
        """
        if not text:
            return ""
        return self.secrets.words(HIDING.hidden_in(text[: characters_max * 10]), characters_max)

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
    """Time limits in seconds, each for the whole of its part and not between two bytes.

    The defaults for ConnectWise come from 50 observed reads: median 1 s, worst 28 s.

    Attributes:
        connect_seconds: the name, all its addresses, and the TLS handshake.
        read_seconds: from the first byte of the request to the last byte of the answer.
    """

    connect_seconds: float = 5
    read_seconds: float = 60

    @property
    def exchange_seconds(self) -> float:
        """The longest time of an exchange, and of a question of several exchanges (`Wire.one_question`)."""
        return self.connect_seconds + self.read_seconds


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How much of an answer we accept: on the wire and unpacked, and as values in memory.

    Attributes:
        cuts: the status alone is the answer; of the body we take what comes within the limits, and leave the rest.
    """

    body_bytes: int = 16 * 1024 * 1024
    json: JsonLimits = DEFAULT_LIMITS
    cuts: bool = False


class Wire:
    """A pooled HTTP session for one connection. Threads may share it: it keeps no cookies and no state."""

    def __init__(
        self,
        system: str,
        limiter: Pacer,
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
        self._secrets = Secrets()
        self._session = _NoRedirects()
        # Environment proxies and .netrc must not change where money is sent or with which credentials.
        self._session.trust_env = False
        # A peer's cookies would come along with every later call, and their number has no limit.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        # One compression only, which we unpack piece by piece below: unpacking five nested ones has no end.
        self._session.headers["Accept-Encoding"] = "gzip"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter(connections_max=32))

    def one_question(self) -> AbstractContextManager[None]:
        """All exchanges meanwhile share the time of one: the caller waits for the whole question."""
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
        with TRACES.call(self._system, method, route) as ended:
            with aside():
                # The limiter may wait as well: for a Redis that does not answer.
                wait = self._limiter.permit(self._limit_key, self._rates)
                started = time.monotonic()
                result: Exchange = (
                    self._send(method, url, headers=headers, params=params, body=body)
                    if wait is None
                    else Limited(wait)
                )
                took = time.monotonic() - started
                ended(_outcome_of(result))
            return self._noted(result, method, route, took)

    def _noted(self, result: Exchange, method: str, route: str, took: float) -> Exchange:
        if isinstance(result, Limited):
            seconds = round(result.retry_after.total_seconds(), 2)
            log.info("wire.limited", system=self._system, route=route, wait_seconds=seconds)
            TALLY.count(Measure.LIMITER_WAITS, self._system, route)
            TALLY.count_seconds(Measure.LIMITER_WAIT_SECONDS, self._system, seconds=seconds)
            return result
        outcome = _outcome_of(result)
        trace = result.trace if isinstance(result, Answer) else ""
        TALLY.time(Measure.CALL_SECONDS, self._system, method, route, seconds=took)
        TALLY.count(Measure.CALLS, self._system, method, route, outcome)
        log.info(
            "wire.call",
            system=self._system,
            method=method,
            route=route,
            outcome=outcome,
            milliseconds=round(took * 1000),
            **({"intuit_tid": trace} if trace else {}),
        )
        return result

    def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], params: Mapping[str, str] | None, body: bytes | None
    ) -> Answer | NeverSent | NoAnswer:
        # Nothing of the session belongs to a request but these headers; to merge the rest takes requests longer.
        merged = {**self._session.headers, **headers}
        request = requests.Request(method, url, headers=merged, params=params, data=body)
        try:
            prepared = request.prepare()
            _check_encodable(prepared.headers)
        except UnicodeError:
            # A key with a typographic dash in it.
            return NeverSent("a key or an id has characters that cannot be sent")
        except ValueError:
            return NeverSent("the address or a header is not valid")
        budget = self._budget()
        try:
            # Tokens change, and an old one may come back late. Threads may overwrite the shared set; each uses its own.
            secrets = self._secrets.with_those_in(headers, body)
            if secrets is not self._secrets:
                self._secrets = secrets
                HIDING.learn(secrets.values)
            with spending(budget):
                return self._answer(prepared, secrets)
        except (TooMuch, TimeoutError, requests.exceptions.RequestException, HTTPError) as error:
            return _failed(budget, budget.refusal or _describe(error))
        except Exception as error:  # noqa: BLE001 - the request may have arrived, whatever went wrong
            log.warning("wire.answer_not_understood", system=self._system, error=type(error).__name__)
            return NoAnswer("the answer could not be understood")

    def _budget(self) -> Budget:
        now, limits = time.monotonic(), self._time_limits
        return Budget(
            connect_ends=now + limits.connect_seconds,
            ends=now + limits.exchange_seconds,
            answer_seconds=limits.read_seconds,
            body_bytes_max=max(self._size_limits.body_bytes, PIECE_BYTES),
            why_refused=self._addresses.why_refused,
        )

    def _answer(self, prepared: requests.PreparedRequest, secrets: Secrets) -> Answer:
        response = self._session.send(prepared, stream=True, allow_redirects=False)
        if self._size_limits.cuts:
            body = beginning(response, self._size_limits.body_bytes)
            return Answer(response.status_code, response.headers, body, self._size_limits.json, secrets)
        try:
            body = unpacked(response, self._size_limits.body_bytes)
        except BaseException:
            # The rest of this answer must not become the beginning of the next one.
            response.raw.close()
            raise
        return Answer(response.status_code, response.headers, body, self._size_limits.json, secrets)


class _NoRedirects(requests.Session):
    """Never follows an answer elsewhere: a redirected POST would become a GET that creates nothing."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' own signature
        # requests reads Location even when redirects are switched off, and fails on letters that are not UTF-8.
        return None


def _outcome_of(result: Exchange) -> str:
    return str(result.status) if isinstance(result, Answer) else type(result).__name__


def _check_encodable(headers: Mapping[str, str | bytes]) -> None:
    """Raises UnicodeError for headers that cannot be written to the wire, while nothing has been sent yet."""
    for name, value in headers.items():
        name.encode("ascii")
        if isinstance(value, str):
            value.encode("latin-1")


def _failed(budget: Budget, detail: str) -> NeverSent | NoAnswer:
    """The budget saw on the socket whether the request may have arrived; the exception does not matter."""
    if not budget.sent:
        return NeverSent(detail)
    return NoAnswer("no answer within the time limit" if time.monotonic() >= budget.ends else detail)


def _describe(error: Exception) -> str:
    """The kind of failure, without the address: a message with a URL in it could carry a token."""
    kinds = {
        TooMuch: "the answer is longer than any that we expect",
        requests.exceptions.ConnectTimeout: "no connection within the time limit",
        TimeoutError: "no answer within the time limit",
        requests.exceptions.ReadTimeout: "no answer within the time limit",
        requests.exceptions.SSLError: "the encrypted connection failed",
        requests.exceptions.ChunkedEncodingError: "the answer was cut off",
        requests.exceptions.ContentDecodingError: "the answer could not be unpacked",
        ProtocolError: "the answer was cut off",
    }
    for kind, text in kinds.items():
        if isinstance(error, kind):
            return text
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError):
        return "no connection could be made"
    return "the connection broke"
