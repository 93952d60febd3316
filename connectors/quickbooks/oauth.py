"""Consent by OAuth 2.0: the way to QuickBooks' consent page, back with a code, and out again (revoke).

There is no read-only scope (Intuit's scopes page). A source only reads; only the Sync Tool's books write (`books.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import simplejson

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.consent import Consent
from connectors.http import Answer, Limited, NeverSent, NoAnswer, Wire
from connectors.keeping import ReadMeter, Turn
from connectors.quickbooks.client import Client
from connectors.quickbooks.tokens import (
    REGISTRATION_REFUSED,
    REGISTRATION_REFUSED_DETAIL,
    Application,
    Tokens,
    basic_credentials,
    secrets_from,
)

SCOPE = "com.intuit.quickbooks.accounting"
_OK = 200
_VALUE_CHARACTERS_MAX = 500


class QuickBooksAuthorization:
    def __init__(self, application: Application, api_url: str, wire: Wire, now: Callable[[], datetime]) -> None:
        self._application = application
        self._api_url = api_url
        self._wire = wire
        self._now = now

    @property
    def is_configured(self) -> bool:
        return bool(self._application.client_id and self._application.client_secret)

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        asked = {
            "client_id": self._application.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._application.authorize_url}?{urlencode(asked)}"

    def consent_in(self, parameters: Mapping[str, str]) -> Consent | str:
        code, realm_id = parameters.get("code", ""), parameters.get("realmId", "")
        if parameters.get("error"):
            return "Consent was not given at QuickBooks, so nothing was connected."
        if not code or len(code) > _VALUE_CHARACTERS_MAX or not (realm_id.isascii() and realm_id.isdigit()):
            return "QuickBooks sent an answer that does not say which company was chosen; start again."
        return Consent(code, realm_id[:50])

    def exchange(self, consent: Consent, redirect_uri: str, meter: ReadMeter) -> ReadResult[Mapping[str, Any]]:
        form = {"grant_type": "authorization_code", "code": consent.code, "redirect_uri": redirect_uri}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "x-include-refresh-token-hard-expires-in": "true",
        }
        answer = self._post(self._application.token_url, "token", headers, urlencode(form).encode())
        if isinstance(answer, Failure):
            return answer
        parsed = answer.raw_json()
        readable = isinstance(parsed, dict) and parsed.get("access_token") and parsed.get("refresh_token")
        if answer.status != _OK or not readable:
            error = str(parsed.get("error", "")) if isinstance(parsed, dict) else ""
            if error in REGISTRATION_REFUSED:
                return Failure(FailureKind.MISCONFIGURED, REGISTRATION_REFUSED_DETAIL)
            kind = FailureKind.CREDENTIALS if error.startswith("invalid_") else FailureKind.UNAVAILABLE
            return Failure(kind, answer.words(f"the token endpoint answered HTTP {answer.status} {error}".strip()))
        return self._proved(consent, secrets_from(parsed, self._now()), meter)

    def revoke(self, secrets: Mapping[str, Any]) -> Failure | None:
        token = secrets.get("refresh_token") or secrets.get("access_token")
        if not token or not self._application.revoke_url:
            return None
        body = simplejson.dumps({"token": str(token)}).encode()
        answer = self._post(self._application.revoke_url, "revoke", {"Content-Type": "application/json"}, body)
        if isinstance(answer, Failure):
            return answer
        return None if answer.status == _OK else Failure(FailureKind.REFUSED, f"HTTP {answer.status}")

    def _proved(self, consent: Consent, secrets: dict[str, str], meter: ReadMeter) -> ReadResult[Mapping[str, Any]]:
        """Proves the tokens with a call: the company's id came through a browser, so they may open another company."""
        held = _Held(dict(secrets))
        tokens = Tokens(self._application, held, self._wire, self._now)
        checked = Client(self._api_url, consent.account_id, tokens, self._wire, self._now, meter).company_info()
        return checked if isinstance(checked, Failure) else Got(held.secrets)

    def _post(self, url: str, route: str, headers: Mapping[str, str], body: bytes) -> Answer | Failure:
        credentials = {"Authorization": "Basic " + basic_credentials(self._application), "Accept": "application/json"}
        result = self._wire.exchange("POST", url, route=route, headers={**credentials, **headers}, body=body)
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer():
                return result


@dataclass
class _Held:
    """Tokens that belong to no connection yet."""

    secrets: dict[str, Any]

    def load(self) -> Mapping[str, Any]:
        return self.secrets

    def save(self, secrets: Mapping[str, Any]) -> bool:
        self.secrets = dict(secrets)
        return True

    @contextmanager
    def alone(self) -> Iterator[Turn]:
        yield self

    def reconnect_needed(self) -> bool:
        return True
