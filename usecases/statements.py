"""The statement of a period: made of what is recorded, signed by one person, reviewed by another one, then closed.

Called by: the Partner Dashboard, the JSON API and the command line.
Does: a draft changes nothing. Signing stores the document as it is, with its hash; until somebody else has reviewed it,
it can be signed anew. Reviewing closes the period: nothing changes it any more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.reconciliation.attention import changed_since_closed
from domain.reconciliation.statement import Entry, Period, RunFacts, Sides, statement_document
from domain.reconciliation.statement_files import document_bytes, sha256_of, statement_files
from domain.reconciliation.verdict import RunOutcome
from models.locks import lock_organization
from models.organizations import organization_by_id
from models.reconciliation_breaks import history_until
from models.reconciliation_runs import ReconciliationRun, runs_ended_between
from models.reconciliation_statements import ReconciliationStatement, statement_by_id, statements_of
from models.users import user_by_email
from tasks.context import Context
from usecases.activity import note
from usecases.results import Rejected
from usecases.words import words_of

_NOT_THERE = Rejected("There is no such statement.")
_ONLY_PEOPLE = Rejected("Only a person who is logged in to the dashboard can sign: a program is nobody's signature.")


@dataclass(frozen=True, slots=True)
class Signed:
    """A stored statement.

    Attributes:
        attention: what has changed inside it since it was signed; empty if it stands.
    """

    row: ReconciliationStatement
    document: Mapping[str, Any]
    attention: tuple[str, ...]

    @property
    def files(self) -> dict[str, bytes]:
        """The statement as files, with its signatures in the manifest."""
        row = self.row
        return statement_files(
            self.document,
            {
                "prepared_by": row.prepared_by,
                "prepared_at": row.prepared_at.isoformat(),
                "reviewed_by": row.reviewed_by,
                "reviewed_at": row.reviewed_at.isoformat() if row.reviewed_at is not None else None,
                "sha256": row.sha256,
            },
        )


def draft(
    session: Session, organization_id: int, period: Period, history: Sequence[Entry] | None = None
) -> dict[str, Any]:
    """The statement as the records give it now.

    Args:
        history: at least up to the end of the period, if it has been read already.
    """
    organization = organization_by_id(session, organization_id)
    words = words_of(session, organization_id)
    sides = Sides(organization.name, words.source, words.target)
    if history is None:
        history = history_until(session, organization_id, period.ends_at)
    runs = runs_ended_between(session, organization_id, period.begins_at, period.ends_at)
    return statement_document(sides, period, history, [_facts(run) for run in runs])


def _facts(run: ReconciliationRun) -> RunFacts:
    assert run.ended_at is not None
    evidence = {
        "asked_by": run.asked_by,
        "parameters": run.parameters,
        "source": run.source,
        "target": run.target,
        "untrusted": run.untrusted,
        "bridge": run.bridge,
        "compared": run.compared,
        "agreed": run.agreed,
        "examined": run.examined,
        "left_over": run.left_over,
        "metered_reads": run.metered_reads,
        "calls": run.calls,
    }
    return RunFacts(run.id, run.ended_at, run.outcome, evidence)


def sign_statement(context: Context, organization_id: int, first: date, last: date) -> int | Rejected:
    """Signs the statement of these days as it is now; returns its id. Signed before and not reviewed: signed anew."""
    if first > last:
        return Rejected("The first day of the period is after its last one.")
    if last >= context.clock.now().date():
        return Rejected("The period is not over yet: what is signed today could be another sum tonight.")
    period = Period(first, last)

    def sign(session: Session) -> int | Rejected:
        lock_organization(session, organization_id)
        if user_by_email(session, context.actor) is None:
            return _ONLY_PEOPLE
        problem = _why_not_signable(session, organization_id, period)
        if problem is not None:
            return problem
        content = document_bytes(draft(session, organization_id, period))
        row = next((one for one in statements_of(session, organization_id) if one.period == period), None)
        if row is None:
            row = ReconciliationStatement(organization_id=organization_id, first_day=first, last_day=last)
            session.add(row)
        row.content, row.sha256 = content.decode(), sha256_of(content)
        row.prepared_by, row.prepared_at = context.actor, context.clock.now()
        session.flush()
        note(context, session, organization_id, ActivityKind.STATEMENT_PREPARED, about=_about(row))
        return row.id

    return context.database.write(sign)


def _why_not_signable(session: Session, organization_id: int, period: Period) -> Rejected | None:
    closed = _closed_overlap(session, organization_id, period)
    if closed is not None:
        return Rejected(
            f"The days from {closed.first_day} to {closed.last_day} are closed already; "
            "a period may not have any of them again."
        )
    runs = runs_ended_between(session, organization_id, period.begins_at, period.ends_at)
    if not runs:
        return Rejected("The two systems were not compared in this period, so there is nothing to sign.")
    if runs[-1].outcome == RunOutcome.NOT_COMPARABLE:
        return Rejected(
            "The last comparison of this period could not read both systems as a whole. "
            "End the period on a day on which they were compared."
        )
    return None


def _closed_overlap(session: Session, organization_id: int, period: Period) -> ReconciliationStatement | None:
    return next(
        (one for one in statements_of(session, organization_id) if one.is_closed and one.period.overlaps(period)), None
    )


def review_statement(context: Context, organization_id: int, statement_id: int) -> Rejected | None:
    """Another person says that it is right: the period is closed for good."""

    def review(session: Session) -> Rejected | None:
        lock_organization(session, organization_id)
        row = statement_by_id(session, organization_id, statement_id)
        if row is None:
            return _NOT_THERE
        if row.is_closed:
            return Rejected("This period is closed already.")
        if user_by_email(session, context.actor) is None:
            return _ONLY_PEOPLE
        if row.prepared_by == context.actor:
            return Rejected("You signed this statement yourself. Somebody else has to review it.")
        problem = _why_not_signable(session, organization_id, row.period)
        if problem is not None:
            return problem
        if document_bytes(draft(session, organization_id, row.period)).decode() != row.content:
            return Rejected(
                "The records of this period say something else than when the statement was signed. "
                "Have it signed again, then review it."
            )
        row.reviewed_by, row.reviewed_at = context.actor, context.clock.now()
        note(context, session, organization_id, ActivityKind.STATEMENT_REVIEWED, about=_about(row))
        return None

    return context.database.write(review)


def signed_statement(session: Session, organization_id: int, statement_id: int) -> Signed | None:
    """The stored statement with what has changed since; another organization's is not there."""
    row = statement_by_id(session, organization_id, statement_id)
    if row is None:
        return None
    return _as_signed(session, row, history_until(session, organization_id))


def signed_statements(session: Session, organization_id: int) -> list[Signed]:
    """All of them, the latest period first."""
    rows = statements_of(session, organization_id)
    history = history_until(session, organization_id) if rows else []
    return [_as_signed(session, row, history) for row in rows]


def _as_signed(session: Session, row: ReconciliationStatement, history: Sequence[Entry]) -> Signed:
    if sha256_of(row.content.encode()) != row.sha256:
        # Nothing of it can be believed any more, so nothing is compared.
        return Signed(row, json.loads(row.content), ("What is stored is not what was signed: its hash differs.",))
    document = json.loads(row.content)
    now = json.loads(document_bytes(draft(session, row.organization_id, row.period, history)))
    later = [one for one in history if one.step.at >= row.period.ends_at]
    return Signed(row, document, changed_since_closed(document, now, later, row.period))


def _about(row: ReconciliationStatement) -> str:
    return f"{row.first_day} to {row.last_day}, SHA-256 {row.sha256[:12]}"
