"""The whole story of one payment, for the page and the command line: reports, decisions, attempts and next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.explanations import explain
from domain.ingest.seen_payments import payments_in
from domain.match.decisions import Verdict
from domain.payment_actions import Situation as PaymentSituation
from domain.push.effect import EffectKind, EffectState
from domain.reasons import Reason
from domain.records import TargetPayment
from domain.words import Words
from models.attempts import Attempt
from models.breakers import breakers_of, rests_until
from models.connections import Connection, Role, connections_of
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.inbox import Entity, EventSource, InboxEvent, events_about
from models.ledger import LedgerEntry
from models.looks import looks_at
from models.organizations import Organization, organization_by_id
from models.pauses import pause_in_words
from models.payment_situations import standings_of
from models.payments import Allocation, Payment
from models.views.ledger_lines import LedgerLine, ledger_lines
from models.views.next_step import Situation, next_step
from models.views.payment_rows import AllocationRow, PaymentRow, rows_of


@dataclass(frozen=True, slots=True)
class EventLine:
    """One report from the source; `done_at` is None while it waits to be processed."""

    source: EventSource
    verb: str
    occurred_at: datetime | None
    received_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionLine:
    decided_at: datetime
    action: Action
    reason: Reason
    verdicts: tuple[Verdict, ...]
    detail: str
    current: bool
    # The target's payments that led to this decision.
    seen: tuple[TargetPayment, ...]
    # When the same decision was last made again.
    looked_at: datetime | None
    may_be_linked: bool


@dataclass(frozen=True, slots=True)
class AttemptLine:
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class EffectLine:
    kind: EffectKind
    state: EffectState
    target_invoice_id: str
    target_payment_id: str | None
    amount: Decimal
    currency: str
    paid_on: date | None
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True)
class AllocationStory:
    """Everything about one part, oldest first."""

    row: AllocationRow
    decisions: tuple[DecisionLine, ...]
    effects: tuple[EffectLine, ...]
    entries: tuple[LedgerLine, ...]
    next: str

    @property
    def ledger(self) -> LedgerLine | None:
        """The newest entry."""
        return self.entries[-1] if self.entries else None


@dataclass(frozen=True, slots=True)
class LeftOutLine:
    """A person's word that the payment is left out: who, when, and why in their words ("" if they gave none)."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class PaymentStory:
    """Everything about one payment; `next` is the next step of its most pressing part."""

    payment: PaymentRow
    unapplied: Decimal
    note: str
    id: int
    version: int
    first_seen_at: datetime
    events: tuple[EventLine, ...]
    allocations: tuple[AllocationStory, ...]
    next: str
    situation: PaymentSituation
    left_out: LeftOutLine | None


def payment_story(
    session: Session, organization_id: int, external_id: str, words: Words, now: datetime | None = None
) -> PaymentStory | None:
    """The story of the organization's payment with this id at the source, or None if it has no such payment."""
    payment = session.scalar(
        select(Payment).where(Payment.organization_id == organization_id, Payment.external_id == external_id)
    )
    if payment is None:
        return None
    (row,) = rows_of(session, [payment])
    tables, now = _Tables.load(session, payment), now or datetime.now(UTC)
    parts = tuple(tables.story_of(part, words, now) for part in row.allocations)
    pressing = next((part for part in parts if part.row is row.pressing), None)
    events = events_about(session, payment.connection_id, Entity.PAYMENT, payment.external_id)
    return PaymentStory(
        payment=row,
        unapplied=payment.unapplied,
        note=payment.note,
        id=payment.id,
        version=payment.version,
        first_seen_at=payment.first_seen_at,
        events=tuple(_event_line(event) for event in events),
        allocations=parts,
        next=pressing.next if pressing else "It will be decided in a moment.",
        situation=standings_of(session, [payment])[0].situation,
        left_out=_left_out(payment),
    )


