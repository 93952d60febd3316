"""When to look again at payments that wait for a cause to go away: soon at first, rarely if it is never repaired."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.orm import Session

from domain.explanations import explain
from domain.reasons import Reason
from models.connections import Connection
from models.decisions import DecisionRow, current_decisions
from models.invoices import source_invoices
from models.payments import Allocation, Payment
from tasks.context import Context, Timing
from tasks.hints import LOOK_AGAIN, Look, hint_at_invoices, hint_at_payments


def look_after(timing: Timing, current: DecisionRow | None, reason: Reason, now: datetime) -> datetime:
    """Waits a quarter of the time that it has waited for this reason already, within the limits of the settings."""
    since = current.decided_at if current is not None and current.reason == reason else now
    # Most of these invoices never get into the target, and there may be very many of them.
    longest = timing.recheck_max * 4 if reason is Reason.INVOICE_ONLY_IN_SOURCE else timing.recheck_max
    return now + min(max((now - since) / 4, timing.recheck_min), longest)


def look_at_the_source_again(
    context: Context, session: Session, source: Connection, held: Collection[Allocation], now: datetime
) -> bool:
    """Has the source's customer been renamed? Asked for payments held because of the name, each time one is decided.

    A name belongs to the customer: a rename changes neither the invoice's version nor the time of its last change, so
    neither a webhook nor change data capture reports it. Each look is a metered read, so we look only for payments that
    were already held for this, and wait after the last look at least as long as before any other recheck.

    Returns:
        True if something may be read now.
    """
    decisions = current_decisions(session, [one.id for one in held])
    waiting = {one.document_id for one in held if _was_held_before(decisions.get(one.id), now, _is_about_the_customer)}
    pictures = source_invoices(session, source.id, waiting)
    distance = context.timing.recheck_min
    looks = [
        Look(one, max(now, min(row.seen_at, now) + distance) if row.seen_at is not None else now)
        for one, row in sorted(pictures.items())
    ]
    hint_at_invoices(session, source.id, LOOK_AGAIN, looks, now)
    return any(look.due_at <= now for look in looks)


def look_at_payments_again(
    context: Context, session: Session, source: Connection, held: Collection[tuple[Allocation, Payment]], now: datetime
) -> bool:
    """Does the source now show the payment whole? Asked each time its hold is decided again.

    Returns:
        True if something may be read now.
    """
    decisions = current_decisions(session, [allocation.id for allocation, _ in held])
    distance = context.timing.recheck_min
    looks = {
        payment.external_id: Look(
            payment.external_id, max(now, payment.seen_at + distance) if payment.seen_at is not None else now
        )
        for allocation, payment in held
        if _was_held_before(decisions.get(allocation.id), now, _is_about_the_picture)
    }
    hint_at_payments(session, source.id, LOOK_AGAIN, list(looks.values()), now)
    return any(look.due_at <= now for look in looks.values())


def _is_about_the_customer(reason: Reason) -> bool:
    return reason is Reason.CUSTOMER_DIFFERS


def _is_about_the_picture(reason: Reason) -> bool:
    return explain(reason).read_again


def _was_held_before(decision: DecisionRow | None, now: datetime, is_meant: Callable[[Reason], bool]) -> bool:
    return decision is not None and is_meant(decision.why) and decision.decided_at != now
