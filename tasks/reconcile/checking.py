"""The first part of a run: do our own records hold together? If not, nothing more is written for the organization.

The invariants are asked one by one, by the organization's indexes, while the other steps go on. One that seems broken
is asked once more with the organization locked, when nobody is in the middle of anything: only that counts.
"""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from models.activity import note_activity
from models.invariants import BY_NAME, INVARIANTS, Finding, check_invariant
from models.organizations import organization_by_id
from models.reconciliation_runs import ReconciliationRun
from tasks.context import Context
from tasks.step import Lease

log = structlog.get_logger()


def ask_invariants(context: Context, lease: Lease) -> list[Finding]:
    """What each invariant finds among the organization's rows."""
    found = []
    for one in INVARIANTS:
        # Each may take a second where there are a hundred thousand payments.
        lease.keep()
        with context.database.reading() as session:
            found.append(check_invariant(session, one, lease.owner_id))
    return found


def confirmed(session: Session, organization_id: int, found: list[Finding]) -> list[Finding]:
    """The same, the broken ones asked once more; the caller holds the organization."""
    return [check_invariant(session, BY_NAME[one.name], organization_id) if one.violations else one for one in found]


def store_checked(session: Session, run: ReconciliationRun, found: list[Finding], now: datetime) -> list[str]:
    """Keeps the result with the run, and stops the writes if an invariant is broken.

    Nothing is decided again for that: the rows that break it stay as they are, for whoever repairs them.

    Returns:
        The names of the broken ones, if this has stopped the writes; empty if they go on, or had been stopped before.
    """
    run.invariants = [[one.name, one.violations, list(one.ids)] for one in found]
    broken = run.broken_invariants
    organization = organization_by_id(session, run.organization_id)
    if not broken:
        return []
    is_new = organization.may_be_written_for
    organization.writes_stopped_at = organization.writes_stopped_at or now
    # What was found before and holds again stays: only the person who ends the stop checks all of them.
    organization.writes_stopped_for = sorted({*(organization.writes_stopped_for or ()), *broken})
    if not is_new:
        return []
    changes = [Change(name, "holds", f"{violations} broken") for name, violations, _ in run.invariants if violations]
    note_activity(
        session, run.organization_id, ActivityKind.WRITES_STOPPED, PLATFORM, now, about=f"Run {run.id}", changes=changes
    )
    return broken
