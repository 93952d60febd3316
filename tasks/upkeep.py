"""Upkeep: forgets what nothing needs any more, so that a database of years is as quick as one of months.

Called by: beat, once an hour.
Does: forgets the contents of old reports, attempts of long settled effects, old idempotency keys, processes long
silent, and sessions, links and invitations that have ended; some rows in each transaction, and no longer than a few
slices in all.
Leaves behind: everything that a promise needs: payments, decisions, effects, the ledger, the reports themselves.
If it dies here: the next one goes on. Two at once share the work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from domain.repeated_calls import KEPT_FOR as KEYS_KEPT_FOR
from models.idempotency_keys import forget_old_keys
from models.running_processes import forget_silent
from models.upkeep import forget_attempts, forget_late_answers, forget_payloads
from models.users import forget_expired
from tasks.context import Context
from tasks.routines import carry_out

log = structlog.get_logger()

ROWS_AT_A_TIME = 1_000
# Nobody waits for it, and payments do: the rest is left for the next hour.
SLICES = 10


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind; those of people's sessions and links are not counted."""

    payloads: int
    attempts: int
    keys: int


def upkeep(context: Context) -> Forgotten:
    """Forgets what is old enough."""
    now, timing = context.clock.now(), context.timing
    ends = context.clock.monotonic() + SLICES * timing.slice.total_seconds()

    def again_and_again(forget: Callable[[Session], int]) -> int:
        rows = 0
        while context.clock.monotonic() < ends and not context.stopping.is_set():
            some = context.database.write(forget)
            rows += some
            if some < ROWS_AT_A_TIME:
                break
        return rows

    context.database.write(lambda session: forget_expired(session, now))
    context.database.write(lambda session: forget_late_answers(session, now))
    context.database.write(lambda session: forget_silent(session, now))
    done = Forgotten(
        keys=again_and_again(lambda session: forget_old_keys(session, now - KEYS_KEPT_FOR, ROWS_AT_A_TIME)),
        payloads=again_and_again(
            lambda session: forget_payloads(session, now - timing.retain_payloads, ROWS_AT_A_TIME)
        ),
        attempts=_forget_attempts(context, ends),
    )
    if done != Forgotten(0, 0, 0):
        log.info("upkeep.forgotten", payloads=done.payloads, attempts=done.attempts, keys=done.keys)
    return done


def _forget_attempts(context: Context, ends: float) -> int:
    before, after_id, rows = context.clock.now() - context.timing.retain_attempts, 0, 0
    while context.clock.monotonic() < ends and not context.stopping.is_set():
        forget = partial(forget_attempts, before=before, after_id=after_id, limit=ROWS_AT_A_TIME)
        some, last_id = context.database.write(forget)
        rows += some
        if last_id is None:
            break
        after_id = last_id
    return rows


@shared_task(name="payments.upkeep")
def upkeep_task() -> None:
    carry_out("upkeep", upkeep)
