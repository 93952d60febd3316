"""The history of the ledger: one row for each change of an entry, with what it said afterwards. Rows are only added.

Whatever changes an entry says why (`note_change`); before its session commits, the rows are written, one statement for
all of them. So there is no change without its row, and none for a change that was rolled back. Each row copies its
entry as the transaction leaves it: nobody ever sees what it said in between. The database itself refuses to change or
to delete a row (migration `ledger_changes`), and an invariant compares each entry with its last one.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Insert,
    String,
    Table,
    bindparam,
    event,
    func,
    insert,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from domain.ledger_changes import EntryChange
from models.activity import ACTOR_CHARACTERS_MAX
from models.base import Base, BigId, UtcTime, of_one_or_all, one_of
from models.ledger import EntryState, LedgerEntry

_NOTED = "changes of ledger entries"


class LedgerChange(EntryState, Base):
    __tablename__ = "ledger_change"
    __table_args__ = (
        # The history of an entry, and the last change of each entry of an organization.
        Index("ix_ledger_change_organization_id_entry_id_id", "organization_id", "entry_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # No foreign key: an entry that has vanished must be missed here.
    entry_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(20))
    # The effect whose answer changed it; None where no write of ours did.
    effect_id: Mapped[int | None] = mapped_column(BigId)
    # The person or program that asked for it; "" where a worker acted.
    actor: Mapped[str] = mapped_column(String(ACTOR_CHARACTERS_MAX))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    # What it is about; an entry keeps both, so that a change of them here is a fault.
    connection_id: Mapped[int] = mapped_column(BigId)
    allocation_id: Mapped[int] = mapped_column(BigId)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry changes.

    Attributes:
        effect_id: the effect whose answer changes it.
        actor: the person or program that asked for it; "" for a worker.
    """

    kind: EntryChange
    at: datetime
    effect_id: int | None = None
    actor: str = ""


def note_change(session: Session, entry: LedgerEntry | int, cause: Cause) -> None:
    """The entry changes in this transaction for this cause; the session writes it down before it commits.

    Args:
        entry: the session's own object, or the id of a row that a statement has changed past it.
    """
    _noted(session).causes.append((entry, cause))


def keep_ledger_changes(sessions: type[Session]) -> None:
    """From now on these sessions write the history; called once, for the one class of sessions that we have."""
    event.listen(sessions, "after_flush", lambda session, _: _note_unexplained(session))
    event.listen(sessions, "before_commit", _store_changes)
    event.listen(sessions, "after_rollback", lambda session: session.info.pop(_NOTED, None))


def changes_of(session: Session, organization_id: int, entry_ids: Collection[int]) -> Sequence[LedgerChange]:
    """The whole history of these entries, oldest first."""
    statement = select(LedgerChange).where(
        LedgerChange.organization_id == organization_id, one_of(LedgerChange.entry_id, entry_ids)
    )
    return session.scalars(statement.order_by(LedgerChange.id)).all()


def entries_unlike_history(session: Session, organization_id: int | None) -> Sequence[int]:
    """The ids of the entries that say something else than their last change, have none, or have vanished."""
    one = aliased(LedgerChange)
    last = (
        select(func.max(one.id))
        .where(one.organization_id == LedgerEntry.organization_id, one.entry_id == LedgerEntry.id)
        .scalar_subquery()
    )
    differs = [getattr(LedgerChange, name).is_distinct_from(getattr(LedgerEntry, name)) for name in _said()]
    unlike = (
        select(LedgerEntry.id)
        .outerjoin(LedgerChange, LedgerChange.id == last)
        .where(or_(LedgerChange.id.is_(None), *differs), *of_one_or_all(LedgerEntry.organization_id, organization_id))
    )
    there = select(LedgerEntry.id).where(LedgerEntry.id == LedgerChange.entry_id).exists()
    of_this = of_one_or_all(LedgerChange.organization_id, organization_id)
    vanished = select(LedgerChange.entry_id).where(~there, *of_this)
    return sorted(session.scalars(union(unlike, vanished)))


@dataclass
class _Noted:
    causes: list[tuple[LedgerEntry | int, Cause]] = field(default_factory=list)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each cause once, in the order in which they were noted."""
        for entry_id, cause in dict.fromkeys(
            (one if isinstance(one, int) else one.id, why) for one, why in self.causes
        ):
            yield {
                "its_entry": entry_id,
                "its_kind": cause.kind.value,
                "its_effect": cause.effect_id,
                "its_actor": cause.actor[:ACTOR_CHARACTERS_MAX],
                "its_moment": cause.at,
            }


def _noted(session: Session) -> _Noted:
    noted: _Noted = session.info.setdefault(_NOTED, _Noted())
    return noted


def _note_unexplained(session: Session) -> None:
    """Adds the entries that this flush has written and nobody has given a cause for."""
    changed = [
        row for row in chain(session.new, session.dirty) if isinstance(row, LedgerEntry) and session.is_modified(row)
    ]
    if not changed:
        return
    explained = {one if isinstance(one, int) else one.id for one, _ in _noted(session).causes}
    for row in changed:
        if row.id not in explained:
            note_change(session, row, Cause(EntryChange.UNEXPLAINED, datetime.now(UTC)))


def _store_changes(session: Session) -> None:
    session.flush()
    noted: _Noted | None = session.info.pop(_NOTED, None)
    if noted is not None:
        session.connection().execute(_add(), list(noted.rows()))


@cache
def _said() -> tuple[str, ...]:
    """The columns that both tables have."""
    of_change = {column.name for column in LedgerChange.__table__.columns} - {"id", "organization_id"}
    return tuple(column.name for column in LedgerEntry.__table__.columns if column.name in of_change)


@cache
def _add() -> Insert:
    """Copies an entry as it is now."""
    entry = cast("Table", LedgerEntry.__table__).c
    values: dict[str, ColumnElement[Any]] = {
        "organization_id": entry.organization_id,
        "entry_id": entry.id,
        "kind": bindparam("its_kind", type_=String()),
        "effect_id": bindparam("its_effect", type_=BigInteger()),
        "actor": bindparam("its_actor", type_=String()),
        "changed_at": bindparam("its_moment", type_=UtcTime()),
        **{name: entry[name] for name in _said()},
    }
    copied = select(*values.values()).where(entry.id == bindparam("its_entry", type_=BigInteger()))
    return insert(LedgerChange).from_select(list(values), copied, include_defaults=False)
