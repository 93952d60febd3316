"""Keeps a connection's secrets in the database, and lets one process at a time replace them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.connections import connection_by_id, mark_needs_reconnect
from models.database import Database
from models.lanes import release_lane, take_lane
from models.payments import match_organization_again
from models.secrets import Keyring
from tasks.points import Point

_LANE = "tokens"
# A refresh takes well under a second on a good day; who waits longer than this comes back later.
_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.05


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
        with self.database.writing() as session:
            connection_by_id(session, self.connection_id).sealed_secrets = self.keyring.seal(secrets)
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

    def reconnect_needed(self) -> None:
        with self.database.writing() as session:
            mark_needs_reconnect(session, self.connection_id)
            connection = connection_by_id(session, self.connection_id)
            match_organization_again(session, connection.organization_id, self.now())

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
