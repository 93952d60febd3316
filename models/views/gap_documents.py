"""How gap statements look in JSON: one document, which the API answers and the command line prints."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from domain.cursors import Listed, cursor_after
from domain.gap_statement.conclusion import Reconciled, Verdict
from domain.gap_statement.counts import CountOutcome
from domain.gap_statement.findings import FoundBy, Group, Happened, Sums
from domain.gaps import GapKind
from domain.money import plain_amount
from models.gap_proofs import GapCount, GapPayment
from models.views.documents import Amount, Cursor, Moment
from models.views.gap_statements import GapStatement, Stated

LateSeconds = Annotated[
    int | None, Field(description="how long after the change we heard of it; null if nothing says when it was made")
]


class GapOut(BaseModel):
    """A stretch of time, by the clock of QuickBooks, with what was found in it and what can be said of it.

    `new`, `changed` and `deleted` are null while they are not known.
    """

    id: int
    kind: GapKind
    from_at: Moment
    until_at: Annotated[Moment | None, Field(description="null while it is not over")]
    opened_at: Moment
    closed_at: Moment | None
    new: int | None
    changed: int | None
    deleted: int | None
    sentence: str
    verdict: Verdict
    conclusion: str
    advice: str

    @classmethod
    def of(cls, one: Stated) -> "GapOut":
        return cls(**_gap(one))


def _gap(one: Stated) -> dict[str, Any]:
    gap = one.gap
    return {
        "id": gap.id,
        "kind": one.kind,
        "from_at": gap.from_at,
        "until_at": gap.until_at,
        "opened_at": gap.opened_at,
        "closed_at": gap.closed_at,
        "new": gap.new_count if gap.has_numbers else None,
        "changed": gap.changed_count if gap.has_numbers else None,
        "deleted": gap.deleted_count if gap.has_numbers else None,
        "sentence": gap.sentence,
        "verdict": one.verdict,
        "conclusion": one.told.sentence,
        "advice": one.told.advice,
    }


class GapsOut(BaseModel):
    """A page of gaps, the latest first; `next_cursor` asks for the next page and is null on the last one."""

    gaps: list[GapOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[Stated], limit: int) -> "GapsOut":
        """A page of so many, of which one more was asked for."""
        rows = found[:limit]
        following = cursor_after(Listed.GAPS, rows[-1].gap.id if len(found) > limit else None)
        return cls(gaps=[GapOut.of(one) for one in rows], next_cursor=following)


class MoneyOfGapOut(BaseModel):
    currency: str | None
    amount: Amount


class LateOut(BaseModel):
    """The payments that we heard of late: more than five minutes after the change, or nothing says how late."""

    payments: int
    sums: list[MoneyOfGapOut]
    latest_by_seconds: LateSeconds

    @classmethod
    def of(cls, sums: Sums) -> "LateOut":
        return cls(
            payments=sums.payments,
            sums=[MoneyOfGapOut(currency=one, amount=plain_amount(amount, one)) for one, amount in sums.amounts],
            latest_by_seconds=_seconds(sums.latest_by),
        )


class GapGroupOut(BaseModel):
    """Payments that have all of this in common."""

    happened: Happened
    found_by: FoundBy
    is_late: bool
    currency: str | None
    payments: int
    amount: Amount
    latest_by_seconds: LateSeconds

    @classmethod
    def of(cls, one: Group) -> "GapGroupOut":
        return cls(
            happened=one.happened,
            found_by=one.found_by,
            is_late=one.is_late,
            currency=one.currency,
            payments=one.payments,
            amount=plain_amount(one.amount, one.currency),
            latest_by_seconds=_seconds(one.latest_by),
        )


class GapCountOut(BaseModel):
    """One count of both sides: QuickBooks' between two of ours, with the moments at which they were taken."""

    counted_at: Moment
    source: int
    held_before: int
    heard_until: Moment | None
    held_after: int | None
    compared_at: Moment | None
    outcome: CountOutcome

    @classmethod
    def of(cls, row: GapCount) -> "GapCountOut":
        return cls(
            counted_at=row.counted_at,
            source=row.source_count,
            held_before=row.held_before,
            heard_until=row.heard_until,
            held_after=row.held_after,
            compared_at=row.compared_at,
            outcome=row.as_count().outcome,
        )


class GapComparisonOut(BaseModel):
    """The last comparison of both systems since; `open_breaks` are its differences without an explanation there."""

    run_id: int
    ended_at: Moment
    is_comparable: bool
    open_breaks: int

    @classmethod
    def of(cls, one: Reconciled | None) -> "GapComparisonOut | None":
        if one is None:
            return None
        return cls(
            run_id=one.run_id, ended_at=one.ended_at, is_comparable=one.is_comparable, open_breaks=one.open_breaks
        )


class GapStatementOut(GapOut):
    """The whole statement of a gap."""

    heard_late: LateOut
    payments: list[GapGroupOut]
    counts: list[GapCountOut]
    comparison: GapComparisonOut | None

    @classmethod
    def whole(cls, statement: GapStatement) -> "GapStatementOut":
        one = statement.stated
        return cls(
            **_gap(one),
            heard_late=LateOut.of(statement.late),
            payments=[GapGroupOut.of(group) for group in statement.groups],
            counts=[GapCountOut.of(row) for row in one.counts],
            comparison=GapComparisonOut.of(one.reconciled),
        )


class GapPaymentOut(BaseModel):
    """A payment of a gap, with its amount when it was listed."""

    id: str
    customer: str
    happened: Happened
    found_by: FoundBy
    happened_at: Annotated[Moment | None, Field(description="null for a deletion that nobody reported")]
    heard_at: Moment
    late_seconds: LateSeconds
    amount: Amount
    currency: str | None


class GapPaymentsOut(BaseModel):
    """A page of the payments of a gap; `next_cursor` asks for the next page and is null on the last one."""

    payments: list[GapPaymentOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[GapPayment], customers: Mapping[str, str], limit: int) -> "GapPaymentsOut":
        rows = found[:limit]
        following = cursor_after(Listed.GAP_PAYMENTS, rows[-1].id if len(found) > limit else None)
        payments = [
            GapPaymentOut(
                id=row.external_id,
                customer=customers.get(row.external_id, ""),
                happened=Happened(row.happened),
                found_by=FoundBy(row.found_by),
                happened_at=row.happened_at,
                heard_at=row.heard_at,
                late_seconds=row.late_seconds,
                amount=plain_amount(row.amount, row.currency),
                currency=row.currency,
            )
            for row in rows
        ]
        return cls(payments=payments, next_cursor=following)


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())
