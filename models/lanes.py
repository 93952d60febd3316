"""Lanes: one row per step and tenant, with the lease of the worker that works on it right now.

After a lease has run out, another process may take it while its slow holder still lives. The fencing number, one higher
with every lease, keeps the late holder from writing: every transaction of a step proves the lease it was given, and
fails if that one is no longer in force (`lock_under_lease` in `models/locks.py`; `renew_lane` extends it as well, and
`lock_and_give_back` ends it with the transaction).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import String, Table, UniqueConstraint, bindparam, case, event, null, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, BigId, UtcTime, insert_new


class Lane(Base):
    __tablename__ = "lane"
    __table_args__ = (UniqueConstraint("step", "owner_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    step: Mapped[str] = mapped_column(String(20))
    # The id of the organization or connection that the step works for.
    owner_id: Mapped[int] = mapped_column(BigId)
    holder: Mapped[str] = mapped_column(String(200), default="")
    fencing: Mapped[int] = mapped_column(BigId, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    # A nudge came while the lane was taken; its holder looks once more before it gives the lane back.
    marked: Mapped[bool] = mapped_column(default=False)


class LeaseLost(Exception):
    """The lease ran out and another worker may hold the lane; nothing of this transaction is kept."""


# Every step takes, renews and gives back its lane all the time. Statements over the table, made once, take a sixth of
# the time of statements over the class that are made anew for each call.
_LANES = cast("Table", Lane.__table__)
_ROWS = _LANES.c
_OF_LANE = (_ROWS.step == bindparam("of_step"), _ROWS.owner_id == bindparam("of_owner"))
_UPDATE = update(_LANES).where(*_OF_LANE)
_IS_FREE = or_(_ROWS.lease_until.is_(None), _ROWS.lease_until <= bindparam("at"))
_TAKEN = {"holder": bindparam("its_holder"), "fencing": _ROWS.fencing + 1, "lease_until": bindparam("its_end")}
_TAKE = _UPDATE.where(_IS_FREE).values(**_TAKEN, marked=False).returning(_ROWS.fencing)
# SQLite has no locks of rows, and leaves the words out.
_UNLOCKED = select(_ROWS.id).where(*_OF_LANE, _IS_FREE).with_for_update(skip_locked=True).scalar_subquery()
_TAKE_UNLOCKED = update(_LANES).where(_ROWS.id == _UNLOCKED).values(**_TAKEN, marked=False).returning(_ROWS.fencing)
_CUT = _UPDATE.where(_ROWS.lease_until > bindparam("its_end")).values(lease_until=bindparam("its_end"))
_MARK = _UPDATE.where(_ROWS.lease_until > bindparam("at")).values(marked=True).returning(_ROWS.id)
_RENEW = (
    _UPDATE.where(_ROWS.fencing == bindparam("of_lease"), _ROWS.lease_until > bindparam("at"))
    .values(lease_until=bindparam("its_end"))
    .returning(_ROWS.id)
)
_RELEASE = (
    _UPDATE.where(_ROWS.fencing == bindparam("of_lease"))
    .values(holder="", lease_until=None, marked=False)
    .returning(_ROWS.id)
)
_RELEASE_UNMARKED = _RELEASE.where(~_ROWS.marked)
# Proves the lease and ends it, unless the lane is marked; tells whether it is (`lock_and_give_back`).
GIVE_BACK_UNLESS_MARKED = (
    _UPDATE.where(_ROWS.fencing == bindparam("of_lease"), _ROWS.lease_until > bindparam("at"))
    .values(
        holder=case((_ROWS.marked, _ROWS.holder), else_=""),
        lease_until=case((_ROWS.marked, _ROWS.lease_until), else_=null()),
    )
    .returning(_ROWS.marked)
)


def take_unlocked_lane(
    session: Session, step: str, owner_id: int, holder: str, now: datetime, lease: timedelta
) -> int | None:
    """Takes the lane if it is free and no transaction holds its row: the usual case, which waits for nobody.

    Returns:
        the fencing number of the new lease, or None: `mark_lane` finds out why.
    """
    wanted = {**_named(step, owner_id), "its_holder": holder, "its_end": now + lease, "at": now}
    fencing: int | None = session.scalar(_TAKE_UNLOCKED, wanted)
    return fencing


def take_lane(session: Session, step: str, owner_id: int, holder: str, now: datetime, lease: timedelta) -> int | None:
    """Takes the lane if it is free; else leaves a mark for its holder.

    Returns:
        the fencing number of the new lease, or None if the lane is taken.
    """
    fencing = _take(session, step, owner_id, holder, now, lease)
    return mark_lane(session, step, owner_id, holder, now, lease) if fencing is None else fencing


def mark_lane(session: Session, step: str, owner_id: int, holder: str, now: datetime, lease: timedelta) -> int | None:
    """Like `take_lane`, for a lane that was not free a moment ago."""
    while True:
        _cut(session, step, owner_id, now + lease)
        if session.execute(_MARK, {**_named(step, owner_id), "at": now}).first() is not None:
            return None
        # No row was marked: the lane has none yet, or the holder let go between the two statements.
        _make(session, step, owner_id)
        fencing = _take(session, step, owner_id, holder, now, lease)
        if fencing is not None:
            return fencing


def _take(session: Session, step: str, owner_id: int, holder: str, now: datetime, lease: timedelta) -> int | None:
    wanted = {**_named(step, owner_id), "its_holder": holder, "its_end": now + lease, "at": now}
    fencing: int | None = session.scalar(_TAKE, wanted)
    return fencing


def _cut(session: Session, step: str, owner_id: int, ends_at: datetime) -> None:
    """Shortens a lease that ends later than one that begins now: a clock that is ahead set it, or one set back since.

    We do not end it, because its holder may live: from now on it is as long as any other. A living holder continues or
    loses it, as with any lease; a dead one keeps the lane for one lease and not until the old time comes.
    """
    session.execute(_CUT, {**_named(step, owner_id), "its_end": ends_at})


def renew_lane(session: Session, step: str, owner_id: int, fencing: int, now: datetime, lease: timedelta) -> None:
    """Proves, inside this transaction, that the lease is still ours, and extends it.

    Raises:
        LeaseLost: it ran out, or another holder has taken the lane.
    """
    lease_now = {"of_lease": fencing, "at": now, "its_end": now + lease}
    renewed = session.execute(_RENEW, {**_named(step, owner_id), **lease_now}).first()
    if renewed is None:
        raise LeaseLost(f"{step} of {owner_id}, lease {fencing}")


def end_leases(session: Session, step: str, owner_id: int) -> None:
    """Takes the lane away from its holder, who finds out with the next transaction; the lane is free."""
    _make(session, step, owner_id)
    session.execute(
        update(Lane)
        .where(Lane.step == step, Lane.owner_id == owner_id)
        .values(holder="", fencing=Lane.fencing + 1, lease_until=None)
    )


def hold_lane(session: Session, step: str, owner_id: int) -> None:
    """Until this transaction ends, the lane's worker commits nothing and no other takes the lane; the lease stays."""
    _make(session, step, owner_id)
    session.execute(select(Lane.id).where(Lane.step == step, Lane.owner_id == owner_id).with_for_update()).all()


def _make(session: Session, step: str, owner_id: int) -> None:
    """Adds a free row for the lane if there is none."""
    insert_new(session, Lane, [{"step": step, "owner_id": owner_id, "holder": "", "fencing": 0, "marked": False}])


def when_committed(session: Session, action: Callable[[], None]) -> None:
    """Runs the action after this transaction has been committed, and never if it is rolled back."""
    event.listen(session, "after_commit", lambda _session: action(), once=True)


def release_lane(session: Session, step: str, owner_id: int, fencing: int) -> bool:
    """Gives the lane back; True if another worker left a mark meanwhile. A lost lease cannot be given back."""
    lease = {**_named(step, owner_id), "of_lease": fencing}
    # Hardly any lane is marked, so one statement is enough. A mark set between the two is found by the second one.
    if session.execute(_RELEASE_UNMARKED, lease).first() is not None:
        return False
    return session.execute(_RELEASE, lease).first() is not None


def _named(step: str, owner_id: int) -> dict[str, object]:
    """The parameters that say which lane it is."""
    return {"of_step": step, "of_owner": owner_id}
