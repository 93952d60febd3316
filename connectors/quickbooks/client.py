"""The calls we make to the QuickBooks Online API, and no others: metered reads, and the writes of the Sync Tool.

A source only reads, though the scope allows more; `QuickBooksBooks` is the only caller of `write`.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer, Wire
from connectors.keeping import NoMeter, ReadMeter, Secrets
from connectors.quickbooks.faults import failure_of, is_refusal
from connectors.quickbooks.tokens import Tokens
from connectors.transcript import Hears, hear_nothing

# Intuit has ignored values below 75 since August 2025; we send it so that a later default does not surprise us.
MINOR_VERSION = "75"
_OK = 200
# Faults of the service behind the gateway: these calls count.
_ANSWERED = frozenset({FailureKind.NOT_FOUND, FailureKind.REFUSED})


@dataclass(frozen=True, slots=True)
class _Request:
    """A call without its token.

    Attributes:
        route: the path without ids, for the log.
    """

    method: str
    path: str
    route: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str | None = None
    # Its answer may be very long, so that it is parsed only once, by the code that knows its form.
    is_report: bool = False


class Client:
    def __init__(
        self,
        api_url: str,
        realm_id: str,
        tokens: Tokens,
        wire: Wire,
        now: Callable[[], datetime],
        meter: ReadMeter | None = None,
    ) -> None:
        self._company_url = f"{api_url.rstrip('/')}/v3/company/{quote(realm_id, safe='')}"
        self._realm_id = realm_id
        self.tokens = tokens
        self._wire = wire
        self._now = now
        self.meter = meter or NoMeter()
        # Called before every exchange.
        self.keep: Callable[[], None] = _nothing
        self.hear: Hears = hear_nothing

    def keeping(self, keep: Callable[[], None], meter: ReadMeter | None = None, secrets: Secrets | None = None) -> Self:
        """The same client for one step of work, which calls `keep` before every exchange.

        Args:
            meter: the step's own, if it stores the count of its reads together with what they brought.
            secrets: as they were on disk a moment ago.
        """
        kept = copy(self)
        kept.keep = keep
        kept.meter = meter or self.meter
        kept.tokens = self.tokens.for_a_step(secrets)
        return kept

    def hearing(self, hear: Hears) -> Self:
        """The same client for one reading, with every answer told to `hear`."""
        told = copy(self)
        told.hear = hear
        return told

    def now(self) -> datetime:
        return self._now()

    def company_info(self) -> ReadResult[Any]:
        return self._read(_Request("GET", f"/companyinfo/{quote(self._realm_id, safe='')}", "companyinfo"))

    def preferences(self) -> ReadResult[Any]:
        return self._read(_Request("GET", "/preferences", "preferences"))

    def entity(self, name: str, entity_id: str) -> ReadResult[Any]:
        return self._read(_Request("GET", f"/{name}/{quote(entity_id, safe='')}", name))

    def query(self, statement: str) -> ReadResult[Any]:
        # As POST: a long IN list does not fit into an address.
        body, content_type = statement.encode(), "application/text"
        return self._read(_Request("POST", "/query", "query", body=body, content_type=content_type))

    def changes(self, entities: str, since: datetime) -> ReadResult[Any]:
        parameters = {"entities": entities, "changedSince": since.isoformat(timespec="seconds")}
        return self._read(_Request("GET", "/cdc", "cdc", parameters))

    def report(self, name: str, parameters: Mapping[str, str]) -> ReadResult[Answer]:
        """A report as it came; what is no report is a failure. Names are case-sensitive."""
        result = self._read(_Request("GET", f"/reports/{quote(name, safe='')}", name, parameters, is_report=True))
        if isinstance(result, Got) and not isinstance(result.value, Answer):
            return Failure(FailureKind.UNAVAILABLE, "the answer is not a report")
        return result

    def write(self, entity: str, body: bytes, request_id: str, operation: str = "") -> Exchange | Failure:
        """Sends a write once. Nobody meters writes.

        A refused token is the only case in which it is sent again, once and with new tokens: the gateway turned the
        request away before the service saw it, so nothing was carried out; the request id is the same nevertheless.

        Args:
            request_id: at most 50 characters. A request with a known one gets the first answer again.

        Returns:
            A Failure if certainly nothing was carried out because we have no token that QuickBooks accepts.
        """
        parameters = {"requestid": request_id} | ({"operation": operation} if operation else {})
        request = _Request("POST", f"/{entity}", f"write {entity}", parameters, body, "application/json")
        self.keep()
        token = self.tokens.current()
        if isinstance(token, Failure):
            return token
        exchange = self._exchange(token.value, request)
        if self._refused_token(exchange) is None:
            return exchange
        self.keep()
        token = self.tokens.replace(token.value)
        if isinstance(token, Failure):
            return token
        exchange = self._exchange(token.value, request)
        refused = self._refused_token(exchange)
        return exchange if refused is None else _although_refreshed(refused)

    def _refused_token(self, exchange: Exchange) -> Failure | None:
        """The failure, if QuickBooks refused the token; a server error that says so proves nothing about a write."""
        if not (isinstance(exchange, Answer) and is_refusal(exchange)):
            return None
        failure = failure_of(exchange, self._now())
        return failure if failure is not None and failure.kind is FailureKind.CREDENTIALS else None

    def _read(self, request: _Request) -> ReadResult[Any]:
        self.keep()
        token = self.tokens.current()
        if isinstance(token, Failure):
            return token
        result = self._read_once(token.value, request)
        if not (isinstance(result, Failure) and result.kind is FailureKind.CREDENTIALS):
            return result
        # The token may have ended early: one forced refresh, one more try.
        self.keep()
        token = self.tokens.replace(token.value)
        if isinstance(token, Failure):
            return token
        result = self._read_once(token.value, request)
        return _although_refreshed(result) if isinstance(result, Failure) else result

    def _read_once(self, token: str, request: _Request) -> ReadResult[Any]:
        result = self._exchange(token, request)
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer():
                read = _report_in(result) if request.is_report else None
                # Read once: a thousand payments take longer to read than to fetch.
                told = result.json() if read is None else None
                failure = failure_of(result, self._now(), told) if read is None else None
                is_metered = failure is None or failure.kind in _ANSWERED
                self.hear(request.route, result, metered=is_metered)
                return self._metered(failure) or read or Got(told)

    def _exchange(self, token: str, request: _Request) -> Exchange:
        self.keep()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        return self._wire.exchange(
            request.method,
            self._company_url + request.path,
            route=request.route,
            headers=headers,
            params={**request.parameters, "minorversion": MINOR_VERSION},
            body=request.body,
        )

    def _metered(self, failure: Failure | None) -> Failure | None:
        """Counts the read, because reads are metered. Calls that the gateway refuses do not count.

        The body of a 429 does not reliably say which of the two limits was reached; our own counter does.
        """
        if failure is None or failure.kind in _ANSWERED:
            self.meter.count()
            return failure
        used_up = self.meter.used_up() if failure.kind is FailureKind.THROTTLED else None
        return failure if used_up is None else Failure(FailureKind.USED_UP, failure.detail, used_up)


def _report_in(answer: Answer) -> Got[Answer] | None:
    """The answer, if it looks like a report; faults are short, and have no columns."""
    is_report = answer.status == _OK and b'"Columns"' in answer.body
    return Got(answer) if is_report else None


def _nothing() -> None:
    """For a call that belongs to no step."""


def _although_refreshed(failure: Failure) -> Failure:
    """A server that accepts our refresh token has not ended the consent; if it refuses its own new token, it is unwell.

    A consent ends with an answer to the refresh (invalid_grant), or with a fault of that code.
    """
    if failure.kind is FailureKind.CREDENTIALS:
        return Failure(FailureKind.UNAVAILABLE, f"refused with tokens that were just refreshed: {failure.detail}")
    return failure
