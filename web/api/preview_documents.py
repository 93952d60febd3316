"""How a preview of a change of preferences looks in JSON."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from domain.cursors import Listed, cursor_after
from domain.match.foresight import Certainty, Outcome
from domain.money import plain_amount
from domain.preference_changes import in_words
from domain.records import AllocationKind
from domain.status import PaymentStatus
from domain.words import Words
from models.previews import Count, Preview, PreviewState, counts_of
from models.views.documents import Amount, Cursor, Moment, ReasonOut
from models.views.preview_parts import PartsPage, PreviewedPart
from usecases.stakes_out import SumOut
from web.api.preferences import PreferencesIn


class ChangeInWordsOut(BaseModel):
    """One preference that would change; `warning` is empty where nobody needs one."""

    preference: str
    before: str
    after: str
    warning: str


class OutcomeOut(BaseModel):
    """All parts of payments with this outcome, and how many of them are sure; about the others the target is asked."""

    outcome: Outcome
    parts: int
    sure: int
    sums: list[SumOut]


class CameOutOut(BaseModel):
    """How many parts that were to have this outcome have this status since the change was saved."""

    outcome: Outcome
    status: PaymentStatus
    parts: int


class PreviewOut(BaseModel):
    """What a change of preferences would do; `outcomes` are complete once `state` is no longer `counting`.

    After it was saved, `came_out` says what came of it.
    """

    id: int
    state: PreviewState
    asked_by: str
    asked_at: Moment
    preferences: PreferencesIn
    changes: list[ChangeInWordsOut]
    payments: Annotated[int, Field(description="how many there are to look at")]
    looked_at: Annotated[int, Field(description="how many have been looked at")]
    outcomes: list[OutcomeOut]
    is_outdated: Annotated[bool, Field(description="payments came or changed since it was asked for")]
    saved_by: str
    saved_at: Moment | None
    came_out: list[CameOutOut]

    @classmethod
    def of(cls, preview: Preview, words: Words, *, is_outdated: bool) -> "PreviewOut":
        counts = counts_of(preview)
        return cls(
            id=preview.id,
            state=PreviewState(preview.state),
            asked_by=preview.asked_by,
            asked_at=preview.asked_at,
            preferences=PreferencesIn.of(preview.preferences_after),
            changes=[
                ChangeInWordsOut(
                    preference=one.label,
                    before=one.before,
                    after=one.after,
                    warning=words.filled(one.warning),
                )
                for one in in_words(preview.preferences_before, preview.preferences_after)
            ],
            payments=preview.payments,
            looked_at=preview.looked_at,
            outcomes=[
                _outcome(outcome, [one for one in counts if one.foreseen.outcome is outcome]) for outcome in Outcome
            ],
            is_outdated=is_outdated,
            saved_by=preview.saved_by,
            saved_at=preview.saved_at,
            came_out=_came_out(preview),
        )


def _outcome(outcome: Outcome, counts: Sequence[Count]) -> OutcomeOut:
    totals: dict[str | None, Decimal] = {}
    for one in counts:
        totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.total
    return OutcomeOut(
        outcome=outcome,
        parts=sum(one.parts for one in counts),
        sure=sum(one.parts for one in counts if one.foreseen.certainty is Certainty.SURE),
        sums=[
            SumOut(amount=plain_amount(total, currency), currency=currency)
            for currency, total in sorted(totals.items(), key=lambda one: one[0] or "")
        ],
    )


def _came_out(preview: Preview) -> list[CameOutOut]:
    found: dict[tuple[str, str], int] = {}
    for outcome, _, status, parts in preview.came_out:
        found[outcome, status] = found.get((outcome, status), 0) + parts
    return [
        CameOutOut(outcome=Outcome(outcome), status=PaymentStatus(status), parts=parts)
        for (outcome, status), parts in sorted(found.items())
    ]


class PreviewPartOut(BaseModel):
    """One part of a payment behind a number of the preview, as it is now, with what the change would do to it."""

    payment_id: str
    paid_on: date | None
    customer: str
    kind: AllocationKind
    document_id: str
    invoice_number: str
    amount: Amount
    currency: str | None
    status_now: PaymentStatus
    reason_now: ReasonOut | None
    outcome: Outcome
    certainty: Certainty
    reason: ReasonOut | None

    @classmethod
    def of(cls, one: PreviewedPart, words: Words) -> "PreviewPartOut":
        return cls(
            payment_id=one.payment.external_id,
            paid_on=one.payment.paid_on,
            customer=one.payment.customer,
            kind=one.part.kind,
            document_id=one.part.document_id,
            invoice_number=one.part.invoice_number,
            amount=plain_amount(one.part.amount, one.payment.currency),
            currency=one.payment.currency,
            status_now=one.part.status,
            reason_now=ReasonOut.of(one.part.reason, words),
            outcome=one.foreseen.outcome,
            certainty=one.foreseen.certainty,
            reason=ReasonOut.of(one.foreseen.reason, words),
        )


class PreviewPartsOut(BaseModel):
    """A page of parts; `next_cursor` asks for the next page and is null on the last one."""

    parts: list[PreviewPartOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, page: PartsPage, following: int, words: Words) -> "PreviewPartsOut":
        """A page, after which the list goes on from this place."""
        cursor = cursor_after(Listed.PREVIEW_PARTS, None if page.is_last else following)
        return cls(parts=[PreviewPartOut.of(one, words) for one in page.parts], next_cursor=cursor)
