"""How a payment looks in JSON: one document, which the API answers and the command line prints."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from domain.cursors import Listed, cursor_after
from domain.explanations import explain
from domain.later_looks import Finding
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES, EntryChange
from domain.match.decisions import Verdict
from domain.money import plain_amount
from domain.push.effect import EffectKind, EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, TargetPayment
from domain.status import PaymentStatus
from domain.words import Words
from models.decisions import Action
from models.inbox import EventSource
from models.views.ledger_lines import ChangeLine, LedgerLine
from models.views.payment_list import Page
from models.views.payment_rows import AllocationRow, PaymentRow
from models.views.story import AllocationStory, DecisionLine, EffectLine, PaymentStory

# A JSON number is a float to most readers; a string is not. It has the digits of its currency (`plain_amount`).
Amount = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["12.50"]}, mode="serialization"),
]
Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
# How a list goes on; handed back as it is.
Cursor = Annotated[str | None, Field(description="asks for the next page; null on the last one")]


class ReasonOut(BaseModel):
    code: Reason
    sentence: str
    advice: str
    clears_itself: bool
    needs_person: bool

    @classmethod
    def of(cls, reason: Reason | None, words: Words) -> "ReasonOut | None":
        if reason is None:
            return None
        known = explain(reason)
        return cls(
            code=reason,
            sentence=words.sentence(reason),
            advice=words.advice(reason),
            clears_itself=known.clears_itself,
            needs_person=known.needs_person,
        )


class AllocationOut(BaseModel):
    kind: AllocationKind
    document_id: str
    invoice_number: str
    amount: Amount
    status: PaymentStatus
    action: Action | None
    reason: ReasonOut | None
    effect_state: EffectState | None
    target_payment_id: str | None
    synced_seconds: float | None
    # The payment no longer names this document.
    removed: bool

    @classmethod
    def of(cls, row: AllocationRow, currency: str | None, words: Words) -> "AllocationOut":
        return cls(
            kind=row.kind,
            document_id=row.document_id,
            invoice_number=row.invoice_number,
            amount=plain_amount(row.amount, currency),
            status=row.status,
            action=row.action,
            reason=ReasonOut.of(row.reason, words),
            effect_state=row.effect_state,
            target_payment_id=row.target_payment_id,
            synced_seconds=row.synced_seconds,
            removed=row.removed,
        )


class PaymentOut(BaseModel):
    id: str
    paid_on: date | None
    customer: str
    total: Amount
    currency: str | None
    state: PaymentState
    status: PaymentStatus
    reason: ReasonOut | None
    reference: str
    updated_at: Moment
    allocations: list[AllocationOut]

    @classmethod
    def of(cls, row: PaymentRow, words: Words) -> "PaymentOut":
        return cls(
            id=row.external_id,
            paid_on=row.paid_on,
            customer=row.customer,
            total=plain_amount(row.total, row.currency),
            currency=row.currency,
            state=row.state,
            status=row.status,
            reason=ReasonOut.of(row.reason, words),
            reference=row.reference,
            updated_at=row.updated_at,
            allocations=[AllocationOut.of(one, row.currency, words) for one in row.allocations],
        )


class PaymentsOut(BaseModel):
    """A page of payments; `next_cursor` asks for the next page and is null on the last one."""

    payments: list[PaymentOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, page: Page[PaymentRow], words: Words) -> "PaymentsOut":
        following = cursor_after(Listed.PAYMENTS, page.next_before_id)
        return cls(payments=[PaymentOut.of(row, words) for row in page.rows], next_cursor=following)


class EventOut(BaseModel):
    source: EventSource
    verb: str
    occurred_at: Moment | None
    received_at: Moment
    done_at: Moment | None


class VerdictOut(BaseModel):
    field: str
    source: str
    target: str
    identical: bool

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictOut":
        return cls(field=verdict.field, source=verdict.source, target=verdict.target, identical=verdict.identical)


class SeenPaymentOut(BaseModel):
    """A payment on the target invoice that led to this decision."""

    id: str
    amount: Amount
    paid_on: date | None
    entered_by: str

    @classmethod
    def of(cls, payment: TargetPayment, currency: str | None) -> "SeenPaymentOut":
        return cls(
            id=payment.external_id,
            amount=plain_amount(payment.amount, currency),
            paid_on=payment.paid_on,
            entered_by=payment.entered_by,
        )


class LedgerChangeOut(BaseModel):
    """One change of the ledger's row, and what the row said from then on."""

    changed_at: Moment
    kind: EntryChange
    sentence: str
    by: Annotated[str | None, Field(description="the person or program that asked for it; null if the sync did it")]
    amount: Amount
    paid_on: date
    stands: Annotated[bool, Field(description="whether the payment stood for the part from then on")]
    finding: Annotated[Finding | None, Field(description="the fault that a look had found by then")]

    @classmethod
    def of(cls, line: ChangeLine, currency: str | None, words: Words) -> "LedgerChangeOut":
        return cls(
            changed_at=line.changed_at,
            kind=line.kind,
            sentence=words.filled(ENTRY_CHANGE_SENTENCES[line.kind]),
            by=line.actor or None,
            amount=plain_amount(line.amount, currency),
            paid_on=line.paid_on,
            stands=line.stands,
            finding=line.finding,
        )


