"""Puts a new fact in force: no payment that arrives at the same moment is decided by the old one.

Called by: code outside the steps that changes the basis of decisions (a connection, a preference, an import, own
payments), first thing in its transaction.

"Decided again" reaches the payments that the statement sees. While its transaction is open, ingest could commit a
payment that it does not see, and match could decide that one from the old fact, because the new fact is invisible
before the commit. It would never be due again: held for lack of a target although there is one, or pushed although it
is the platform's own. So we let nothing be stored meanwhile: we see what ingest has committed before, and what it
commits later is decided by the new fact.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from models.connections import Role, connection_in_role
from models.lanes import hold_lane
from models.locks import lock_organization
from tasks.context import Step


def hold_steps(session: Session, organization_id: int, then: Callable[[Session], None] = lambda _session: None) -> None:
    """Until this transaction ends, nothing is stored for the organization and nothing is decided about it.

    Args:
        then: what to do with a lane that comes after these two: that of a connection's tokens, or of the Sync Tool.

    The steps lock their lane and then the organization before anything else (`models/locks.py`). We lock in the same
    order, so no deadlock arises.
    """
    hold_lane(session, Step.MATCH.value, organization_id)
    source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is not None:
        hold_lane(session, Step.INGEST.value, source.id)
    then(session)
    lock_organization(session, organization_id)
