"""A new fact by which payments are decided again: none that comes in at this very moment is decided by the old one.

Called by: whoever changes, from outside of the steps, what decisions depend on (a connection, a preference, an import,
own payments), first thing in the transaction.

"Decided again" reaches the payments that the statement sees. While its transaction is open, ingest could commit one
that it does not see, and match could decide about that one, from the old fact, because nobody sees the new one before
the commit. It would never be due again: held as without a target although there is one, or pushed although it is the
platform's own. So nothing is stored meanwhile: what ingest has committed before is seen here, and what it commits later
is decided by the new fact.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from models.connections import Role, connection_in_role
from models.lanes import hold_lane
from models.locks import lock_organization
from tasks.context import Step


def hold_steps(
    session: Session, organization_id: int, then_tokens: Callable[[Session], None] = lambda _session: None
) -> None:
    """Until this transaction ends, nothing is stored for the organization and nothing is decided about it.

    Args:
        then_tokens: what to do with the lane of a connection's tokens; its turn is before the organization.

    The steps lock their lane and then the organization before anything else (`models/locks.py`), and so do we: nobody
    waits for anybody crosswise.
    """
    hold_lane(session, Step.MATCH.value, organization_id)
    source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is not None:
        hold_lane(session, Step.INGEST.value, source.id)
    then_tokens(session)
    lock_organization(session, organization_id)
