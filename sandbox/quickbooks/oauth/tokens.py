"""Grants and their tokens: valid, replaced or dead ones, and the effect of a second refresh."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sandbox.quickbooks.switches import Switches

CODE_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=100)
# Tokens with the accounting scope always expire five years after the consent (Intuit blog, 2025-11-12).
HARD_LIFE = timedelta(days=1825)
ROTATION_PERIOD = timedelta(hours=24)


class InvalidGrant(Exception):  # the name is the wire's
    """HTTP 400 {"error": "invalid_grant"} with this description."""


@dataclass
class Grant:
    """One consent of one company. Refresh values follow each other; access tokens live side by side."""

    realm_id: str
    consented_at: datetime
    refresh_token: str
    refreshed_at: datetime
    rotated_at: datetime
    replaced: set[str] = field(default_factory=set)
    revoked: bool = False


@dataclass(frozen=True)
class Access:
    grant: Grant
    expires_at: datetime


@dataclass(frozen=True)
class Tokens:
    realm_id: str
    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int
    hard_expires_in: int


class TokenStore:
    def __init__(self, switches: Switches, clock: Callable[[], datetime]) -> None:
        self._switches = switches
        self._clock = clock
        self._codes: dict[str, tuple[str, str, datetime]] = {}
        self._grants: list[Grant] = []
        self._by_refresh: dict[str, Grant] = {}
        self._access: dict[str, Access] = {}

    def issue_code(self, realm_id: str, redirect_uri: str) -> str:
        code = f"AB1{uuid4().hex}"
        self._codes[code] = (realm_id, redirect_uri, self._clock())
        return code

    def exchange_code(self, code: str, redirect_uri: str) -> Tokens:
        """Exchanges a code, which works once, within ten minutes, and only for the address it was sent to."""
        realm_id, expected_uri, issued_at = self._codes.pop(code, ("", "", self._clock()))
        if not realm_id or redirect_uri != expected_uri or self._clock() > issued_at + CODE_LIFE:
            raise InvalidGrant("Invalid authorization code")
        return self.issue(realm_id)

    def issue(self, realm_id: str) -> Tokens:
        """Tokens of a fresh consent."""
        now = self._clock()
        grant = Grant(realm_id, now, f"RT1-{uuid4().hex}", now, now)
        self._grants.append(grant)
        self._by_refresh[grant.refresh_token] = grant
        return self._tokens(grant)

    def refresh(self, refresh_token: str) -> Tokens:
        now = self._clock()
        grant = self._by_refresh.get(refresh_token)
        if grant is None:
            raise InvalidGrant("Incorrect or invalid refresh token")
        if refresh_token in grant.replaced:
            self._second_refresh(grant)
        if grant.revoked or now > grant.refreshed_at + REFRESH_LIFE or now > grant.consented_at + HARD_LIFE:
            raise InvalidGrant("Token has been expired or revoked.")
        grant.refreshed_at = now
        rotation = self._switches.refresh_rotation
        if rotation == "always" or (rotation == "daily" and now >= grant.rotated_at + ROTATION_PERIOD):
            self._rotate(grant)
        return self._tokens(grant)

    def revoke(self, token: str) -> bool:
        """Ends the token's grant; returns whether there was one."""
        access = self._access.get(token)
        grant = access.grant if access else self._by_refresh.get(token)
        if grant is None or grant.revoked:
            return False
        grant.revoked = True
        return True

    def access(self, token: str) -> tuple[str | None, bool]:
        """The realm that the access token opens (None: no such token) and whether it is still valid."""
        access = self._access.get(token)
        if access is None:
            return None, False
        return access.grant.realm_id, not access.grant.revoked and self._clock() < access.expires_at

    def is_connected(self, realm_id: str) -> bool:
        return any(grant.realm_id == realm_id and not grant.revoked for grant in self._grants)

    def expire_access(self, realm_id: str | None = None) -> None:
        """Lets access tokens expire now; `None` means those of every company."""
        now = self._clock()
        for token, access in self._access.items():
            if realm_id in (None, access.grant.realm_id):
                self._access[token] = Access(access.grant, now)

    def disconnect(self, realm_id: str) -> None:
        """The customer disconnects the app in QuickBooks."""
        for grant in self._grants:
            if grant.realm_id == realm_id:
                grant.revoked = True

    def _second_refresh(self, grant: Grant) -> None:
        rule = self._switches.replaced_refresh
        if rule == "kills_both":
            grant.revoked = True
        if rule != "still_works":
            raise InvalidGrant("Incorrect or invalid refresh token")

    def _rotate(self, grant: Grant) -> None:
        grant.replaced.add(grant.refresh_token)
        grant.refresh_token = f"RT1-{uuid4().hex}"
        grant.rotated_at = self._clock()
        self._by_refresh[grant.refresh_token] = grant

    def _tokens(self, grant: Grant) -> Tokens:
        now = self._clock()
        access_token = f"AB0{uuid4().hex}"
        seconds = self._switches.access_token_seconds
        self._access[access_token] = Access(grant, now + timedelta(seconds=seconds))
        hard_left = grant.consented_at + HARD_LIFE - now
        return Tokens(
            realm_id=grant.realm_id,
            access_token=access_token,
            refresh_token=grant.refresh_token,
            expires_in=seconds,
            refresh_expires_in=int(REFRESH_LIFE.total_seconds()),
            hard_expires_in=int(hard_left.total_seconds()),
        )
