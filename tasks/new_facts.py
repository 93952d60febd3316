"""A new fact by which payments are decided again: none that comes in at this very moment is decided by the old one.

Called by: whoever changes, from outside of the steps, what decisions depend on (a connection, a preference, an import,
own payments), first thing in the transaction.

"Decided again" reaches the payments that the statement sees. While its transaction is open, ingest could commit one
that it does not see, and match could decide about that one, from the old fact, because nobody sees the new one before
the commit. It would never be due again: held as without a target although there is one, or pushed although it is the
platform's own. So nothing is stored meanwhile: what ingest has committed before is seen here, and what it commits later
is decided by the new fact.
"""

from sqlalchemy.orm import Session

from models.connections import Role, connection_in_role
from models.lanes import hold_lane
from tasks.context import Step


def hold_steps(session: Session, organization_id: int) -> None:
    """Until this transaction ends, nothing is stored for the organization and nothing is decided about it.

    The steps lock their lane before anything else, so whoever comes here first never waits for them crosswise: not for
    ingest, and not for match, which locks allocations and then the invoices that it links.
    """
    hold_lane(session, Step.MATCH.value, organization_id)
    source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is not None:
        hold_lane(session, Step.INGEST.value, source.id)
