"""Keeps a connection's secrets in the database, and lets one process at a time replace them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.expiry import Expiry, expiry_of
from models.connections import connection_by_id, mark_needs_reconnect
from models.database import Database
from models.lanes import release_lane, take_lane
from models.payments import match_organization_again
from models.secrets import Keyring
from tasks.points import Point

log = structlog.get_logger()

_LANE = "tokens"
# A refresh takes well under a second on a good day; who waits longer than this comes back later.
_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.05


def consent_ends_at(secrets: Mapping[str, Any]) -> datetime | None:
    """When nothing can be refreshed any more: the rolling end of the refresh token, or the hard end of the consent."""
    ends = [secrets[name] for name in ("refresh_expires_at", "refresh_hard_expires_at") if secrets.get(name)]
    return min((datetime.fromisoformat(str(end)) for end in ends), default=None)


@dataclass(frozen=True, slots=True)
class DatabaseSecretsKeeper:
    database: Database
    keyring: Keyring
    now: Callable[[], datetime]
    holder: str
    connection_id: int
    reached: Callable[[Point], None]
    # Longer than the longest exchange with a token endpoint, so that two refreshes never overlap.
    lease: timedelta

    def load(self) -> Mapping[str, Any]:
        with self.database.reading() as session:
            return self.keyring.open(connection_by_id(session, self.connection_id).sealed_secrets)

    def save(self, secrets: Mapping[str, Any]) -> None:
        self.reached(Point.TOKENS_ANSWERED)
        ends_at = consent_ends_at(secrets)
        with self.database.writing() as session:
            connection = connection_by_id(session, self.connection_id)
            connection.sealed_secrets, connection.reconnect_by = self.keyring.seal(secrets), ends_at
        if expiry_of(ends_at, self.now()) is not Expiry.FAR:
            log.warning("connection.ends_soon", connection_id=self.connection_id, ends_at=str(ends_at))
        self.reached(Point.TOKENS_SAVED)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        fencing = self._take()
        self.reached(Point.TOKENS_TURN_TAKEN)
        try:
            yield fencing is not None
        except Exception:
            self._release(fencing)
            raise
        self._release(fencing)
        self.reached(Point.TOKENS_TURN_GIVEN_BACK)

    def reconnect_needed(self) -> None:
        with self.database.writing() as session:
            mark_needs_reconnect(session, self.connection_id)
            connection = connection_by_id(session, self.connection_id)
            match_organization_again(session, connection.organization_id, self.now())
        self.reached(Point.TOKENS_REFUSED)

    def _release(self, fencing: int | None) -> None:
        if fencing is not None:
            with self.database.writing() as session:
                release_lane(session, _LANE, self.connection_id, fencing)

    def _take(self) -> int | None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with self.database.writing() as session:
                fencing = take_lane(session, _LANE, self.connection_id, self.holder, self.now(), self.lease)
            if fencing is not None or time.monotonic() > deadline:
                return fencing
            time.sleep(_POLL_SECONDS)
