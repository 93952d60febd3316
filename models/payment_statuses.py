"""Each payment's status and its reason, stored beside it: a million payments can be filtered and counted by them.

The rule is `domain/status.py` and nothing else. A session notes the allocations that got another decision, another
effect or another place in their payment. Before it commits, it asks once for all parts of their payments and stores
the statuses that are different now, and with them the numbers by status (`models/payment_counts.py`) and the news for
endpoints (`models/news.py`). Most payments have one part: a step that holds it does not ask for it again. An invariant
compares all of them with the rule.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, Update, and_, bindparam, event, func, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import get_history

from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import (
    PartStatus,
    PaymentStatus,
    allocation_status,
    is_alike_for_status,
    outcome_of_parts,
    status_alone,
    stored_reason,
)
from models.base import of_one_or_all
from models.decisions import DecisionRow
from models.effects import Effect
from models.effects_in_force import newest_state
from models.news import forget_news, note_news, store_news
from models.payment_counts import Place, forget_counts, note_count, store_counts
from models.payments import Allocation, Payment, note_other_status, with_other_status

_PAYMENTS_AT_A_TIME = 1_000
_Asked = Select[int, int, str, str, bool, str, str, str]


def keep_statuses(sessions: type[Session]) -> None:
    """From now on these sessions keep the statuses; called once, for the one class of sessions that we have."""
    event.listen(sessions, "after_flush", lambda session, _: _note_changes(session))
    event.listen(sessions, "before_commit", _store_changes)
    event.listen(sessions, "after_rollback", _forget_changes)


def store_statuses(session: Session, allocation_ids: Collection[int]) -> None:
    """Applies the rule to the payments of these allocations."""
    outdated = _outdated(session, _of_allocations(), {"ids": list(allocation_ids)})
    _write(session, outdated, _set_status(counts=True))
    _count(session, outdated)
    for payment_id, one in outdated.items():
        note_news(session, one.stored.organization_id, payment_id, one.stored)


def store_outcomes_of_only_parts(session: Session, parts: Iterable[tuple[Allocation, DecisionRow]]) -> None:
    """Applies the rule to payments that have one part alone, from the rows that the session holds.

    Does nothing where the decision in force does not say the status alone: then the session asks before it commits.

    Args:
        parts: each with its payment loaded, and with its decision in force.
    """
    session.flush()
    touched = with_other_status(session)
    for part, decision in parts:
        status = status_alone(decision.action, decision.why)
        if status is None or part.id not in touched:
            continue
        outcome = outcome_of_parts([PartStatus(status, decision.why, part.removed)])
        part.payment.set_status(outcome.status, stored_reason(outcome))
        touched.discard(part.id)


def store_every_status(session: Session) -> None:
    """Applies the rule to all payments there are: for a migration, where the rule or its place has changed.

    That is no news about any payment; and the columns of later migrations are not there yet.
    """
    for first, last in _stretches(session, None):
        outdated = _outdated(session, _of_payments(), {"first": first, "last": last})
        _write(session, outdated, _set_status(counts=False))
        _count(session, outdated)


def payments_with_another_status(session: Session, organization_id: int | None = None) -> Iterator[int]:
    """The ids of the payments, of one organization or of all, whose stored status is not that of the rule."""
    for first, last in _stretches(session, organization_id):
        values: dict[str, object] = {"first": first, "last": last}
        if organization_id is None:
            yield from _outdated(session, _of_payments(), values)
        else:
            yield from _outdated(session, _of_payments_in(), {"organization": organization_id, **values})


def _note_changes(session: Session) -> None:
    note_other_status(session, *_changed_in(session))
    for payment, before in _moved_in(session):
        if before is not None:
            note_count(session, before, -1)
        note_count(session, _place_of(payment), 1)
        note_news(session, payment.organization_id, payment.id, before)
    for row in session.deleted:
        if isinstance(row, Payment):
            note_count(session, _place_of(row), -1)


def _moved_in(session: Session) -> Iterator[tuple[Payment, Place | None]]:
    """The payments that this flush has added or moved to another status, with their places before it."""
    for row in session.new:
        if isinstance(row, Payment):
            yield row, None
    for row in session.dirty:
        if isinstance(row, Payment):
            before = Place(row.organization_id, _before(row, "status"), _before(row, "reason"))
            if before != _place_of(row):
                yield row, before


def _place_of(payment: Payment) -> Place:
    return Place(payment.organization_id, payment.status, payment.reason)


def _before(payment: Payment, name: str) -> str:
    """What the column held before this flush."""
    _, same, before = get_history(payment, name)
    value: str = next(iter(before or same or ()))
    return value


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
    store_counts(session)
    store_news(session)


def _forget_changes(session: Session) -> None:
    with_other_status(session).clear()
    forget_counts(session)
    forget_news(session)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A payment's stored status, and the one that the rule gives."""

    stored: Place
    by_rule: Place

    @property
    def is_outdated(self) -> bool:
        # Earlier versions, which may still run beside this one, stored a reason with payments on their way as well.
        both = {self.stored.status, self.by_rule.status}
        return self.stored != self.by_rule and both != {PaymentStatus.ON_ITS_WAY.value}


