"""Gaps: stretches of time to ask a source about, our progress with them, and what we found.

A gap that is closed is proved next (`models/gap_proofs.py`): its payments are listed, and both sides are counted.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy import ForeignKey, Index, Select, String, bindparam, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.breaker import CallKind
from domain.gaps import CHANGES_REACH, Found, GapKind, ScanStage, first_stage, gap_sentence
from models.base import AT, Base, BigId, UtcTime
from models.connections import Connection, may_be_called
from models.inbox import Entity

ALL_ENTITIES = frozenset(entity.value for entity in Entity)


class ProofStage(StrEnum):
    """How far the proof of a closed gap is."""

    # Closed before there were proofs, or not closed yet.
    NONE = ""
    LIST = "list"
    COUNT = "count"
    # The source has counted; the next catch-up tells what happened until then.
    HEAR = "hear"
    COMPARE = "compare"
    # The counts differ for the first time: which payments has the source?
    LOOK = "look"
    DONE = "done"


class Gap(Base):
    __tablename__ = "gap"
    __table_args__ = (
        Index("ix_gap_connection_id_closed_at", "connection_id", "closed_at"),
        # The sweep reads it every few seconds.
        Index("ix_gap_proof_due_at", "proof_due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    kind: Mapped[str] = mapped_column(String(20))
    from_at: Mapped[datetime] = mapped_column(UtcTime)
    # The source's own clock up to which the gap is closed; known once it is closed, or when a scan begins.
    until_at: Mapped[datetime | None] = mapped_column(UtcTime)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # A scan's progress: its stage, how far that stage has listed, and the last known id that it has checked (while it
    # counts, the moment up to which it has narrowed the stretch with the next deletion).
    stage: Mapped[str] = mapped_column(String(20), default=ScanStage.NONE.value)
    entities: Mapped[str] = mapped_column(String(40), default="")
    scan_began_at: Mapped[datetime | None] = mapped_column(UtcTime)
    scan_from_at: Mapped[datetime | None] = mapped_column(UtcTime)
    listed_until_at: Mapped[datetime | None] = mapped_column(UtcTime)
    checked_id: Mapped[str] = mapped_column(String(50), default="")
    new_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    deleted_count: Mapped[int] = mapped_column(default=0)
    # The proof: its stage, when it goes on, since when this round of it is asked for, and the last payment listed.
    proof_stage: Mapped[str] = mapped_column(String(20), default=ProofStage.NONE.value, server_default="")
    proof_due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    proof_asked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    listed_payment_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def has_numbers(self) -> bool:
        """Whether its numbers say anything yet: what came while the sync is off is listed when it is over."""
        return not (self.is_open and self.kind == GapKind.SWITCHED_OFF)

    @property
    def is_being_proved(self) -> bool:
        return self.proof_stage not in (ProofStage.NONE, ProofStage.DONE)

    @property
    def holds_cursor(self) -> bool:
        return GapKind(self.kind).holds_cursor

    @property
    def is_scanning(self) -> bool:
        return self.stage != ScanStage.NONE

    @property
    def is_counted(self) -> bool:
        """Whether we find its deletions by counting existing objects, instead of asking for every known id.

        Beyond the reach of change data capture, and where an operator wants to be sure, we ask for each id.
        """
        began, since = self.scan_began_at, self.scan_from_at
        return self.holds_cursor and began is not None and since is not None and began - since <= CHANGES_REACH

    @property
    def sentence(self) -> str:
        found = Found(self.new_count, self.changed_count, self.deleted_count)
        return gap_sentence(GapKind(self.kind), self.from_at, self.until_at if self.closed_at else None, found)

    def add(self, found: Found) -> None:
        self.new_count += found.new
        self.changed_count += found.changed
        self.deleted_count += found.deleted

    def close(self, until_at: datetime, now: datetime, prove_after: timedelta) -> None:
        """Nothing more is looked for in it. The proof begins when what was found had the time to be stored."""
        self.until_at, self.closed_at = until_at, now
        self.ask_for_proof(now, now + prove_after)

    def ask_for_proof(self, now: datetime, due_at: datetime) -> None:
        """A new round: the payments are listed again, and both sides are counted again."""
        self.proof_stage, self.proof_due_at, self.proof_asked_at = ProofStage.LIST.value, due_at, now
        self.listed_payment_id = 0


def open_gap(session: Session, connection_id: int, kind: GapKind, from_at: datetime, now: datetime) -> Gap:
    """The new gap. Opens one that holds the cursor only if there is none yet: two would hold it twice."""
    known = next((gap for gap in open_gaps(session, connection_id) if gap.holds_cursor), None)
    if kind.holds_cursor and known is not None:
        return known
    gap = Gap(connection_id=connection_id, kind=kind.value, from_at=from_at, opened_at=now)
    gap.stage, gap.entities, gap.checked_id = ScanStage.NONE.value, "", ""
    gap.new_count = gap.changed_count = gap.deleted_count = gap.listed_payment_id = 0
    gap.proof_stage = ProofStage.NONE.value
    session.add(gap)
    return gap


def begin_scan(gap: Gap, since: datetime, until_at: datetime, entities: frozenset[str], now: datetime) -> None:
    """From now on we close the gap by listing everything and by looking for the objects that we know."""
    gap.stage = first_stage(entities).value
    gap.entities = ",".join(sorted(entities))
    gap.scan_began_at, gap.until_at = now, until_at
    gap.scan_from_at = gap.listed_until_at = since


def open_gap_after_silence(session: Session, connection: Connection, now: datetime) -> None:
    """Opens a gap for a connection that was cut or refused and is active again, to count the changes made meanwhile."""
    silent_since = connection.cursor_at or connection.connected_at
    open_gap(session, connection.id, GapKind.RECONNECT, silent_since, now)


def open_gap_of(session: Session, connection_id: int, kind: GapKind) -> Gap | None:
    return next((gap for gap in open_gaps(session, connection_id) if gap.kind == kind), None)


def note_lost_webhooks(session: Session, connection_id: int, since: datetime, now: datetime) -> Gap:
    """The stretch of lost webhooks that is under way, or a new one; it begins with the earliest change."""
    gap = open_gap_of(session, connection_id, GapKind.LOST_WEBHOOKS)
    if gap is None:
        return open_gap(session, connection_id, GapKind.LOST_WEBHOOKS, since, now)
    gap.from_at = min(gap.from_at, since)
    return gap


def prove_again(session: Session, connection_id: int, changed: Collection[datetime], due_at: datetime) -> None:
    """Something was heard only now that was changed at these moments: what was said of those stretches is open again.

    Args:
        due_at: when both sides are counted again.
    """
    if not changed:
        return
    asked = {"of_connection": connection_id, "first": min(changed), "last": max(changed)}
    for gap in session.scalars(_proved_between(), asked):
        if any(gap.from_at <= moment <= (gap.until_at or moment) for moment in changed):
            gap.ask_for_proof(due_at, due_at)


@cache
def _proved_between() -> Select[Gap]:
    return select(Gap).where(
        Gap.connection_id == bindparam("of_connection"),
        Gap.proof_stage == ProofStage.DONE.value,
        Gap.from_at <= bindparam("last"),
        Gap.until_at >= bindparam("first"),
    )


def open_gaps(session: Session, connection_id: int) -> Sequence[Gap]:
    return session.scalars(_open(), {"of_connection": connection_id}).all()


@cache
def _open() -> Select[Gap]:
    return select(Gap).where(Gap.connection_id == bindparam("of_connection"), Gap.closed_at.is_(None)).order_by(Gap.id)


def sources_with_open_scans() -> Select[int]:
    """Active source connections with a scan under way, including one whose worker died."""
    return (
        select(Gap.connection_id)
        .join(Connection, Connection.id == Gap.connection_id)
        .where(Gap.closed_at.is_(None), Gap.stage != ScanStage.NONE.value)
        .where(may_be_called(AT, CallKind.SCAN))
        .distinct()
    )


def sources_with_gaps_to_prove() -> Select[int]:
    """Active source connections with a closed gap whose proof goes on now."""
    return (
        select(Gap.connection_id)
        .join(Connection, Connection.id == Gap.connection_id)
        .where(Gap.proof_due_at <= AT, may_be_called(AT, CallKind.SCAN, CallKind.CATCH_UP))
        .where(or_(Gap.until_at.is_(None), Gap.until_at <= Connection.cursor_at))
        .distinct()
    )


def unfinished_gaps(session: Session, connection_id: int) -> Sequence[Gap]:
    """Those that are open, and those that are closed and not proved yet."""
    return session.scalars(_unfinished(), {"of_connection": connection_id}).all()


@cache
def _unfinished() -> Select[Gap]:
    is_unfinished = or_(Gap.closed_at.is_(None), Gap.proof_due_at.is_not(None))
    return select(Gap).where(Gap.connection_id == bindparam("of_connection"), is_unfinished).order_by(Gap.id)


def gap_to_prove(gaps: Iterable[Gap], cursor_at: datetime | None, now: datetime) -> Gap | None:
    """The first closed gap whose proof has a next part to be done now. One that waits for a catch-up has none."""
    return next((gap for gap in gaps if _can_go_on(gap, cursor_at, now)), None)


def _can_go_on(gap: Gap, cursor_at: datetime | None, now: datetime) -> bool:
    is_due = gap.proof_due_at is not None and gap.proof_due_at <= now
    # Beyond the cursor there are changes that nobody has told us yet.
    is_heard = cursor_at is not None and gap.until_at is not None and gap.until_at <= cursor_at
    return is_due and is_heard and gap.proof_stage != ProofStage.HEAR


def gap_by_id(session: Session, gap_id: int) -> Gap:
    return session.get_one(Gap, gap_id)


def latest_gap(session: Session, connection_id: int) -> Gap | None:
    """The gap that the page and the command line show: an open one first, else the one closed last."""
    statement = (
        select(Gap)
        .where(Gap.connection_id == connection_id)
        .order_by(Gap.closed_at.is_not(None), Gap.closed_at.desc(), Gap.id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def gaps_of(session: Session, connection_id: int, limit: int = 20, before_id: int | None = None) -> Sequence[Gap]:
    """The latest first.

    Args:
        before_id: only older ones than this.
    """
    statement = select(Gap).where(Gap.connection_id == connection_id)
    if before_id is not None:
        statement = statement.where(Gap.id < before_id)
    return session.scalars(statement.order_by(Gap.id.desc()).limit(limit)).all()


def gap_of(session: Session, organization_id: int, gap_id: int) -> Gap | None:
    """The organization's gap; another organization's is not there."""
    statement = select(Gap).join(Connection, Connection.id == Gap.connection_id)
    return session.scalar(statement.where(Connection.organization_id == organization_id, Gap.id == gap_id))


def complete_since(session: Session, connection: Connection) -> datetime:
    """The start of our complete knowledge: the connection's beginning, or a backfill that went back further."""
    statement = select(func.min(Gap.from_at)).where(
        Gap.connection_id == connection.id, Gap.kind == GapKind.BACKFILL.value, Gap.closed_at.is_not(None)
    )
    backfilled_at = session.scalar(statement)
    return min(connection.connected_at, backfilled_at) if backfilled_at else connection.connected_at
