"""Reading back after a payment was added to an invoice that had payments: are the older ones as they were?

Some ConnectWise tenants keep one payment per invoice and answer 201 to a second one while they replace the first. Then
nothing more is written to that tenant until a person has looked, because every further write could undo another.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from connectors.base import Failure, Target
from domain.reasons import Reason
from domain.records import TargetPayment
from models.connections import Connection, stop_connection
from models.effects import Effect
from models.payments import match_organization_again
from tasks.context import Context

log = structlog.get_logger()


class Writing(Protocol):
    @property
    def connection(self) -> Connection: ...

    @property
    def target(self) -> Target: ...


def read_back(context: Context, writing: Writing, effect: Effect, before: Sequence[TargetPayment]) -> bool:
    """True if every payment that was on the invoice is still there, unchanged (or if that cannot be seen now)."""
    result = writing.target.list_payments(effect.target_invoice_id)
    if isinstance(result, Failure):
        # The next write to this invoice looks again; a failed look is no ground to stop a tenant.
        return True
    now = {payment.external_id: (payment.amount, payment.paid_on) for payment in result.value}
    harmed = [one for one in before if now.get(one.external_id) != (one.amount, one.paid_on)]
    if not harmed:
        return True
    listed = ", ".join(one.external_id for one in harmed)
    with context.database.writing() as session:
        stop_connection(
            session,
            writing.connection.id,
            Reason.TARGET_STOPPED.value,
            f"invoice {effect.target_invoice_id}: payment {listed} vanished or changed when another one was added",
        )
        match_organization_again(session, effect.organization_id, context.clock.now())
    log.error("connection.stopped", connection_id=writing.connection.id, invoice_id=effect.target_invoice_id)
    return False
