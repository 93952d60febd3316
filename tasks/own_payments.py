"""Own payments: the platform says which of the source's payments it made itself; those are not external.

Called by: the JSON API, when the platform has posted a payment, and the command line.
Leaves behind: the ids, also of payments that nobody has told us of yet; known payments are decided again.
"""

from collections.abc import Iterable

import structlog

from models.connections import Role, connection_in_role
from models.payments import register_own_payments
from tasks.context import Context, Step

log = structlog.get_logger()

# A transaction stays short, and a statement below the number of parameters that SQLite takes.
IDS_PER_TRANSACTION = 500
_ID_CHARACTERS_MAX = 50


def register(context: Context, organization_id: int, external_ids: Iterable[str]) -> int:
    """Remembers these payments as the platform's own; says how many were not known as such before.

    Raises:
        LookupError: the organization has no source connection, so the ids belong to nothing.
        ValueError: something in the list cannot be an id.
    """
    ids = sorted({external_id.strip() for external_id in external_ids} - {""})
    too_long = [external_id for external_id in ids if len(external_id) > _ID_CHARACTERS_MAX]
    if too_long:
        raise ValueError(f"'{too_long[0][:_ID_CHARACTERS_MAX]}...' is too long for the id of a payment")
    with context.database.reading() as session:
        source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is None:
        raise LookupError("the organization has no connection that payments come from")
    new = 0
    for start in range(0, len(ids), IDS_PER_TRANSACTION):
        with context.database.writing() as session:
            chunk = ids[start : start + IDS_PER_TRANSACTION]
            new += register_own_payments(session, source.id, chunk, context.clock.now())
    if ids:
        log.info("own_payments.registered", organization_id=organization_id, ids=len(ids), new=new)
        context.nudge(Step.MATCH, organization_id)
    return new
