"""The calls we make to the ConnectWise PSA REST API: Basic keys plus clientId, version pinned, no redirects."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer, Wire

# ConnectWise's guide: without a Retry-After, exponential from 30 seconds.
THROTTLE_WAIT = timedelta(seconds=30)
_OK, _SERVER_ERROR, _NOT_FOUND = 200, 500, 404
_KIND_OF_STATUS = {
    401: FailureKind.CREDENTIALS,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.UNAVAILABLE,
    429: FailureKind.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class Keys:
    company: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)
    client_id: str = field(repr=False)

    def headers(self, version: str) -> dict[str, str]:
        login = f"{self.company}+{self.public_key}:{self.private_key}"
        return {
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
            "clientId": self.client_id,
            "Accept": f"application/vnd.connectwise.com+json; version={version}",
        }


class Client:
    """One tenant. The codebase is discovered once and again after a 404: it changes with the tenant's releases."""

    def __init__(self, site_url: str, keys: Keys, version: str, wire: Wire, now: Callable[[], datetime]) -> None:
        self._site_url = site_url.rstrip("/")
        self._keys = keys
        self._version = version
        self._wire = wire
        self._now = now
        self._base_url: str | None = None

    def read(self, path: str, parameters: Mapping[str, str] | None = None, *, route: str) -> ReadResult[Any]:
        """A GET; the value is the parsed JSON."""
        answer = self._get(path, parameters or {}, route)
        if isinstance(answer, Failure) and answer.kind is FailureKind.NOT_FOUND and self._rediscover():
            answer = self._get(path, parameters or {}, route)
        return answer

    def write(self, method: str, path: str, body: bytes | None, *, route: str) -> Exchange | Failure:
        """A POST, PATCH or DELETE, sent exactly once; a Failure means that it was not sent at all."""
        base_url = self._discovered()
        if isinstance(base_url, Failure):
            return base_url
        headers = self._keys.headers(self._version)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._wire.exchange(method, base_url + path, route=route, headers=headers, body=body)

    def failure_of(self, answer: Answer) -> Failure:
        """What an answer that is not a success says; the text is ConnectWise's own."""
        fallback = FailureKind.UNAVAILABLE if answer.status >= _SERVER_ERROR else FailureKind.REFUSED
        kind = _KIND_OF_STATUS.get(answer.status, fallback)
        wait = (answer.retry_after(self._now()) or THROTTLE_WAIT) if kind is FailureKind.THROTTLED else None
        return Failure(kind, f"HTTP {answer.status}{_message(answer.json())}", wait)

    def _get(self, path: str, parameters: Mapping[str, str], route: str) -> ReadResult[Any]:
        base_url = self._discovered()
        if isinstance(base_url, Failure):
            return base_url
        headers = self._keys.headers(self._version)
        result = self._wire.exchange("GET", base_url + path, route=route, headers=headers, params=parameters)
        return self._parsed(result)

    def _parsed(self, result: Exchange) -> ReadResult[Any]:
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer(status=200):
                parsed = result.json()
                if parsed is None and not result.is_null:
                    return Failure(FailureKind.UNAVAILABLE, "the answer is not JSON")
                return Got(parsed)
            case Answer():
                return self.failure_of(result)

    def _discovered(self) -> str | Failure:
        """`https://{SiteUrl}/{Codebase}apis/3.0`, as the company's own information names it."""
        if self._base_url is None:
            result = self._parsed(
                self._wire.exchange(
                    "GET",
                    f"{self._site_url}/login/companyinfo/{quote(self._keys.company, safe='')}",
                    route="companyinfo",
                    headers={"Accept": "application/json"},
                )
            )
            if isinstance(result, Failure):
                not_found = result.kind is FailureKind.NOT_FOUND
                return Failure(FailureKind.CREDENTIALS, "unknown site or company") if not_found else result
            if not isinstance(result.value, dict) or not result.value.get("Codebase"):
                return Failure(FailureKind.CREDENTIALS, f"ConnectWise knows no company '{self._keys.company}'")
            self._base_url = self._base_of(result.value)
        return self._base_url

    def _base_of(self, information: Mapping[str, Any]) -> str:
        """The API host may differ from the site's (SiteUrl); its scheme is the one the site was entered with."""
        scheme, _, own_host = self._site_url.partition("://")
        host = str(information.get("SiteUrl") or own_host).removeprefix("https://").removeprefix("http://").rstrip("/")
        return f"{scheme}://{host}/{str(information['Codebase']).strip('/')}/apis/3.0"

    def _rediscover(self) -> bool:
        """True if the codebase turned out to be another one than before."""
        before, self._base_url = self._base_url, None
        found = self._discovered()
        return isinstance(found, str) and found != before


def _message(parsed: Any) -> str:
    """ConnectWise's message with the messages of its fields; throttling answers spell the code `error`."""
    if not isinstance(parsed, dict):
        return ""
    texts = [str(parsed.get("message") or parsed.get("error") or parsed.get("code") or "")]
    errors = parsed.get("errors")
    listed = errors if isinstance(errors, list) else []
    texts += [str(error["message"]) for error in listed if isinstance(error, dict) and error.get("message")]
    joined = "; ".join(text for text in texts if text)
    return f": {joined}"[:300] if joined else ""
