"""Each payment's status, stored beside it, so that a million payments can be filtered and counted by it.

The rule is `domain/status.py` and nothing else. A session notes the allocations that got another decision, another
effect or another place in their payment. Before it commits, it asks once for all parts of their payments and stores
the statuses that are different now. An invariant compares all of them with the rule.
"""

from collections.abc import Collection, Iterator
from functools import cache
from itertools import chain
from typing import cast

from sqlalchemy import ColumnElement, Select, Table, Update, and_, bindparam, event, func, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import get_history

from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus, allocation_status, is_alike_for_status, status_of_parts
from models.decisions import DecisionRow
from models.effects import Effect
from models.payments import Allocation, Payment, note_other_status, with_other_status

_PAYMENTS_AT_A_TIME = 1_000


def keep_statuses(sessions: type[Session]) -> None:
    """From now on these sessions keep the statuses; called once, for the one class of sessions that we have."""
    event.listen(sessions, "after_flush", lambda session, _: note_other_status(session, *_changed_in(session)))
    event.listen(sessions, "before_commit", _store_changes)
    event.listen(sessions, "after_rollback", lambda session: with_other_status(session).clear())


def store_statuses(session: Session, allocation_ids: Collection[int]) -> None:
    """Applies the rule to the payments of these allocations."""
    _write(session, _outdated(session, _of_allocations(), {"ids": list(allocation_ids)}))


def store_every_status(session: Session) -> None:
    """Applies the rule to all payments there are: for a migration, where the rule or its place has changed."""
    for first, last in _stretches(session):
        _write(session, _outdated(session, _of_payments(), {"first": first, "last": last}))


def payments_with_another_status(session: Session) -> Iterator[int]:
    """The ids of the payments whose stored status is not the one that the rule gives."""
    for first, last in _stretches(session):
        yield from _outdated(session, _of_payments(), {"first": first, "last": last})


def _changed_in(session: Session) -> Iterator[int]:
    """The allocations of the rows that this flush has written, where the change can matter."""
    for row in chain(session.new, session.dirty):
        match row:
            # Looking once more with the same result changes a decision's time and nothing else.
            case DecisionRow() if row in session.new or get_history(row, "current").has_changes():
                yield row.allocation_id
            case Effect() if row in session.new or _has_another_state(row):
                yield row.allocation_id
            case Allocation() if _has_another_place(session, row):
                yield row.id


def _has_another_state(effect: Effect) -> bool:
    added, _, deleted = get_history(effect, "state")
    if not added:
        return False
    return not (deleted and is_alike_for_status(EffectState(deleted[0]), EffectState(added[0])))


def _has_another_place(session: Session, allocation: Allocation) -> bool:
    if allocation in session.new:
        # All parts of a new payment are undecided, which is what its row says from the beginning.
        return allocation.payment not in session.new
    return bool(get_history(allocation, "removed").has_changes())


def _store_changes(session: Session) -> None:
    session.flush()
    touched = with_other_status(session)
    if touched:
        store_statuses(session, touched)
        touched.clear()


def _write(session: Session, statuses: dict[int, str]) -> None:
    if statuses:
        rows = [{"of_payment": one, "its_status": status} for one, status in sorted(statuses.items())]
        session.connection().execute(_set_status(), rows)


def _outdated(
    session: Session, asked: Select[int, str, bool, str, str, str], values: dict[str, object]
) -> dict[int, str]:
    """The payments whose stored status is not the one that the rule gives, with the latter."""
    stored: dict[int, str] = {}
    parts: dict[int, list[tuple[PaymentStatus, bool]]] = {}
    for payment_id, status, removed, action, reason, state in session.execute(asked, values):
        stored[payment_id] = status
        one = allocation_status(action, Reason(reason) if reason else None, EffectState(state) if state else None)
        parts.setdefault(payment_id, []).append((one, removed))
    by_rule = {payment_id: status_of_parts(every).value for payment_id, every in parts.items()}
    return {payment_id: status for payment_id, status in by_rule.items() if stored[payment_id] != status}


# The statements are made once: a session that commits asks every time.


@cache
def _of_allocations() -> Select[int, str, bool, str, str, str]:
    touched = aliased(Allocation)
    payment_ids = select(touched.payment_id).where(touched.id.in_(bindparam("ids", expanding=True)))
    return _parts_of(Allocation.payment_id.in_(payment_ids))


@cache
def _of_payments() -> Select[int, str, bool, str, str, str]:
    return _parts_of(Allocation.payment_id.between(bindparam("first"), bindparam("last")))


def _parts_of(wanted: ColumnElement[bool]) -> Select[int, str, bool, str, str, str]:
    newest = aliased(Effect)
    state = (
        select(newest.state)
        .where(newest.allocation_id == Allocation.id)
        .order_by(newest.generation.desc())
        .limit(1)
        .correlate(Allocation)
        .scalar_subquery()
    )
    return (
        select(Allocation.payment_id, Payment.status, Allocation.removed, DecisionRow.action, DecisionRow.reason, state)
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(wanted)
    )


@cache
def _set_status() -> Update:
    payments = cast("Table", Payment.__table__)
    return update(payments).where(payments.c.id == bindparam("of_payment")).values(status=bindparam("its_status"))


def _stretches(session: Session) -> Iterator[tuple[int, int]]:
    """Stretches of ids that hold a bounded number of payments each."""
    after = 0
    while True:
        ids = select(Payment.id).where(Payment.id > after).order_by(Payment.id).limit(_PAYMENTS_AT_A_TIME).subquery()
        first, last = session.execute(select(func.min(ids.c.id), func.max(ids.c.id))).one()
        if last is None:
            return
        yield first, last
        after = last
