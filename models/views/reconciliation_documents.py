"""How a reconciliation looks in JSON: one document, which the API answers and the command line prints."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from domain.cursors import Listed, cursor_after
from domain.money import plain_amount
from domain.reconciliation.breaks import BreakKind, WayOut
from domain.reconciliation.bridge import BridgeLine
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.verdict import BreakSum, RunOutcome, Unidentified
from domain.reconciliation.words import break_told
from domain.words import Words
from models.invariants import sentence_about
from models.reconciliation_breaks import ReconciliationBreak, ReconciliationStep
from models.reconciliation_runs import ReconciliationRun
from models.reconciliation_statements import ReconciliationStatement
from models.views.documents import Amount, Cursor, Moment, ReasonOut

Higher = Annotated[Amount, Field(description="by how much it makes the balances of the source the higher ones")]


class SumOut(BaseModel):
    kind: BreakKind
    standing: Standing
    currency: str | None
    breaks: int
    difference: Higher

    @classmethod
    def of(cls, one: BreakSum) -> "SumOut":
        return cls(
            kind=one.kind,
            standing=one.standing,
            currency=one.currency,
            breaks=one.breaks,
            difference=plain_amount(one.share, one.currency),
        )


class MoneyOut(BaseModel):
    currency: str | None
    amount: Amount


class UnidentifiedOut(BaseModel):
    """What nothing explains; nothing of it is known where not everything could be read."""

    is_known: bool
    breaks: int
    amounts: list[MoneyOut]

    @classmethod
    def of(cls, found: Unidentified) -> "UnidentifiedOut":
        amounts = [MoneyOut(currency=one, amount=plain_amount(amount, one)) for one, amount in found.amounts]
        return cls(is_known=found.is_known, breaks=found.breaks, amounts=amounts)


class BridgeOut(BaseModel):
    line: BridgeLine
    currency: str | None
    documents: int
    amount: Amount


class RuleOut(BaseModel):
    """A rule of our own records, as the comparison found it; a broken one stops all writes."""

    name: str
    sentence: str
    holds: bool
    violations: Annotated[int, Field(description="rows that break it")]
    example_ids: list[int]

    @classmethod
    def all_of(cls, run: ReconciliationRun) -> "list[RuleOut] | None":
        if run.invariants is None:
            return None
        return [
            cls(name=name, sentence=sentence_about(name), holds=not violations, violations=violations, example_ids=ids)
            for name, violations, ids in run.invariants
        ]


class RunOut(BaseModel):
    """One comparison; `outcome` is null while it is under way."""

    id: int
    asked_by: str
    asked_at: Moment
    ended_at: Moment | None
    outcome: RunOutcome | None
    compared: int
    agreed: int
    examined: int
    left_over: int
    metered_reads: int
    calls: int
    broken_rules: Annotated[
        int | None, Field(description="rules that our own records break; null before they are checked")
    ]

    @classmethod
    def of(cls, run: ReconciliationRun) -> "RunOut":
        return cls(**_run(run))


def _run(run: ReconciliationRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "asked_by": run.asked_by,
        "asked_at": run.asked_at,
        "ended_at": run.ended_at,
        "outcome": RunOutcome(run.outcome) if run.outcome else None,
        "compared": run.compared,
        "agreed": run.agreed,
        "examined": run.examined,
        "left_over": run.left_over,
        "metered_reads": run.metered_reads,
        "calls": run.calls,
        "broken_rules": None if run.invariants is None else len(run.broken_invariants),
    }


class RunsOut(BaseModel):
    """A page of comparisons, the newest first; `next_cursor` asks for the next page and is null on the last one."""

    runs: list[RunOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[ReconciliationRun], limit: int) -> "RunsOut":
        """A page of so many, of which one more was asked for."""
        rows = found[:limit]
        following = cursor_after(Listed.COMPARISONS, rows[-1].id if len(found) > limit else None)
        return cls(runs=[RunOut.of(row) for row in rows], next_cursor=following)


class RunEvidenceOut(RunOut):
    """The comparison with what each side said, and how it was performed."""

    verdict: str
    parameters: dict[str, Any]
    source: dict[str, Any]
    target: dict[str, Any]
    bridge: list[BridgeOut]
    sums: list[SumOut]
    rules: Annotated[list[RuleOut] | None, Field(description="what was found of our own records")]

    @classmethod
    def told(cls, run: ReconciliationRun, verdict: str) -> "RunEvidenceOut":
        return cls(
            **_run(run),
            verdict=verdict,
            parameters=run.parameters,
            source=run.source,
            target=run.target,
            bridge=[
                BridgeOut(
                    line=one.line,
                    currency=one.currency,
                    documents=one.documents,
                    amount=plain_amount(one.amount, one.currency),
                )
                for one in run.bridge_rows
            ],
            sums=[SumOut.of(one) for one in run.sums],
            rules=RuleOut.all_of(run),
        )


class ReconciliationOut(BaseModel):
    """What is known now; `run` is null before the first comparison has ended."""

    verdict: str
    run: RunEvidenceOut | None
    unidentified: UnidentifiedOut | None
    sums: Annotated[list[SumOut], Field(description="what is there now: a difference may have been accepted since")]
    oldest_open: Moment | None
    under_way: Annotated[RunOut | None, Field(description="a comparison that has not ended yet")]


class AcceptanceOut(BaseModel):
    by: str
    at: Moment
    reason: str
    limit: Amount
    until: date | None


class BreakOut(BaseModel):
    """One difference as it stands."""

    id: int
    kind: BreakKind
    standing: Standing
    invoice_number: str
    customer: str
    source_invoice_id: str
    target_invoice_id: str
    source_payment_ids: list[str]
    target_payment_ids: list[str]
    currency: str | None
    source_amount: Amount | None
    target_amount: Amount | None
    difference: Higher
    source_date: date | None
    target_date: date | None
    first_seen_at: Moment
    changed_at: Moment
    sentence: str
    advice: str
    way_out: WayOut
    reason: ReasonOut | None
    acceptance: AcceptanceOut | None

    @classmethod
    def of(cls, row: ReconciliationBreak, words: Words) -> "BreakOut":
        return cls(**_break(row, words))


def _break(row: ReconciliationBreak, words: Words) -> dict[str, Any]:
    found = row.as_break()
    told = break_told(found, words)
    return {
        "id": row.id,
        "kind": found.kind,
        "standing": Standing(row.standing),
        "invoice_number": row.number,
        "customer": row.customer,
        "source_invoice_id": row.source_invoice_id,
        "target_invoice_id": row.target_invoice_id,
        "source_payment_ids": list(found.source_payment_ids),
        "target_payment_ids": list(found.target_payment_ids),
        "currency": row.currency,
        "source_amount": _amount(row.source_amount, row.currency),
        "target_amount": _amount(row.target_amount, row.currency),
        "difference": plain_amount(row.share, row.currency),
        "source_date": row.source_date,
        "target_date": row.target_date,
        "first_seen_at": row.first_seen_at,
        "changed_at": row.changed_at,
        "sentence": told.sentence,
        "advice": told.advice,
        "way_out": found.way_out,
        "reason": ReasonOut.of(found.reason, words),
        "acceptance": _acceptance(row),
    }


def _acceptance(row: ReconciliationBreak) -> AcceptanceOut | None:
    if row.accepted_by is None or row.accepted_at is None or row.accepted_max is None:
        return None
    return AcceptanceOut(
        by=row.accepted_by,
        at=row.accepted_at,
        reason=row.accepted_note,
        limit=plain_amount(row.accepted_max, row.currency),
        until=row.accepted_until,
    )


class StepOut(BaseModel):
    """One entry of a difference's history; `actor` is empty where a comparison found it."""

    at: Moment
    run_id: int | None
    actor: str
    note: str
    kind: BreakKind
    standing: Standing
    source_amount: Amount | None
    target_amount: Amount | None
    difference: Higher

    @classmethod
    def of(cls, step: ReconciliationStep) -> "StepOut":
        return cls(
            at=step.happened_at,
            run_id=step.run_id,
            actor=step.actor,
            note=step.note,
            kind=BreakKind(step.kind),
            standing=Standing(step.standing),
            source_amount=_amount(step.source_amount, step.currency),
            target_amount=_amount(step.target_amount, step.currency),
            difference=plain_amount(step.share, step.currency),
        )


