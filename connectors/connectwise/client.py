"""The calls we make to the ConnectWise PSA REST API: Basic keys plus clientId, version pinned, no redirects."""

import base64
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

from connectors.addresses import AddressRules
from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.connectwise.where import NO_CONNECTWISE, Where, where_in
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer, Wire
from connectors.transcript import Hears, hear_nothing
from connectors.xml_errors import elements_in

# ConnectWise's guide: without a Retry-After, exponential from 30 seconds.
THROTTLE_WAIT = timedelta(seconds=30)
INFORMATION_PATH = "/system/info"
SMALLEST_PAGE = 25
_LATER = {FailureKind.THROTTLED, FailureKind.PACED, FailureKind.UNAVAILABLE}
_NEXT = re.compile(r'rel="?next\b')
_SERVER_ERROR = 500
_ANSWERED = frozenset({200, 201})
_MAY_BE_THE_CLIENT_ID = frozenset({400, 401, 403, 422})
_CLIENT_ID = re.compile(r"(?<![\w-])client[\s_-]?id(?:entifier)?(?![\w-])", re.IGNORECASE)
_COMPLAINT = re.compile(
    r"\b(not|no|isn't|invalid|missing|required|unknown|unregistered|unrecogni[sz]ed|revoked|disabled|expired|denied"
    r"|refused|must|could)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"'`]([^\"'`]*)[\"'`]")
_TAG = re.compile(r"<[^>]*>")
_PAGE_BYTES_MAX = 4000
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


@dataclass(frozen=True, slots=True)
class Page:
    """The parsed JSON of an answer, and its Link header if it had one."""

    value: Any
    link: str | None

    def may_go_on(self, found: int) -> bool:
        """Whether there may be another page after this one, which has `found` records.

        Without a Link header, a page that a server cut short looks like the last page; we know of no server that gives
        fewer records than its default.
        """
        return found >= SMALLEST_PAGE if self.link is None else bool(_NEXT.search(self.link))


class Client:
    """One tenant. We discover the codebase once, and again after a 404: it changes with the tenant's releases."""

    def __init__(
        self,
        site_url: str,
        keys: Keys,
        version: str,
        wire: Wire,
        now: Callable[[], datetime],
        addresses: AddressRules | None = None,
    ) -> None:
        self._site_url = site_url.rstrip("/")
        self._addresses = addresses or AddressRules()
        self._keys = keys
        self._version = version
        self._wire = wire
        self._now = now
        self._base_url: str | None = None
        self.hear: Hears = hear_nothing

    def hearing(self, hear: Hears) -> Self:
        """The same client for one reading, with every answer told to `hear`."""
        told = copy(self)
        told.hear = hear
        return told

    @property
    def version(self) -> str:
        """The API version that every call asks for."""
        return self._version

    def now(self) -> datetime:
        return self._now()

    def one_question(self) -> AbstractContextManager[None]:
        """All calls meanwhile take no longer than one may: a lease allows for the time of one exchange."""
        return self._wire.one_question()

    def identity(self) -> ReadResult[str]:
        """The tenant as ConnectWise names it to anyone: no keys are needed."""
        information = self._information()
        if isinstance(information, Failure):
            return information
        return Got(canonical_account(f"{information.value.host}/{information.value.company}"))

    def read(self, path: str, parameters: Mapping[str, str] | None = None, *, route: str) -> ReadResult[Any]:
        """A GET; the value is the parsed JSON."""
        answer = self.read_page(path, parameters, route=route)
        return answer if isinstance(answer, Failure) else Got(answer.value.value)

    def read_page(self, path: str, parameters: Mapping[str, str] | None = None, *, route: str) -> ReadResult[Page]:
        """A GET of a list, one page of it."""
        return self._found(lambda: self._get(path, parameters or {}, route))

    def ask(self, path: str, question: bytes, *, route: str) -> ReadResult[Any]:
        """A POST that only reads; the value is the parsed JSON. Unlike a write it may be sent again.

        A long answer that cannot be read may be short enough if less is asked for: the failure says so.
        """
        answer = self._found(lambda: self._post(path, question, route))
        return answer if isinstance(answer, Failure) else Got(answer.value.value)

    def _found(self, ask: Callable[[], ReadResult[Page]]) -> ReadResult[Page]:
        """The answer from where the API is now."""
        answer = ask()
        if isinstance(answer, Failure) and answer.kind is FailureKind.NOT_FOUND:
            has_moved = self._rediscover()
            if isinstance(has_moved, Failure):
                return has_moved
            if has_moved:
                answer = ask()
            if isinstance(answer, Failure) and answer.kind is FailureKind.NOT_FOUND:
                return self._why_not_found(answer)
        return answer

    def _why_not_found(self, answer: Failure) -> Failure:
        """A cloud answers 404 to refused keys too; a page that every key may read shows which case this is."""
        return self._not_accepted() or answer

    def prove_access(self) -> Failure | None:
        """None if the keys are accepted, by the API as the site names it now."""
        moved = self._rediscover()
        return moved if isinstance(moved, Failure) else self._not_accepted()

    def _not_accepted(self) -> Failure | None:
        seen = self._get(INFORMATION_PATH, {}, "system/info")
        if not isinstance(seen, Failure) or seen.kind is FailureKind.FORBIDDEN:
            return None
        if seen.kind is FailureKind.NOT_FOUND:
            return Failure(FailureKind.CREDENTIALS, f"these keys cannot read anything; {seen.detail}")
        return seen

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
        """The failure that an unsuccessful answer reports; the text is ConnectWise's own."""
        words = _message(answer)
        fallback = FailureKind.UNAVAILABLE if answer.status >= _SERVER_ERROR else FailureKind.REFUSED
        kind = _KIND_OF_STATUS.get(answer.status, fallback)
        if answer.status in _MAY_BE_THE_CLIENT_ID and _is_about_the_client_id(words):
            kind = FailureKind.MISCONFIGURED
        wait = (answer.retry_after(self._now()) or THROTTLE_WAIT) if kind is FailureKind.THROTTLED else None
        broke = answer.status == _SERVER_ERROR and kind is FailureKind.UNAVAILABLE
        return Failure(kind, f"HTTP {answer.status}{answer.words(words)}", wait, broke)

    def _get(self, path: str, parameters: Mapping[str, str], route: str) -> ReadResult[Page]:
        base_url = self._discovered()
        if isinstance(base_url, Failure):
            return base_url
        headers = self._keys.headers(self._version)
        result = self._wire.exchange("GET", base_url + path, route=route, headers=headers, params=parameters)
        if isinstance(result, Answer):
            self.hear(route, result, metered=False)
        return self._parsed(result)

    def _post(self, path: str, question: bytes, route: str) -> ReadResult[Page]:
        result = self.write("POST", path, question, route=route)
        if isinstance(result, Failure):
            return result
        # An export is nothing that was created, but tenants may be told so.
        if isinstance(result, Answer) and result.status in _ANSWERED:
            parsed = result.json()
            if parsed is None:
                return Failure(FailureKind.UNAVAILABLE, "the answer is not JSON", broke_on_the_question=True)
            return Got(Page(parsed, None))
        return self._parsed(result)

    def _parsed(self, result: Exchange) -> ReadResult[Page]:
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer(status=200):
                parsed = result.json()
                if parsed is None and not result.is_null:
                    return Failure(FailureKind.UNAVAILABLE, "the answer is not JSON")
                return Got(Page(parsed, result.headers.get("Link")))
            case Answer():
                return self.failure_of(result)

    def _discovered(self) -> str | Failure:
        """`https://{SiteUrl}/{Codebase}apis/3.0`, with the values of the company's own information."""
        if self._base_url is None:
            information = self._information()
            if isinstance(information, Failure):
                return information
            self._base_url = information.value.api_url
        return self._base_url

    def _information(self) -> ReadResult[Where]:
        """The site's public information about the company."""
        result = self._parsed(
            self._wire.exchange(
                "GET",
                f"{self._site_url}/login/companyinfo/{quote(self._keys.company, safe='')}",
                route="companyinfo",
                headers={"Accept": "application/json"},
            )
        )
        if isinstance(result, Failure):
            # We asked without keys, at an address that every ConnectWise has: no answer to this is about the keys.
            if result.kind in _LATER:
                return result
            return Failure(FailureKind.UNAVAILABLE, f"{NO_CONNECTWISE}; {result.detail}")
        information = result.value.value
        if information is None:
            return Failure(FailureKind.CREDENTIALS, f"ConnectWise does not know a company '{self._keys.company}'")
        return where_in(information, self._site_url, self._keys.company, self._addresses)

    def _rediscover(self) -> bool | Failure:
        """True if the codebase turned out to be another one than before."""
        before, self._base_url = self._base_url, None
        found = self._discovered()
        return found if isinstance(found, Failure) else found != before