def _write(session: Session, outdated: dict[int, _Compared], statement: Update) -> None:
    rows = [
        {"of_payment": payment_id, "its_status": one.by_rule.status, "its_reason": one.by_rule.reason}
        for payment_id, one in sorted(outdated.items())
    ]
    if rows:
        session.connection().execute(statement, rows)


def _count(session: Session, outdated: dict[int, _Compared]) -> None:
    for one in outdated.values():
        note_count(session, one.stored, -1)
        note_count(session, one.by_rule, 1)


def _outdated(session: Session, asked: _Asked, values: dict[str, object]) -> dict[int, _Compared]:
    """The payments whose stored status is not the one that the rule gives, by id."""
    stored: dict[int, Place] = {}
    parts: dict[int, list[PartStatus]] = {}
    for payment_id, organization_id, status, why, removed, action, reason, state in session.execute(asked, values):
        stored[payment_id] = Place(organization_id, status, why)
        decided = Reason(reason) if reason else None
        one = allocation_status(action, decided, EffectState(state) if state else None)
        parts.setdefault(payment_id, []).append(PartStatus(one, decided, removed))
    every = {
        payment_id: _Compared(stored[payment_id], _by_rule(stored[payment_id], of)) for payment_id, of in parts.items()
    }
    return {payment_id: one for payment_id, one in every.items() if one.is_outdated}


def _by_rule(stored: Place, parts: list[PartStatus]) -> Place:
    outcome = outcome_of_parts(parts)
    return Place(stored.organization_id, outcome.status.value, stored_reason(outcome))


# The statements are made once: a session that commits asks every time.


@cache
def _of_allocations() -> _Asked:
    touched = aliased(Allocation)
    payment_ids = select(touched.payment_id).where(touched.id.in_(bindparam("ids", expanding=True)))
    return _parts_of(Allocation.payment_id.in_(payment_ids))


@cache
def _of_payments() -> _Asked:
    return _parts_of(Allocation.payment_id.between(bindparam("first"), bindparam("last")))


@cache
def _of_payments_in() -> _Asked:
    """Other organizations have many payments between two of this one."""
    of_organization = Payment.organization_id == bindparam("organization")
    return _parts_of(and_(of_organization, Payment.id.between(bindparam("first"), bindparam("last"))))


def _parts_of(wanted: ColumnElement[bool]) -> _Asked:
    return (
        select(
            Allocation.payment_id,
            Payment.organization_id,
            Payment.status,
            Payment.reason,
            Allocation.removed,
            DecisionRow.action,
            DecisionRow.reason,
            newest_state(),
        )
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(wanted)
        # Of several parts with one status, the first gives the reason.
        .order_by(Allocation.id)
    )


@cache
def _set_status(*, counts: bool) -> Update:
    """Stores a payment's status.

    Args:
        counts: its changes are counted, because there may be news about it.
    """
    payments = cast("Table", Payment.__table__)
    values: dict[str, Any] = {"status": bindparam("its_status"), "reason": bindparam("its_reason")}
    if counts:
        values["status_changes"] = payments.c.status_changes + 1
    return update(payments).where(payments.c.id == bindparam("of_payment")).values(values)


def _stretches(session: Session, organization_id: int | None) -> Iterator[tuple[int, int]]:
    """Stretches of ids that hold a bounded number of payments each, of one organization or of all."""
    after, which = 0, of_one_or_all(Payment.organization_id, organization_id)
    while True:
        found = select(Payment.id).where(Payment.id > after, *which)
        ids = found.order_by(Payment.id).limit(_PAYMENTS_AT_A_TIME).subquery()
        first, last = session.execute(select(func.min(ids.c.id), func.max(ids.c.id))).one()
        if last is None:
            return
        yield first, last
        after = last