def _left_out(payment: Payment) -> LeftOutLine | None:
    if payment.left_out_now is None or payment.left_out_at is None:
        return None
    return LeftOutLine(payment.left_out_by, payment.left_out_at, payment.left_out_note)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The rows of all parts of one payment."""

    organization: Organization
    target: Connection | None
    rests_until: datetime | None
    allocations: dict[int, Allocation]
    decisions: Sequence[DecisionRow]
    effects: Sequence[Effect]
    attempts: Sequence[Attempt]
    entries: Sequence[LedgerEntry]
    ledger: Mapping[int, LedgerLine]
    pause: str

    @classmethod
    def load(cls, session: Session, payment: Payment) -> "_Tables":
        connections = {one.role: one for one in connections_of(session, payment.organization_id)}
        target = connections.get(Role.TARGET.value)
        parts = session.scalars(select(Allocation).where(Allocation.payment_id == payment.id)).all()
        ids = [part.id for part in parts]
        effects = session.scalars(select(Effect).where(Effect.allocation_id.in_(ids)).order_by(Effect.generation)).all()
        effect_ids = [effect.id for effect in effects]
        entries = session.scalars(
            select(LedgerEntry).where(LedgerEntry.allocation_id.in_(ids)).order_by(LedgerEntry.id)
        ).all()
        looks = looks_at(session, target.id, {one.target_invoice_id for one in entries}) if target else {}
        return cls(
            organization=organization_by_id(session, payment.organization_id),
            target=target,
            rests_until=rests_until(breakers_of(session, [target.id]).get(target.id, [])) if target else None,
            allocations={part.id: part for part in parts},
            decisions=session.scalars(
                select(DecisionRow).where(DecisionRow.allocation_id.in_(ids)).order_by(DecisionRow.id)
            ).all(),
            effects=effects,
            attempts=session.scalars(
                select(Attempt).where(Attempt.effect_id.in_(effect_ids)).order_by(Attempt.number)
            ).all(),
            entries=entries,
            ledger=ledger_lines(session, payment.organization_id, entries, looks),
            pause=pause_in_words(session, payment.organization_id, target),
        )

    def story_of(self, row: AllocationRow, words: Words, now: datetime) -> AllocationStory:
        decisions = [one for one in self.decisions if one.allocation_id == row.allocation_id]
        effects = [one for one in self.effects if one.allocation_id == row.allocation_id]
        entries = [one for one in self.entries if one.allocation_id == row.allocation_id]
        situation = Situation(
            row=row,
            match_due_at=self.allocations[row.allocation_id].match_due_at,
            effect=effects[-1] if effects else None,
            target=self.target,
            sync_enabled=self.organization.sync_enabled,
            writes_stopped=not self.organization.may_be_written_for,
            pause=self.pause,
            rests_until=self.rests_until,
            now=now,
            words=words,
        )
        return AllocationStory(
            row=row,
            decisions=tuple(_decision_line(one, decisions) for one in decisions),
            effects=tuple(self._effect_line(one) for one in effects),
            entries=tuple(self.ledger[one.id] for one in entries),
            next=next_step(situation),
        )

    def _effect_line(self, effect: Effect) -> EffectLine:
        tries = [one for one in self.attempts if one.effect_id == effect.id]
        return EffectLine(
            kind=EffectKind(effect.kind),
            state=EffectState(effect.state),
            target_invoice_id=effect.target_invoice_id,
            target_payment_id=effect.target_payment_id,
            amount=effect.amount,
            currency=effect.currency,
            paid_on=effect.paid_on,
            created_at=effect.created_at,
            due_at=effect.due_at,
            delivered_at=effect.delivered_at,
            attempts=tuple(
                AttemptLine(one.number, one.started_at, one.finished_at, one.outcome, one.detail) for one in tries
            ),
        )


def _event_line(event: InboxEvent) -> EventLine:
    return EventLine(EventSource(event.source), event.verb, event.occurred_at, event.received_at, event.done_at)


def _decision_line(decision: DecisionRow, every: Sequence[DecisionRow]) -> DecisionLine:
    return DecisionLine(
        decided_at=decision.decided_at,
        action=Action(decision.action),
        reason=decision.why,
        verdicts=tuple(
            Verdict(one["field"], one["source"], one["target"], one["identical"]) for one in decision.verdicts
        ),
        detail=decision.detail,
        current=decision.current,
        seen=payments_in(decision.seen),
        looked_at=decision.looked_at or _when_found_again(decision, every),
        may_be_linked=decision.current and explain(decision.why).may_be_linked,
    )


def _when_found_again(decision: DecisionRow, every: Sequence[DecisionRow]) -> datetime | None:
    """When a retry comes back to the hold that stood before it: we looked, and the reason is unchanged."""
    before = [one for one in every if one.id < decision.id and one.why is not Reason.ELIGIBLE]
    is_the_same = bool(before) and (before[-1].action, before[-1].reason) == (decision.action, decision.reason)
    return decision.decided_at if is_the_same and decision.action == Action.HOLD else None
