"""Breakers: how often each kind of call of a connection has failed in a row, and how long it rests."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Exists,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from domain.breaker import Admission, CallKind, admission
from models.base import Base, BigId, UtcTime, add_or_change


class Breaker(Base):
    """One kind of call that has failed; a success removes the row."""

    __tablename__ = "breaker"
    __table_args__ = (UniqueConstraint("connection_id", "kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    kind: Mapped[str] = mapped_column(String(20))
    # In a row.
    failures: Mapped[int] = mapped_column(default=0)
    # How often it has opened without closing in between; each rest is longer than the last.
    openings: Mapped[int] = mapped_column(default=0)
    # How often the credentials were refused in a row, and since when. Apart from failures: they end differently.
    refusals: Mapped[int] = mapped_column(default=0, server_default="0")
    refused_since: Mapped[datetime | None] = mapped_column(UtcTime)
    rests_until: Mapped[datetime | None] = mapped_column(UtcTime)
    probed_until: Mapped[datetime | None] = mapped_column(UtcTime)

    def admits(self, now: datetime) -> Admission:
        return admission(self.rests_until, self.probed_until, now)


def count_failure(session: Session, connection_id: int, kind: CallKind) -> Breaker:
    """Counts one more failure in a row. Locks the row: a call that fails at the same moment counts after us.

    Uses one statement, because a call that succeeds at this very moment deletes the row.
    """
    row = {"connection_id": connection_id, "kind": kind.value, "failures": 1, "openings": 0}
    return add_or_change(
        session, Breaker, row, unique=("connection_id", "kind"), change={"failures": Breaker.failures + 1}
    )


def count_refusal(session: Session, connection_id: int, kind: CallKind, now: datetime) -> tuple[int, datetime]:
    """Counts one more refusal of the credentials in a row; returns how many there are now, and since when."""
    row = {"connection_id": connection_id, "kind": kind.value, "failures": 0, "openings": 0}
    breaker = add_or_change(
        session,
        Breaker,
        {**row, "refusals": 1, "refused_since": now},
        unique=("connection_id", "kind"),
        change={"refusals": Breaker.refusals + 1, "refused_since": func.coalesce(Breaker.refused_since, now)},
    )
    return breaker.refusals, breaker.refused_since or now


def refused_since(session: Session, connection_id: int) -> datetime | None:
    """Since when any kind of call has had this connection's credentials refused."""
    return session.scalar(
        select(Breaker.refused_since)
        .where(Breaker.connection_id == connection_id, Breaker.refused_since.is_not(None))
        .order_by(Breaker.refused_since)
        .limit(1)
    )


def open_breaker(breaker: Breaker, until: datetime) -> None:
    breaker.rests_until, breaker.probed_until, breaker.openings = until, None, breaker.openings + 1


def note_answers(session: Session, connection_id: int, kinds: Collection[CallKind]) -> bool:
    """Calls of these kinds have succeeded: ends their runs of failures, closes the breakers. True if there were any.

    The caller may pass several kinds at once only if it holds the organization.
    """
    of_kinds = Breaker.kind.in_([kind.value for kind in kinds])
    statement = delete(Breaker).where(Breaker.connection_id == connection_id, of_kinds).returning(Breaker.id)
    return bool(session.execute(statement).all())


def close_breakers(session: Session, connection_id: int) -> None:
    """A person has proved or repaired the connection: no kind of call waits any longer for the end of its rest."""
    session.execute(delete(Breaker).where(Breaker.connection_id == connection_id))


def breaker_of(session: Session, connection_id: int, kind: CallKind) -> Breaker | None:
    return session.scalar(_breaker(), {"of_connection": connection_id, "of_kind": kind.value})


@cache
def _breaker() -> Select[Breaker]:
    return select(Breaker).where(
        Breaker.connection_id == bindparam("of_connection"), Breaker.kind == bindparam("of_kind")
    )


def by_kind(breakers: Iterable[Breaker | None]) -> dict[CallKind, Breaker]:
    """Those that an outer join has found, by their kinds of call; one may come with each row."""
    return {CallKind(one.kind): one for one in breakers if one is not None}


def breakers_of(session: Session, connection_ids: Collection[int]) -> dict[int, list[Breaker]]:
    """The runs of failures that have not ended, by connection; the longest rest first."""
    found: dict[int, list[Breaker]] = {}
    for one in session.scalars(select(Breaker).where(Breaker.connection_id.in_(connection_ids)).order_by(Breaker.id)):
        found.setdefault(one.connection_id, []).append(one)
    return found


def rests_until(breakers: Sequence[Breaker]) -> datetime | None:
    """The end of the longest rest among them."""
    return max((one.rests_until for one in breakers if one.rests_until is not None), default=None)


def take_probe(session: Session, connection_id: int, kind: CallKind, now: datetime, until: datetime) -> bool:
    """Compare-and-set: reserves the one trial call for us. If we die during it, another may try after `until`."""
    taken = session.execute(
        update(Breaker)
        .where(*_of(connection_id, kind), Breaker.rests_until <= now)
        .where(or_(Breaker.probed_until.is_(None), Breaker.probed_until <= now))
        .values(probed_until=until)
        .returning(Breaker.id)
    ).first()
    return taken is not None


def is_resting(
    connection_id: InstrumentedAttribute[int], kinds: Collection[CallKind], now: datetime | BindParameter[datetime]
) -> Exists:
    """For a query over connections: whether one of these kinds of call rests now."""
    return exists().where(
        Breaker.connection_id == connection_id,
        Breaker.kind.in_([kind.value for kind in kinds]),
        or_(Breaker.rests_until > now, Breaker.probed_until > now),
    )


def _of(connection_id: int, kind: CallKind) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Breaker.connection_id == connection_id, Breaker.kind == kind.value