class BreakStoryOut(BreakOut):
    """The difference with its history, the oldest entry first."""

    history: list[StepOut]

    @classmethod
    def story(cls, row: ReconciliationBreak, steps: Sequence[ReconciliationStep], words: Words) -> "BreakStoryOut":
        return cls(**_break(row, words), history=[StepOut.of(step) for step in steps])


class BreaksOut(BaseModel):
    """A page of differences; `next_cursor` asks for the next page and is null on the last one."""

    breaks: list[BreakOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[ReconciliationBreak], limit: int, words: Words) -> "BreaksOut":
        """A page of so many, of which one more was asked for."""
        rows = found[:limit]
        after = rows[-1].id if len(found) > limit else None
        return cls(breaks=[BreakOut.of(row, words) for row in rows], next_cursor=cursor_after(Listed.BREAKS, after))


class SignedOut(BaseModel):
    """A signed statement; the period is closed once it is reviewed."""

    id: int
    first: date
    last: date
    sha256: str
    prepared_by: str
    prepared_at: Moment
    reviewed_by: str | None
    reviewed_at: Moment | None
    attention: Annotated[list[str], Field(description="what has changed in the period since; empty if it stands")]

    @classmethod
    def of(cls, row: ReconciliationStatement, attention: Sequence[str]) -> "SignedOut":
        return cls(**_signed(row, attention))


def _signed(row: ReconciliationStatement, attention: Sequence[str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "first": row.first_day,
        "last": row.last_day,
        "sha256": row.sha256,
        "prepared_by": row.prepared_by,
        "prepared_at": row.prepared_at,
        "reviewed_by": row.reviewed_by,
        "reviewed_at": row.reviewed_at,
        "attention": list(attention),
    }


class StatementsOut(BaseModel):
    """Every signed statement, the latest period first."""

    statements: list[SignedOut]


class SignedStatementOut(SignedOut):
    """The statement as it was signed."""

    statement: dict[str, Any]

    @classmethod
    def whole(
        cls, row: ReconciliationStatement, attention: Sequence[str], document: Mapping[str, Any]
    ) -> "SignedStatementOut":
        return cls(**_signed(row, attention), statement=dict(document))


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    return None if amount is None else plain_amount(amount, currency)
