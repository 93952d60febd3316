"""Conditions that must hold at any moment, as named queries.

Every reconciliation runs them for its organization, by indexes; a broken one stops what we write for it
(`tasks/reconcile/checking.py`). `python -m cli database check` runs them over everything; the crash tests, the
simulation and `make chaos` run the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.push.effect import EffectKind, EffectState
from domain.records import PaymentState
from models.attempts import Attempt
from models.base import of_one_or_all
from models.connections import Connection
from models.copy_invariants import copied_without_copy, copy_without_link, forgotten_item, forgotten_work
from models.decisions import DecisionRow
from models.effects import Effect
from models.endpoints import organizations_told_wrongly
from models.inbox import EventSource, InboxEvent
from models.ledger import LedgerEntry
from models.ledger_changes import entries_unlike_history
from models.payment_counts import organizations_with_wrong_counts
from models.payment_statuses import payments_with_another_status
from models.payments import Allocation, Payment

EXAMPLES_MAX = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows break an invariant, and the ids of the first ones."""

    name: str
    sentence: str
    violations: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A condition.

    Attributes:
        broken_by: the ids of the rows that break it, of one organization or, without one, of all: a query, or, where
            the rule is Python's, what it finds.
    """

    name: str
    sentence: str
    broken_by: Callable[[Session, int | None], Select[int] | Sequence[int]]


def _of_connections(column: ColumnElement[int] | Any, organization_id: int | None) -> list[ColumnElement[bool]]:
    """The rows of the organization's connections, which have indexes where the organization has none."""
    if organization_id is None:
        return []
    return [column.in_(select(Connection.id).where(Connection.organization_id == organization_id))]


def _effect_without_decision(_session: Session, organization_id: int | None) -> Select[int]:
    decided = exists().where(DecisionRow.allocation_id == Effect.allocation_id, DecisionRow.current)
    return select(Effect.id).where(~decided, *_of_connections(Effect.connection_id, organization_id))


def _delivered_without_entry(_session: Session, organization_id: int | None) -> Select[int]:
    entered = exists().where(
        LedgerEntry.allocation_id == Effect.allocation_id,
        LedgerEntry.target_payment_id == Effect.target_payment_id,
    )
    return select(Effect.id).where(
        Effect.state == EffectState.DELIVERED.value,
        Effect.kind == EffectKind.CREATE.value,
        ~entered,
        *_of_connections(Effect.connection_id, organization_id),
    )


def _sent_without_attempt(_session: Session, organization_id: int | None) -> Select[int]:
    attempted = exists().where(Attempt.effect_id == Effect.id)
    in_flight = (EffectState.SENDING.value, EffectState.IN_DOUBT.value)
    of_this = _of_connections(Effect.connection_id, organization_id)
    return select(Effect.id).where(Effect.state.in_(in_flight), ~attempted, *of_this)


def _claimed_twice(_session: Session, organization_id: int | None) -> Select[int]:
    """One target payment that stands for two allocations; also impossible by a unique key."""
    other = aliased(LedgerEntry)
    same = and_(
        other.connection_id == LedgerEntry.connection_id,
        other.target_invoice_id == LedgerEntry.target_invoice_id,
        other.target_payment_id == LedgerEntry.target_payment_id,
        other.id != LedgerEntry.id,
        ~other.shared,
        # A person moved it from one to the other, and only the other has it now.
        ~other.handed_over,
        ~LedgerEntry.handed_over,
    )
    of_this = of_one_or_all(LedgerEntry.organization_id, organization_id)
    return select(LedgerEntry.id).where(exists().where(same), *of_this)


