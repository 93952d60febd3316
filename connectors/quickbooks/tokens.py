"""Access tokens for one company: refreshed early, by one process at a time, and saved before they are used.

A refresh token changes its value about every day, and two refreshes at the same time may cost the whole connection
(Intuit may revoke both). So: one at a time across all processes, read again after getting the turn, save, then use.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.http import Answer, Limited, NeverSent, NoAnswer, Wire
from connectors.keeping import Secrets, SecretsKeeper, Turn

# Access tokens live an hour; ten minutes early leaves room for a slow slice and a clock that is off.
REFRESH_EARLY = timedelta(minutes=10)
ACCESS_SECONDS = 3600
# Far shorter than `REFRESH_EARLY`.
_REMEMBERED_FOR = timedelta(seconds=1)
# A century: a longer lifetime is rubbish.
_LONGEST_LIFE_SECONDS = 100 * 365 * 86_400
_OK = 200
# These refuse our own registration, which is the same for every company, and no company's consent.
REGISTRATION_REFUSED = frozenset({"invalid_client", "unauthorized_client"})
REGISTRATION_REFUSED_DETAIL = "Intuit does not accept QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET"
# QuickBooks is well; only our own processes are in each other's way for a moment.
_ANOTHER_REFRESHES = Failure(FailureKind.PACED, "another process is refreshing the tokens", timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration at Intuit."""

    client_id: str
    client_secret: str = field(repr=False)
    token_url: str
    authorize_url: str = ""
    revoke_url: str = ""


class Tokens:
    def __init__(
        self,
        application: Application,
        keeper: SecretsKeeper,
        wire: Wire,
        now: Callable[[], datetime],
        *,
        remembers: bool = False,
        read_a_moment_ago: Secrets | None = None,
    ) -> None:
        self._application = application
        self._keeper = keeper
        self._wire = wire
        self._now = now
        self._remembers = remembers
        self._remembered: tuple[datetime, Secrets] | None = None
        if read_a_moment_ago is not None:
            self._remembered = (now(), read_a_moment_ago)

    def for_a_step(self, secrets: Secrets | None = None) -> "Tokens":
        """The same tokens, for a step that makes some calls right after each other.

        The keeper is asked once a second for them. A token that others have replaced meanwhile is as good until it
        ends; one that is rejected is replaced in any case.

        Args:
            secrets: as they were on disk a moment ago; the keeper is not asked for these.
        """
        return Tokens(self._application, self._keeper, self._wire, self._now, remembers=True, read_a_moment_ago=secrets)

    def current(self) -> ReadResult[str]:
        """An access token that stays valid for some more minutes."""
        kept = self._recently_kept()
        if self._is_fresh(kept):
            return Got(str(kept["access_token"]))
        return self.replace(str(kept.get("access_token", "")))

    def replace(self, rejected: str) -> ReadResult[str]:
        """A new access token in place of the one that was rejected or has grown old."""
        self._remembered = None
        with self._keeper.alone() as turn:
            if turn is None:
                return _ANOTHER_REFRESHES
            kept = self._keeper.load()
            if self._replaces(rejected, kept):
                return Got(str(kept["access_token"]))
            return self._refresh(turn, kept)

    def _recently_kept(self) -> Mapping[str, Any]:
        now = self._now()
        if self._remembered is not None and timedelta(0) <= now - self._remembered[0] <= _REMEMBERED_FOR:
            return self._remembered[1]()
        kept = self._keeper.load()
        self._remembered = (now, lambda: kept) if self._remembers else None
        return kept

    def _replaces(self, rejected: str, kept: Mapping[str, Any]) -> bool:
        return kept.get("access_token") != rejected and self._is_fresh(kept)

    def _is_fresh(self, kept: Mapping[str, Any]) -> bool:
        expires = kept.get("access_expires_at")
        if not kept.get("access_token") or not expires:
            return False
        return datetime.fromisoformat(str(expires)) - self._now() > REFRESH_EARLY

    def _refresh(self, turn: Turn, kept: Mapping[str, Any]) -> ReadResult[str]:
        result = self._wire.exchange(
            "POST",
            self._application.token_url,
            route="token",
            headers={
                "Authorization": "Basic " + basic_credentials(self._application),
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                "x-include-refresh-token-hard-expires-in": "true",
            },
            body=urlencode(
                {"grant_type": "refresh_token", "refresh_token": str(kept.get("refresh_token", ""))}
            ).encode(),
        )
        match result:
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, f"the token endpoint: {detail}")
            case Answer():
                return self._take(result, turn, kept)

    def _take(self, answer: Answer, turn: Turn, kept: Mapping[str, Any]) -> ReadResult[str]:
        parsed = answer.raw_json()
        if answer.status == _OK and isinstance(parsed, dict) and parsed.get("access_token"):
            secrets = {**kept, **secrets_from(parsed, self._now())}
            return Got(str(parsed["access_token"])) if turn.save(secrets) else self._overtaken(kept)
        error = str(parsed.get("error", "")) if isinstance(parsed, dict) else ""
        if error == "invalid_grant":
            if not turn.reconnect_needed():
                return self._overtaken(kept)
            return Failure(FailureKind.CREDENTIALS, "QuickBooks no longer accepts the refresh token")
        if error in REGISTRATION_REFUSED:
            return Failure(FailureKind.MISCONFIGURED, REGISTRATION_REFUSED_DETAIL)
        return Failure(FailureKind.UNAVAILABLE, f"the token endpoint answered HTTP {answer.status}")

    def _overtaken(self, ours: Mapping[str, Any]) -> ReadResult[str]:
        """Our turn ended before the answer came (a frozen process): the stored tokens are another's, and newer."""
        kept = self._keeper.load()
        if self._replaces(str(ours.get("access_token", "")), kept):
            return Got(str(kept["access_token"]))
        return _ANOTHER_REFRESHES


def secrets_from(parsed: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The parts of a token response that we store: the values and the moments at which they expire (UTC)."""

    def after(seconds: Any) -> str:
        return (now + timedelta(seconds=int(seconds))).isoformat()

    # An unreadable lifetime must not cost us the tokens themselves: they are the only valid ones.
    access_seconds = parsed.get("expires_in")
    secrets = {
        "access_token": str(parsed["access_token"]),
        "access_expires_at": after(access_seconds if _is_life(access_seconds) else ACCESS_SECONDS),
    }
    if parsed.get("refresh_token"):
        secrets["refresh_token"] = str(parsed["refresh_token"])
    if _is_life(parsed.get("x_refresh_token_expires_in")):
        secrets["refresh_expires_at"] = after(parsed["x_refresh_token_expires_in"])
    if _is_life(parsed.get("x_refresh_token_hard_expires_in")):
        secrets["refresh_hard_expires_at"] = after(parsed["x_refresh_token_hard_expires_in"])
    return secrets


def _is_life(seconds: Any) -> bool:
    is_number = isinstance(seconds, int | Decimal) and not isinstance(seconds, bool)
    return is_number and 0 < seconds < _LONGEST_LIFE_SECONDS


def basic_credentials(application: Application) -> str:
    return base64.b64encode(f"{application.client_id}:{application.client_secret}".encode()).decode()
