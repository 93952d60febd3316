"""Own payments that arrived before the platform told us their ids."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from domain.ingest.own_payments import find_intent, may_carry_a_marker
from domain.money import is_storable
from domain.records import SourcePayment
from models.own_intents import open_intents
from models.payments import register_own_payments

log = structlog.get_logger()


def adopt_by_marker(
    session: Session, connection_id: int, payments: Sequence[SourcePayment], now: datetime
) -> list[str]:
    """Records payments that bear an announced marker as own, even if their note changes later.

    Runs in the transaction that stores the payments, so that match never sees them as external.
    """
    payments = [one for one in payments if may_carry_a_marker(one) and is_storable(one.total)]
    if not payments:
        return []
    waiting = open_intents(session, connection_id, {payment.total for payment in payments})
    if not waiting:
        return []
    rows = {row.marker: row for row in waiting}
    adopted = []
    for payment in payments:
        intent = find_intent(payment, [row.as_intent() for row in rows.values()])
        if intent is not None:
            rows.pop(intent.marker).external_id = payment.external_id
            adopted.append(payment.external_id)
    if adopted:
        register_own_payments(session, connection_id, adopted, now)
        log.info("own_payments.adopted", connection_id=connection_id, ids=adopted)
    return adopted
