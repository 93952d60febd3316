"""A person asks for a reconciliation, and says what is to become of the breaks that it finds.

Called by: the Partner Dashboard, the JSON API and the command line.
Does: stores the wish and nudges the step, which does the work; stores a person's word about a break, with its entry in
the history and in the activity.
"""

from datetime import date
from decimal import Decimal

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind, Change
from domain.money import money_text
from domain.reconciliation.breaks import FOR_INFORMATION, BreakKind
from domain.reconciliation.roll_forward import Standing
from models.locks import lock_organization
from models.organizations import organization_with_connections
from models.reconciliation_breaks import (
    NOTE_CHARACTERS_MAX,
    ReconciliationBreak,
    add_persons_step,
    break_by_id,
)
from models.reconciliation_runs import ReconciliationRun, add_run, latest_run
from tasks.context import Context, Step
from tasks.reconcile.step import READS_ASKED_FOR, parameters_of
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

_NOT_THERE = Rejected("There is no such difference in your list.")


def start_reconciliation(context: Context, organization_id: int) -> int | Rejected:
    """Asks for a run; returns its id, or that of the one under way."""

    def start(session: Session) -> ReconciliationRun | Rejected:
        lock_organization(session, organization_id)
        _, source, target = organization_with_connections(session, organization_id)
        if source is None or target is None or not (source.is_active and target.is_active):
            return Rejected("Both systems must be connected before they can be compared.")
        under_way = latest_run(session, organization_id, is_over=False)
        if under_way is not None:
            return under_way
        parameters = parameters_of(session, organization_id, READS_ASKED_FOR)
        run = add_run(session, organization_id, context.actor, parameters, context.clock.now())
        note(context, session, organization_id, ActivityKind.RECONCILIATION_STARTED, about=f"Run {run.id}")
        return run

    run = context.database.write(start)
    if isinstance(run, Rejected):
        return run
    context.nudge(Step.RECONCILE, organization_id)
    log.info("reconcile.asked", organization_id=organization_id, run_id=run.id)
    return run.id


def accept_break(
    context: Context,
    organization_id: int,
    break_id: int,
    reason: str,
    limit: Decimal | None = None,
    until: date | None = None,
) -> Rejected | None:
    """A person takes the difference as it is, with a reason, up to an amount, and until a day if they say one.

    Args:
        limit: in the break's currency, either way; None: exactly what it is now.
    """
    reason = " ".join(reason.split())
    if not reason:
        return Rejected("Say why the difference may stay: whoever reviews the statement reads it.")
    if len(reason) > NOTE_CHARACTERS_MAX:
        return Rejected(f"The reason may have {NOTE_CHARACTERS_MAX} characters at most.")

    def accept(session: Session) -> Rejected | None:
        lock_organization(session, organization_id)
        row = break_by_id(session, organization_id, break_id)
        if row is None:
            return _NOT_THERE
        problem = _why_not_acceptable(row, limit, until, context.clock.now().date())
        if problem is not None:
            return Rejected(problem)
        now = context.clock.now()
        row.accept(context.actor, reason, abs(row.share) if limit is None else limit, until, now)
        add_persons_step(session, row, context.actor, reason, now)
        note(
            context,
            session,
            organization_id,
            ActivityKind.BREAK_ACCEPTED,
            about=_about(row),
            changes=[Change("Reason", "", reason)],
        )
        return None

    return context.database.write(accept)


def withdraw_acceptance(context: Context, organization_id: int, break_id: int) -> Rejected | None:
    """The difference is open again."""

    def withdraw(session: Session) -> Rejected | None:
        lock_organization(session, organization_id)
        row = break_by_id(session, organization_id, break_id)
        if row is None:
            return _NOT_THERE
        if row.standing != Standing.ACCEPTED:
            return Rejected("This difference was not accepted, or it is open again already.")
        now = context.clock.now()
        row.withdraw_acceptance()
        row.standing, row.changed_at = Standing.OPEN.value, now
        add_persons_step(session, row, context.actor, "", now)
        note(context, session, organization_id, ActivityKind.BREAK_OPENED_AGAIN, about=_about(row))
        return None

    return context.database.write(withdraw)


def _why_not_acceptable(row: ReconciliationBreak, limit: Decimal | None, until: date | None, today: date) -> str | None:
    found = row.as_break()
    if row.standing == Standing.GONE:
        return "This difference is no longer there."
    if found.is_explained:
        return "This difference is explained already; there is nothing to accept."
    if found.kind is BreakKind.NOT_COMPARABLE:
        return (
            "One of the two systems did not tell everything about this invoice, so nobody knows what would be accepted."
        )
    if found.kind in FOR_INFORMATION:
        return "No money is apart here; there is nothing to accept."
    if limit is not None and limit < abs(row.share):
        return f"The limit is less than the difference of {money_text(abs(row.share), row.currency)}."
    if until is not None and until < today:
        return "The last day of the acceptance is over already."
    return None


def _about(row: ReconciliationBreak) -> str:
    return f"Invoice {row.number or row.invoice}, {money_text(abs(row.share), row.currency)}"
