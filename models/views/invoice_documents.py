"""How an invoice in both systems looks in JSON: one document, which the API answers and the command line prints."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from domain.comparing.comparison import Line, LineKind
from domain.comparing.outcomes import Outcome, Owed
from domain.comparing.parts import Nature, SourcePart
from domain.comparing.rows import Row, RowKind
from domain.comparing.sides import NotRead
from domain.comparing.words import LINE_NAMES, headline, row_told
from domain.cursors import Listed, cursor_after
from domain.money import plain_amount
from domain.preferences import InvoiceOrigin
from domain.records import AllocationKind, TargetPayment
from domain.words import Words
from models.views.documents import Amount, Cursor, Moment, VerdictOut
from models.views.invoice_list import InvoicePage, InvoiceRow
from models.views.invoice_story import InvoiceStory, Reading


class InvoiceOut(BaseModel):
    """One invoice; what is said about both systems is as of `compared_at`."""

    id: int
    number: str
    customer: str
    origin: InvoiceOrigin
    source_id: str | None
    target_id: str | None
    total: Amount
    currency: str
    owed: Owed
    balance: Annotated[Amount | None, Field(description="at the source, as it was last reported")]
    outcome: Outcome
    difference: Annotated[Amount | None, Field(description="how much higher the source's balance was")]
    compared_at: Moment | None
    updated_at: Moment

    @classmethod
    def of(cls, row: InvoiceRow) -> "InvoiceOut":
        currency = row.currency or None
        return cls(
            id=row.id,
            number=row.number,
            customer=row.customer,
            origin=row.origin,
            source_id=row.source_id,
            target_id=row.target_id,
            total=plain_amount(row.total, currency),
            currency=row.currency,
            owed=row.owed,
            balance=_amount(row.balance, currency),
            outcome=row.outcome,
            difference=_amount(row.difference, currency),
            compared_at=row.compared_at,
            updated_at=row.updated_at,
        )


class InvoicesOut(BaseModel):
    """A page of invoices; `next_cursor` asks for the next page and is null on the last one."""

    invoices: list[InvoiceOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, page: InvoicePage) -> "InvoicesOut":
        following = cursor_after(Listed.INVOICES, page.rows[-1].id if page.has_more else None)
        return cls(invoices=[InvoiceOut.of(row) for row in page.rows], next_cursor=following)


class LineOut(BaseModel):
    """One sum on both sides; null for a side that was not read."""

    kind: LineKind
    name: str
    source: Amount | None
    target: Amount | None
    difference: Amount | None

    @classmethod
    def of(cls, line: Line, currency: str | None) -> "LineOut":
        return cls(
            kind=line.kind,
            name=LINE_NAMES[line.kind],
            source=_amount(line.source, currency),
            target=_amount(line.target, currency),
            difference=_amount(line.difference, currency),
        )


class CreditOut(BaseModel):
    kind: AllocationKind
    document_id: str
    amount: Amount


class PartOut(BaseModel):
    """What one payment of the source puts on the invoice."""

    payment_id: str
    amount: Amount
    paid_on: date | None
    nature: Nature
    payment_total: Amount | None
    reference: str
    credits: list[CreditOut]
    entered_at: Moment | None
    last_changed_by: Annotated[str, Field(description="the source's number of a user, who may be a connected program")]
    made_by_us: bool
    stored: Annotated[bool, Field(description="as it was last reported; the source was not read")]

    @classmethod
    def of(cls, part: SourcePart, row: Row, currency: str | None) -> "PartOut":
        return cls(
            payment_id=part.payment_id,
            amount=plain_amount(part.amount, currency),
            paid_on=part.paid_on,
            nature=part.nature,
            payment_total=_amount(part.payment_total, currency),
            reference=part.reference,
            credits=[
                CreditOut(kind=one.kind, document_id=one.document_id, amount=plain_amount(one.amount, currency))
                for one in part.credits
            ],
            entered_at=part.entered_at,
            last_changed_by=part.last_changed_by,
            made_by_us=any(one.is_own for one in row.known if one.payment_id == part.payment_id),
            stored=part.is_stored,
        )


class EnteredOut(BaseModel):
    """One payment or credit on the target's invoice."""

    id: str
    amount: Amount
    paid_on: date | None
    entered_by: str
    credit: bool

    @classmethod
    def of(cls, payment: TargetPayment | None, currency: str | None) -> "EnteredOut | None":
        if payment is None:
            return None
        return cls(
            id=payment.external_id,
            amount=plain_amount(payment.amount, currency),
            paid_on=payment.paid_on,
            entered_by=payment.entered_by,
            credit=payment.credit,
        )


class RowOut(BaseModel):
    """Payments that belong together, or one without a counterpart, and why."""

    kind: RowKind
    sentence: str
    advice: str
    source: list[PartOut]
    target: EnteredOut | None
    ledger_payment_ids: Annotated[list[str], Field(description="which target payments stand for them, by our ledger")]

    @classmethod
    def of(cls, row: Row, currency: str | None, words: Words) -> "RowOut":
        told = row_told(row, words)
        return cls(
            kind=row.kind,
            sentence=told.sentence,
            advice=told.advice,
            source=[PartOut.of(part, row, currency) for part in row.parts],
            target=EnteredOut.of(row.target, currency),
            ledger_payment_ids=sorted({one.claim.target_payment_id for one in row.known if one.claim is not None}),
        )


class ReadingOut(BaseModel):
    """What both systems said when they were read last."""

    sentence: str
    advice: str
    source_read_at: Annotated[Moment | None, Field(description="null if it could not be read")]
    target_read_at: Annotated[Moment | None, Field(description="null if it could not be read")]
    reads: Annotated[int, Field(description="calls to the source that it took; they may be metered")]
    is_old: Annotated[bool, Field(description="we have heard of a change since then")]
    identity: list[VerdictOut]
    lines: list[LineOut]

    @classmethod
    def of(cls, reading: Reading, currency: str | None, words: Words) -> "ReadingOut":
        sides, comparison = reading.sides, reading.comparison
        told = headline(comparison, sides, words)
        return cls(
            sentence=told.sentence,
            advice=told.advice,
            source_read_at=None if isinstance(sides.source, NotRead) else sides.source_read_at,
            target_read_at=None if isinstance(sides.target, NotRead) else sides.target_read_at,
            reads=sides.reads,
            is_old=reading.is_old,
            identity=[VerdictOut.of(one) for one in comparison.identity],
            lines=[LineOut.of(line, currency) for line in comparison.lines],
        )


class InvoiceStoryOut(BaseModel):
    """One invoice in both systems; before the first reading, the payments that we have heard of."""

    invoice: InvoiceOut
    reading: ReadingOut | None
    payments: list[RowOut]

    @classmethod
    def of(cls, story: InvoiceStory, words: Words) -> "InvoiceStoryOut":
        currency = story.currency
        return cls(
            invoice=InvoiceOut.of(story.row),
            reading=None if story.reading is None else ReadingOut.of(story.reading, currency, words),
            payments=[RowOut.of(row, currency, words) for row in story.rows],
        )


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    return None if amount is None else plain_amount(amount, currency)
