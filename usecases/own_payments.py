"""Own payments: the platform names the source's payments that it made itself; those are not external.

Called by: the JSON API, before (an intent) and when (the id) the platform has posted a payment, and the command line.
Leaves behind: the ids, including those of payments not yet reported to us; known payments are decided again.
"""

from collections.abc import Iterable

import structlog

from domain.ingest.own_payments import Intent, problem_with
from domain.typed_values import Problem, read_id, shown
from models.connections import Connection, Role, connection_in_role
from models.own_intents import add_intent, intent_with_marker
from models.payments import register_own_payments
from tasks.context import Context, Step
from tasks.new_facts import hold_steps

log = structlog.get_logger()

# Keeps a transaction short, and a statement below the number of parameters that SQLite accepts.
IDS_PER_TRANSACTION = 500
_ID_CHARACTERS_MAX = 50


def register(context: Context, organization_id: int, external_ids: Iterable[str]) -> int:
    """Records these payments as the platform's own; returns how many were not known as such before.

    Raises:
        LookupError: the organization has no source connection, so the ids belong to nothing.
        ValueError: an entry in the list cannot be an id.
    """
    ids = sorted({_payment_id(external_id.strip()) for external_id in external_ids if external_id.strip()})
    source = _source(context, organization_id)
    new = 0
    for start in range(0, len(ids), IDS_PER_TRANSACTION):
        with context.database.writing() as session:
            hold_steps(session, organization_id)
            chunk = ids[start : start + IDS_PER_TRANSACTION]
            new += register_own_payments(session, source.id, chunk, context.clock.now())
    if ids:
        log.info("own_payments.registered", organization_id=organization_id, ids=len(ids), new=new)
        context.nudge(Step.MATCH, organization_id)
    return new


def _payment_id(text: str) -> str:
    # We would store a mangled id in vain, and sync the intended payment as an external one.
    match read_id(text, "payment id"):
        case Problem(sentence):
            raise ValueError(sentence)
        case found if len(found) > _ID_CHARACTERS_MAX:
            raise ValueError(f"'{shown(found)}' is too long for a payment id")
        case found:
            return found


def register_intent(context: Context, organization_id: int, intent: Intent) -> bool:
    """Records a payment that the platform is about to make; False if exactly this one was recorded before.

    Raises:
        LookupError: the organization has no source connection.
        ValueError: the intent is invalid, or its marker stands for another payment.
    """
    problem = problem_with(intent)
    if problem is not None:
        raise ValueError(problem)
    source = _source(context, organization_id)
    with context.database.writing() as session:
        if add_intent(session, source.id, intent):
            return True
        row = intent_with_marker(session, source.id, intent.marker)
        known = row.as_intent() if row is not None else None
    if known != intent:
        raise ValueError(f"the marker '{intent.marker}' already belongs to another payment")
    return False


def _source(context: Context, organization_id: int) -> Connection:
    with context.database.reading() as session:
        source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is None:
        raise LookupError("the organization has no connection to a system that payments come from")
    return source
