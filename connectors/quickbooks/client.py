"""The calls we make to the QuickBooks Online API, and no others: reads only, though the scope allows more."""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.http import Answer, Limited, NeverSent, NoAnswer, Wire
from connectors.keeping import NoMeter, ReadMeter
from connectors.quickbooks.faults import failure_of
from connectors.quickbooks.tokens import Tokens

# Intuit has ignored values below 75 since August 2025; we send it so that a later default does not surprise us.
MINOR_VERSION = "75"
# Faults of the service behind the gateway: these calls count.
_ANSWERED = frozenset({FailureKind.NOT_FOUND, FailureKind.REFUSED})


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
        self._tokens = tokens
        self._wire = wire
        self._now = now
        self._meter = meter or NoMeter()
        # Called before every exchange.
        self.keep: Callable[[], None] = _nothing

    def keeping(self, keep: Callable[[], None]) -> Self:
        """The same client, which calls `keep` before every exchange."""
        kept = copy(self)
        kept.keep = keep
        return kept

    def now(self) -> datetime:
        return self._now()

    def company_info(self) -> ReadResult[Any]:
        return self._call("GET", f"/companyinfo/{quote(self._realm_id, safe='')}", route="companyinfo")

    def entity(self, name: str, entity_id: str) -> ReadResult[Any]:
        return self._call("GET", f"/{name}/{quote(entity_id, safe='')}", route=name)

    def query(self, statement: str) -> ReadResult[Any]:
        # As POST: a long IN list does not fit into an address.
        return self._call("POST", "/query", route="query", body=statement.encode(), content_type="application/text")

    def changes(self, entities: str, since: datetime) -> ReadResult[Any]:
        parameters = {"entities": entities, "changedSince": since.isoformat(timespec="seconds")}
        return self._call("GET", "/cdc", route="cdc", parameters=parameters)

    def _call(
        self,
        method: str,
        path: str,
        *,
        route: str,
        parameters: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> ReadResult[Any]:
        self.keep()
        token = self._tokens.current()
        if isinstance(token, Failure):
            return token
        arguments = (method, path, route, parameters or {}, body, content_type)
        result = self._once(token.value, *arguments)
        if not (isinstance(result, Failure) and result.kind is FailureKind.CREDENTIALS):
            return result
        # The token may have ended early: one forced refresh, one more try.
        self.keep()
        token = self._tokens.replace(token.value)
        if isinstance(token, Failure):
            return token
        return _although_refreshed(self._once(token.value, *arguments))

    def _once(
        self,
        token: str,
        method: str,
        path: str,
        route: str,
        parameters: Mapping[str, str],
        body: bytes | None,
        content_type: str | None,
    ) -> ReadResult[Any]:
        self.keep()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if content_type:
            headers["Content-Type"] = content_type
        result = self._wire.exchange(
            method,
            self._company_url + path,
            route=route,
            headers=headers,
            params={**parameters, "minorversion": MINOR_VERSION},
            body=body,
        )
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer():
                return self._metered(failure_of(result, self._now())) or Got(result.json())

    def _metered(self, failure: Failure | None) -> Failure | None:
        """Counts the call: all our calls are reads, and reads are metered. Calls that the gateway refuses do not count.

        The body of a 429 does not reliably say which of the two limits was reached; our own counter does.
        """
        if failure is None or failure.kind in _ANSWERED:
            self._meter.count()
            return failure
        used_up = self._meter.used_up() if failure.kind is FailureKind.THROTTLED else None
        return failure if used_up is None else Failure(FailureKind.USED_UP, failure.detail, used_up)


def _nothing() -> None:
    """For a call that belongs to no step."""


def _although_refreshed(result: ReadResult[Any]) -> ReadResult[Any]:
    """A server that accepts our refresh token has not ended the consent; if it refuses its own new token, it is unwell.

    A consent ends with an answer to the refresh (invalid_grant), or with a fault of that code.
    """
    if isinstance(result, Failure) and result.kind is FailureKind.CREDENTIALS:
        return Failure(FailureKind.UNAVAILABLE, f"refused with tokens that were just refreshed: {result.detail}")
    return result