class LedgerOut(BaseModel):
    """The target payment that stands for the part, or stood for it until `removed_at`."""

    target_invoice_id: str
    target_payment_id: str
    amount: Amount
    paid_on: date
    ours: bool
    created_at: Moment
    removed_at: Moment | None
    looked_at: Annotated[Moment | None, Field(description="when we last checked the invoice after that")]
    history: Annotated[list[LedgerChangeOut], Field(description="every change of the row, oldest first")]

    @classmethod
    def of(cls, line: LedgerLine, currency: str | None, words: Words) -> "LedgerOut":
        return cls(
            target_invoice_id=line.target_invoice_id,
            target_payment_id=line.target_payment_id,
            amount=plain_amount(line.amount, currency),
            paid_on=line.paid_on,
            ours=line.ours,
            created_at=line.created_at,
            removed_at=line.removed_at,
            looked_at=line.looked_at,
            history=[LedgerChangeOut.of(one, currency, words) for one in line.history],
        )


class DecisionOut(BaseModel):
    decided_at: Moment
    action: Action
    reason: ReasonOut | None
    verdicts: list[VerdictOut]
    detail: str
    current: bool
    looked_at: Annotated[Moment | None, Field(description="when a later check last gave the same result")]
    seen: list[SeenPaymentOut]

    @classmethod
    def of(cls, line: DecisionLine, currency: str | None, words: Words) -> "DecisionOut":
        return cls(
            decided_at=line.decided_at,
            action=line.action,
            reason=ReasonOut.of(line.reason, words),
            verdicts=[VerdictOut.of(one) for one in line.verdicts],
            detail=line.detail,
            current=line.current,
            looked_at=line.looked_at,
            seen=[SeenPaymentOut.of(one, currency) for one in line.seen],
        )


class AttemptOut(BaseModel):
    number: int
    started_at: Moment
    finished_at: Moment | None
    outcome: str | None
    detail: str


class DeliveryOut(BaseModel):
    kind: EffectKind
    state: EffectState
    target_invoice_id: str
    target_payment_id: str | None
    amount: Amount
    currency: str
    paid_on: date | None
    due_at: Moment
    delivered_at: Moment | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, line: EffectLine) -> "DeliveryOut":
        return cls(
            kind=line.kind,
            state=line.state,
            target_invoice_id=line.target_invoice_id,
            target_payment_id=line.target_payment_id,
            amount=plain_amount(line.amount, line.currency or None),
            currency=line.currency,
            paid_on=line.paid_on,
            due_at=line.due_at,
            delivered_at=line.delivered_at,
            attempts=[
                AttemptOut(
                    number=one.number,
                    started_at=one.started_at,
                    finished_at=one.finished_at,
                    outcome=one.outcome,
                    detail=one.detail,
                )
                for one in line.attempts
            ],
        )


class AllocationStoryOut(BaseModel):
    allocation: AllocationOut
    decisions: list[DecisionOut]
    deliveries: list[DeliveryOut]
    ledger: LedgerOut | None
    former_entries: Annotated[list[LedgerOut], Field(description="payments that stood for it before, oldest first")]
    next: str

    @classmethod
    def of(cls, story: AllocationStory, currency: str | None, words: Words) -> "AllocationStoryOut":
        return cls(
            allocation=AllocationOut.of(story.row, currency, words),
            decisions=[DecisionOut.of(one, currency, words) for one in story.decisions],
            deliveries=[DeliveryOut.of(one) for one in story.effects],
            ledger=LedgerOut.of(story.ledger, currency, words) if story.ledger is not None else None,
            former_entries=[LedgerOut.of(one, currency, words) for one in story.entries[:-1]],
            next=story.next,
        )


class PaymentStoryOut(BaseModel):
    """One payment: what we heard, decided and tried, and what happens next."""

    payment: PaymentOut
    first_seen_at: Moment
    # The source's own number of the version that was seen last.
    version: int
    unapplied: Amount
    note: str
    events: list[EventOut]
    allocations: list[AllocationStoryOut]
    next: str

    @classmethod
    def of(cls, story: PaymentStory, words: Words) -> "PaymentStoryOut":
        currency = story.payment.currency
        return cls(
            payment=PaymentOut.of(story.payment, words),
            first_seen_at=story.first_seen_at,
            version=story.version,
            unapplied=plain_amount(story.unapplied, currency),
            note=story.note,
            events=[
                EventOut(
                    source=one.source,
                    verb=one.verb,
                    occurred_at=one.occurred_at,
                    received_at=one.received_at,
                    done_at=one.done_at,
                )
                for one in story.events
            ],
            allocations=[AllocationStoryOut.of(one, currency, words) for one in story.allocations],
            next=story.next,
        )