def _entry_differs_from_payment(_session: Session, organization_id: int | None) -> Select[int]:
    """A settled allocation (nothing due, nothing open, decided as pushed) whose ledger entry differs from it."""
    open_effect = exists().where(
        Effect.allocation_id == Allocation.id,
        Effect.state.in_((EffectState.PENDING.value, EffectState.SENDING.value, EffectState.IN_DOUBT.value)),
    )
    pushed = exists().where(
        DecisionRow.allocation_id == Allocation.id, DecisionRow.current, DecisionRow.action == "push"
    )
    differs: ColumnElement[bool] = or_(
        LedgerEntry.amount != Allocation.amount,
        LedgerEntry.paid_on != Payment.paid_on,
        Allocation.removed,
        Payment.state != PaymentState.LIVE.value,
    )
    return (
        select(LedgerEntry.id)
        .join(Allocation, Allocation.id == LedgerEntry.allocation_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(LedgerEntry.removed_at.is_(None), Allocation.match_due_at.is_(None), ~open_effect, pushed, differs)
        .where(*of_one_or_all(LedgerEntry.organization_id, organization_id))
    )


def _undecided(_session: Session, organization_id: int | None) -> Select[int]:
    """Neither due for match nor decided: nothing would ever look at such a payment."""
    decided = exists().where(DecisionRow.allocation_id == Allocation.id, DecisionRow.current)
    of_this = of_one_or_all(Allocation.organization_id, organization_id)
    return select(Allocation.id).where(Allocation.match_due_at.is_(None), ~decided, *of_this)


def _cursor_past_inbox(_session: Session, organization_id: int | None) -> Select[int]:
    """A cursor moves with the rows that it stands for: never past the last catch-up."""
    stored = (
        select(func.count(InboxEvent.id))
        .where(InboxEvent.connection_id == Connection.id, InboxEvent.source == EventSource.CATCH_UP.value)
        .scalar_subquery()
    )
    return select(Connection.id).where(
        Connection.cursor_at.is_not(None),
        Connection.caught_up_at.is_(None),
        stored == 0,
        *of_one_or_all(Connection.organization_id, organization_id),
    )


INVARIANTS = (
    Invariant("effect_has_decision", "Nothing is owed without a decision.", _effect_without_decision),
    Invariant("delivered_has_entry", "What was delivered stands in the ledger.", _delivered_without_entry),
    Invariant("sent_has_attempt", "Nothing is sent without an attempt on disk.", _sent_without_attempt),
    Invariant("claimed_once", "A target payment stands for one allocation only.", _claimed_twice),
    Invariant(
        "ledger_agrees", "A settled payment's ledger entry has its amount and date.", _entry_differs_from_payment
    ),
    Invariant(
        "ledger_replays",
        "The history of the ledger, told again from its beginning, gives the ledger as it is.",
        entries_unlike_history,
    ),
    Invariant("everything_decided", "Every allocation is decided or due.", _undecided),
    Invariant("cursor_behind_inbox", "The cursor never passes what is stored.", _cursor_past_inbox),
    Invariant(
        "status_by_rule",
        "Each payment is listed under the status that its parts have.",
        lambda session, organization_id: sorted(payments_with_another_status(session, organization_id)),
    ),
    Invariant(
        "copied_has_copy", "What is said to be copied has its copy, and what is marked has none.", copied_without_copy
    ),
    Invariant("copies_are_due", "Whatever the Sync Tool has to do is due at some time.", forgotten_work),
    Invariant("runs_come_to_an_end", "Each invoice that a run waits for is being worked on.", forgotten_item),
    Invariant("copies_are_linked", "Payments on a copy find their invoice.", copy_without_link),
    Invariant(
        "counts_agree",
        "The numbers by status are those of the payments; told by organization.",
        organizations_with_wrong_counts,
    ),
    Invariant(
        "endpoints_are_told",
        "What an organization's endpoints are told is known beside it; told by organization.",
        organizations_told_wrongly,
    ),
)


BY_NAME = {one.name: one for one in INVARIANTS}


def sentence_about(name: str) -> str:
    """What must be true; "" for an invariant that this version does not know any more."""
    known = BY_NAME.get(name)
    return known.sentence if known is not None else ""


def check_invariants(session: Session) -> list[Finding]:
    """One finding for each invariant, including those that hold, over all organizations."""
    return [check_invariant(session, invariant) for invariant in INVARIANTS]


def check_invariant(session: Session, invariant: Invariant, organization_id: int | None = None) -> Finding:
    """Whether it holds, for one organization or for all."""
    broken = invariant.broken_by(session, organization_id)
    if not isinstance(broken, Select):
        return Finding(invariant.name, invariant.sentence, len(broken), tuple(broken[:EXAMPLES_MAX]))
    rows = broken.subquery()
    (id_,) = rows.columns
    count = session.execute(select(func.count()).select_from(rows)).scalar_one()
    ids = session.scalars(select(id_).order_by(id_).limit(EXAMPLES_MAX)).all() if count else ()
    return Finding(invariant.name, invariant.sentence, count, tuple(ids))
