"""A write with an idempotency key: claimed before the act, answered after it (decision 0032).

Called by: the JSON API, around each write that brings a key.
Leaves behind: the key with its answer, for a day. If the process dies between the act and its answer, the key stays
claimed: a repetition is then done again only where that is the same as doing it once.
"""

import hashlib

import structlog
from sqlalchemy.orm import Session

from domain.repeated_calls import Answer, AnswerAgain, DoIt, OtherRequest, OutcomeUnknown, UnderWay, judge
from models.idempotency_keys import Claim, claim_again, claim_new_key, give_back, keep_answer, locked_key
from tasks.context import Context

log = structlog.get_logger()

NotDone = AnswerAgain | OtherRequest | UnderWay | OutcomeUnknown


def request_hash(method: str, address: str, body: bytes) -> str:
    """Two requests with the same hash ask for the same."""
    return hashlib.sha256(b"\n".join([method.encode(), address.encode(), body])).hexdigest()


def claim_key(context: Context, organization_id: int, key: str, request: str, *, repeatable: bool) -> Claim | NotDone:
    """The right to do it, in a transaction of its own; or why it is not done now."""
    now = context.clock.now()

    def claim(session: Session) -> Claim | NotDone:
        claimed = claim_new_key(session, organization_id, key, request, now)
        if claimed is not None:
            return claimed
        row = locked_key(session, organization_id, key)
        if row is None:
            # Given back or forgotten this very moment; the caller asks again.
            return UnderWay()
        verdict = judge(row.as_earlier, request, repeatable=repeatable, now=now)
        return claim_again(row, request, now) if isinstance(verdict, DoIt) else verdict

    claimed = context.database.write(claim)
    if not isinstance(claimed, Claim):
        log.info("api.repeated", organization_id=organization_id, what=type(claimed).__name__)
    return claimed


def keep(context: Context, claim: Claim, answer: Answer) -> None:
    """The act is over, and this is its answer."""
    context.database.write(lambda session: keep_answer(session, claim, answer))


def forget(context: Context, claim: Claim) -> None:
    """Nothing was begun for it: the same key may be sent again, also with a corrected request."""
    context.database.write(lambda session: give_back(session, claim))
