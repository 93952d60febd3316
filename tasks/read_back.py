"""Reading back after a payment was added to an invoice that had payments: are the older ones as they were?

Some ConnectWise tenants keep one payment per invoice and answer 201 to a second one while they replace the first. Then
nothing more is written to that tenant until a person has looked, because every further write could undo another.

The debt is on disk with the payment itself (`read_back_owed_since`), so neither a death nor a failed look forgets it,
and nothing else is written to the tenant before it is paid.
"""

from collections.abc import Collection

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, FailureKind, Target
from domain.before_image import harmed, seen_in
from domain.breaker import CallKind
from domain.reasons import Reason
from models.connections import Connection, stop_connection
from models.effects import Effect, finish_read_back, owed_read_backs
from models.ledger import mark_harmed
from models.payments import match_organization_again
from tasks.context import Context, Step
from tasks.lane import Lease
from tasks.pauses import note_failure, note_success
from tasks.points import Point

log = structlog.get_logger()

READ_BACKS_PER_BATCH = 20


def pay_read_backs(context: Context, lease: Lease, connection: Connection, target: Target) -> bool:
    """Looks at every invoice that is owed a look; False if the connection may not be written to now."""
    with context.database.reading() as session:
        owed = owed_read_backs(session, connection.id, READ_BACKS_PER_BATCH)
    return all(read_back(context, lease, connection, target, effect) for effect in owed)


def read_back(context: Context, lease: Lease, connection: Connection, target: Target, effect: Effect) -> bool:
    """True if every payment that was on the invoice before is still there, unchanged."""
    lease.keep()
    result = target.list_payments(effect.target_invoice_id)
    context.reached(Point.PUSH_READ_BACK)
    if isinstance(result, Failure) and result.kind is not FailureKind.NOT_FOUND:
        note_failure(context, connection, result, CallKind.LOOK)
        return False
    note_success(context, connection, CallKind.LOOK)
    # An invoice that is not there any more has no payments left that a further write could harm.
    payments = () if isinstance(result, Failure) else result.value
    gone = () if isinstance(result, Failure) else harmed(seen_in(effect.before_image), payments)
    with context.database.writing() as session:
        lease.guard(session)
        finish_read_back(session, effect.id)
        if gone:
            stop(context, session, effect, gone)
    context.reached(Point.PUSH_READ_BACK_STORED)
    if gone:
        context.nudge(Step.MATCH, effect.organization_id)
    return not gone


def stop(context: Context, session: Session, effect: Effect, payment_ids: Collection[str]) -> None:
    """Nothing more is written to this tenant: a write of ours removed or changed these payments."""
    listed = ", ".join(sorted(payment_ids))
    stop_connection(
        session,
        effect.connection_id,
        Reason.TARGET_STOPPED.value,
        f"invoice {effect.target_invoice_id}: payment {listed} vanished or changed when another one was added",
    )
    mark_harmed(session, effect.connection_id, effect.target_invoice_id, payment_ids)
    match_organization_again(session, effect.organization_id, context.clock.now())
    log.error("connection.stopped", connection_id=effect.connection_id, invoice_id=effect.target_invoice_id)
