"""State that connectors keep with us: secrets, which one process at a time may replace, and metered read counts."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from connectors.aside import aside
from domain.expiry import Expiry, expiry_of
from models.connection_store import connection_for_change
from models.connections import Connection, ConnectionStatus, connection_by_id, mark_needs_reconnect
from models.database import Database
from models.lanes import LeaseLost, end_leases, release_lane, renew_lane, take_lane, when_committed
from models.locks import Owner, lock_organization_of
from models.metered_reads import add_reads, reads_of_vendor
from models.payments import match_organization_again
from models.secrets import Keyring, SecretsUnreadable
from tasks.points import Point

log = structlog.get_logger()

_LANE = "tokens"
# A refresh normally takes well under a second; a caller that has waited this long comes back later.
_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.05


def consent_ends_at(secrets: Mapping[str, Any]) -> datetime | None:
    """When tokens can no longer be refreshed: the rolling end of the refresh token, or the hard end of the consent."""
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
            sealed = connection_by_id(session, self.connection_id).sealed_secrets
        return self.open(sealed)

    def open(self, sealed: str) -> Mapping[str, Any]:
        """The secrets that a row of the connection has sealed.

        Raises:
            SecretsUnreadable: with the connection that they belong to.
        """
        try:
            return self.keyring.open(sealed)
        except SecretsUnreadable as error:
            error.connection_id = self.connection_id
            raise

    @contextmanager
    def alone(self) -> Iterator["DatabaseTurn | None"]:
        fencing = self._take()
        self.reached(Point.TOKENS_TURN_TAKEN)
        try:
            yield None if fencing is None else DatabaseTurn(self, fencing)
        except Exception:
            self._release(fencing)
            raise
        self._release(fencing)
        self.reached(Point.TOKENS_TURN_GIVEN_BACK)

    def _release(self, fencing: int | None) -> None:
        if fencing is not None:
            given = fencing
            self.database.write(lambda session: release_lane(session, _LANE, self.connection_id, given))

    def _take(self) -> int | None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            fencing = self.database.write(
                lambda session: take_lane(session, _LANE, self.connection_id, self.holder, self.now(), self.lease)
            )
            if fencing is not None or time.monotonic() > deadline:
                return fencing
            with aside():
                time.sleep(_POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class DatabaseTurn:
    """The right to replace a connection's secrets, while its lease lasts.

    A process may freeze between the question and the answer, and wake up after others have refreshed, connected again
    or disconnected. So every write proves the fencing number in its own transaction, before it locks the connection.
    """

    keeper: DatabaseSecretsKeeper
    fencing: int

    def prove(self, session: Session) -> None:
        """Proves in this transaction that it is still our turn; raises LeaseLost if it is not."""
        keeper = self.keeper
        renew_lane(session, _LANE, keeper.connection_id, self.fencing, keeper.now(), keeper.lease)

    def save(self, secrets: Mapping[str, Any]) -> bool:
        keeper, ends_at = self.keeper, consent_ends_at(secrets)
        keeper.reached(Point.TOKENS_ANSWERED)

        def keep(connection: Connection) -> None:
            connection.sealed_secrets, connection.reconnect_by = keeper.keyring.seal(secrets), ends_at

        if not self._change("save", keep):
            return False
        expiry = expiry_of(ends_at, keeper.now())
        if expiry is not Expiry.FAR:
            tell = log.warning if expiry is Expiry.SOON else log.error
            tell("connection.ends_soon", connection_id=keeper.connection_id, ends_at=str(ends_at), how=expiry.value)
        keeper.reached(Point.TOKENS_SAVED)
        return True

    def reconnect_needed(self) -> bool:
        changed = self._change("reconnect_needed", lambda _: None, needs_reconnect=True)
        self.keeper.reached(Point.TOKENS_REFUSED)
        return changed

    def _change(self, what: str, change: Callable[[Connection], None], *, needs_reconnect: bool = False) -> bool:
        keeper = self.keeper

        def in_one(session: Session) -> None:
            connection = self._still_connected(session)
            change(connection)
            if needs_reconnect:
                mark_needs_reconnect(session, connection.id)
                match_organization_again(session, connection.organization_id, keeper.now())

        try:
            keeper.database.write(in_one)
        except LeaseLost as lost:
            log.warning("tokens.turn_lost", connection_id=keeper.connection_id, what=what, why=str(lost))
            return False
        return True

    def _still_connected(self, session: Session) -> Connection:
        self.prove(session)
        lock_organization_of(session, Owner.CONNECTION, self.keeper.connection_id)
        connection = connection_for_change(session, self.keeper.connection_id)
        if connection.status == ConnectionStatus.DISCONNECTED:
            raise LeaseLost("the connection was disconnected")
        return connection


def end_turns(session: Session, connection_id: int) -> None:
    """Ends all turns: secrets requested before this transaction can no longer replace the stored ones."""
    end_leases(session, _LANE, connection_id)


# --- metered reads ---

# Percentages of the cap at which we log a warning.
WARN_PERCENTS = (80, 95)
# Our counter may be behind (another program of the workspace may read as well). From this share on a refusal means
# the monthly cap and not the rate limit. We ask again soon; beyond the cap rarely, because it may have been raised.
_NEARLY_PERCENT = 95
_NEARLY_WAIT = timedelta(minutes=15)
_USED_UP_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class DatabaseReadMeter:
    database: Database
    now: Callable[[], datetime]
    connection_id: int
    vendor: str
    reached: Callable[[Point], None]
    # Zero means no cap.
    monthly_reads_max: int

    def count(self) -> None:
        self.reached(Point.READS_ANSWERED)
        self.database.write(lambda session: self.add(session, 1))
        self.reached(Point.READS_COUNTED)

    def add(self, session: Session, reads: int) -> None:
        """Counts so many reads in this transaction."""
        total = add_reads(session, self.connection_id, self.vendor, reads, self.now())
        when_committed(session, lambda: self._warn(total - reads, total))

    @contextmanager
    def noting(self) -> Iterator["NotedReads"]:
        """Counts the reads of one batch together, at the latest when the block ends."""
        noted = NotedReads(self)
        try:
            yield noted
        finally:
            if noted.reads:
                self.database.write(noted.store)

    def _warn(self, before: int, total: int) -> None:
        for percent in WARN_PERCENTS:
            # Logged once, by the process whose reads reach the threshold.
            if self.monthly_reads_max and before < -(-self.monthly_reads_max * percent // 100) <= total:
                log.warning("metered_reads.warning", percent=percent, reads=total, cap=self.monthly_reads_max)

    def is_ahead_of_the_month(self) -> bool:
        """Whether the month's reads are used up faster than the month passes, with a day's worth to spare."""
        if not self.monthly_reads_max:
            return False
        now = self.now()
        with self.database.reading() as session:
            total = reads_of_vendor(session, self.vendor, now)
        begin = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        passed = (now - begin + timedelta(days=1)) / (_next_month(now) - begin)
        return total > self.monthly_reads_max * passed

    def used_up(self) -> timedelta | None:
        if not self.monthly_reads_max:
            return None
        now = self.now()
        with self.database.reading() as session:
            total = reads_of_vendor(session, self.vendor, now)
        if total * 100 < self.monthly_reads_max * _NEARLY_PERCENT:
            return None
        wait = _USED_UP_WAIT if total >= self.monthly_reads_max else _NEARLY_WAIT
        return min(wait, _next_month(now) - now)


@dataclass(slots=True)
class NotedReads:
    """The reads of one batch, counted in the transaction that stores what they brought.

    A transaction for each would make every single payment wait for two more. A process that dies in between has not
    counted them: a few reads of a month's thousands.
    """

    meter: DatabaseReadMeter
    reads: int = 0

    def count(self) -> None:
        self.reads += 1
        self.meter.reached(Point.READS_ANSWERED)

    def used_up(self) -> timedelta | None:
        return self.meter.used_up()

    def store(self, session: Session) -> None:
        """Part of this transaction; if it is rolled back, the reads are still to be counted."""
        if self.reads:
            self.meter.add(session, self.reads)
            when_committed(session, self._stored)

    def _stored(self) -> None:
        self.reads = 0
        self.meter.reached(Point.READS_COUNTED)


def _next_month(now: datetime) -> datetime:
    return (now.replace(day=28) + timedelta(days=4)).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0)
