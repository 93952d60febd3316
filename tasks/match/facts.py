"""Gathers the due allocations of an organization with their facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.match.decisions import Decision
from domain.match.facts import Facts
from domain.push.glance import StoredGlance
from models.connections import Connection
from models.due import DueAllocation, due_allocations
from models.invoices import PlatformInvoice
from models.organizations import organization_with_breakers
from models.stored_parts import part_of
from tasks.context import Context
from tasks.payment_facts import Connected, facts_of, records_nearby
from tasks.permits import Asked, Permits


@dataclass(frozen=True, slots=True)
class Case:
    """One allocation with its facts.

    Attributes:
        number: the invoice's number at the source, for the look at the target.
        rivals: the source's ids of other invoices that this number would lead to the same target invoice.
    """

    due: DueAllocation
    facts: Facts
    invoice: PlatformInvoice | None
    number: str
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision about a case.

    Attributes:
        put_off: a look at its payment had to be left to another batch, which must follow soon.
        gone: whether that look failed to find the payment; None if no look was made.
        glance: what the look at its invoice has shown, if nothing was ever applied to it.
    """

    case: Case
    decision: Decision
    glance: StoredGlance | None = None
    put_off: bool = False
    gone: bool | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What match decides together.

    Attributes:
        permits: whether the target may be asked; None if there is none.
    """

    cases: Sequence[Case]
    source: Connection | None = None
    target: Connection | None = None
    permits: Permits | None = None


def gather(context: Context, session: Session, organization_id: int, now: datetime, limit: int) -> Batch:
    """The due allocations, oldest first, each with all facts that need no wire call."""
    due = due_allocations(session, organization_id, now, limit)
    if not due:
        return Batch(())
    asked = Asked.now(context)
    organization, source, target, breakers = organization_with_breakers(session, organization_id)
    connected = Connected(organization_id, not organization.may_be_written_for, source, target)
    parts = [part_of(one) for one in due]
    owed = [one.allocation.id for one in due if one.effect_state]
    gathered = facts_of(session, connected, organization.preferences, parts, owed, records_nearby)
    cases = [Case(one, of.facts, of.invoice, of.number, of.rivals) for one, of in zip(due, gathered, strict=True)]
    permits = Permits(context, target, breakers, asked) if target else None
    return Batch(cases, source, target, permits)