def canonical_account(account: str) -> str:
    """Host and company, without the parts that people type in several ways: letter case, scheme, API host's prefix."""
    return account.strip().lower().removeprefix("https://").removeprefix("http://").removeprefix("api-")


def _message(answer: Answer) -> str:
    """ConnectWise's message with the messages of its fields, in JSON or XML; of a page only its visible text."""
    parsed = answer.json()
    if isinstance(parsed, dict):
        texts = _texts_in(parsed)
    else:
        elements = elements_in(answer.body) if parsed is None else []
        told = [one.of("message", "error") or one.of("code") for one in elements]
        texts = told if any(told) else [_shown(answer.body)]
    joined = "; ".join(dict.fromkeys(text for text in texts if text))
    return f": {joined}"[:300] if joined else ""


def _texts_in(parsed: Mapping[str, Any]) -> list[str]:
    """The answer's message and those of its fields. Throttling answers spell the code `error`."""
    texts = [str(parsed.get("message") or parsed.get("error") or parsed.get("code") or "")]
    errors = parsed.get("errors")
    listed = errors if isinstance(errors, list) else []
    return texts + [str(error["message"]) for error in listed if isinstance(error, dict) and error.get("message")]


def _shown(body: bytes) -> str:
    """The text of a gateway's page if it is about the client id, else nothing: such pages are long."""
    text = " ".join(_TAG.sub(" ", body[:_PAGE_BYTES_MAX].decode("utf-8", "replace")).split())
    return text if _is_about_the_client_id(text) else ""


def _is_about_the_client_id(words: str) -> bool:
    """Whether the answer says that the client id is missing, wrong or not registered.

    The words differ between versions and gateways. We leave quoted text out: it may repeat our question, and an
    invoice's number may read like a client id.
    """
    told = _QUOTED.sub(lambda quoted: quoted.group(1) if _CLIENT_ID.fullmatch(quoted.group(1)) else " ", words)
    return _CLIENT_ID.search(told) is not None and _COMPLAINT.search(told) is not None
