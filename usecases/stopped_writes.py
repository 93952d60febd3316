"""Writes that were stopped because our own records break a rule: what a person reads about it, and how it ends.

Called by: the pages, the command line.
Does: tells which rules were broken; lets writes go on once all of them hold, and has everything decided again.
"""

import structlog

from domain.activity import ActivityKind, Change
from domain.reasons import Reason
from domain.words import Words
from models.connections import Role, connection_in_role
from models.invariants import INVARIANTS, check_invariant, sentence_about
from models.organizations import Organization, organization_by_id
from models.payments import match_organization_again
from tasks.context import Context
from tasks.new_facts import hold_steps
from tasks.reviving import nudge_all
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()


def stopped_writes_told(organization: Organization, words: Words) -> str:
    """Since when nothing is written, for which broken rules, and what to do; "" while writes go on."""
    if organization.writes_stopped_at is None:
        return ""
    rules = " ".join(_rule(name) for name in organization.writes_stopped_for or ())
    since = f"{organization.writes_stopped_at:%Y-%m-%d %H:%M} UTC"
    stopped = words.sentence(Reason.WRITES_STOPPED)
    return f"{stopped} Since {since}. Broken: {rules} {words.advice(Reason.WRITES_STOPPED)}"


def resume_writes(context: Context, organization_id: int) -> Rejected | None:
    """A person says that the records are repaired: asks every rule once more, and lets writes go on if all hold."""
    with context.database.reading() as session:
        if organization_by_id(session, organization_id).may_be_written_for:
            return Rejected("Writes are not stopped; there is nothing to resume.")
        broken = [found for one in INVARIANTS if (found := check_invariant(session, one, organization_id)).violations]
    if broken:
        told = " ".join(f"{one.sentence} ({one.name}: {one.violations})" for one in broken)
        return Rejected(f"Our records still break these rules, so nothing is written: {told}")
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, organization_id)
        organization = organization_by_id(session, organization_id)
        if organization.may_be_written_for:
            return None
        changes = [Change(name, "broken", "holds") for name in organization.writes_stopped_for or ()]
        organization.writes_stopped_at = organization.writes_stopped_for = None
        match_organization_again(session, organization_id, now)
        note(context, session, organization_id, ActivityKind.WRITES_RESUMED, changes=changes)
        target = connection_in_role(session, organization_id, Role.TARGET)
    log.warning("writes.resumed", organization_id=organization_id, by=context.actor)
    if target is not None:
        nudge_all(context, target)
    return None


def _rule(name: str) -> str:
    return f"{sentence_about(name)} ({name})".strip()
