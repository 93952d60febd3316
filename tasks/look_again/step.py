"""Look again: do the payments that we wrote or linked at the target still exist as we left them?

Called by: a nudge for a target connection, when the sweep finds a look due or a person wants to know.
Does: reads the invoices' own sums, a hundred in one call; lists and compares payments (`domain/later_looks.py`) only
where a sum disagrees with our records. It never comes before a payment: while anything is to be sent to this target,
it waits.
Leaves behind: findings on the ledger's entries, which match turns into decisions; the time of the next look.
If it dies here: the invoices are still due, and looking twice does no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import structlog
from celery import shared_task

from connectors.base import Failure, FailureKind, Target
from domain.breaker import Admission, CallKind
from domain.later_looks import compare, interval_after, is_in_depth, is_sum_as_known, sum_of_others
from domain.push.effect import EffectState
from domain.records import TargetInvoice, TargetPayment
from models.connections import Connection, connection_by_id
from models.effects import due_heads
from models.looks import InvoiceLook, NextLook, due_looks, schedule_looks
from models.organizations import organization_by_id
from models.standing import Standing, standing_on
from tasks.calls import admits, note_failure, note_success
from tasks.context import Context, Step
from tasks.look_again.findings import note_what_was_found
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# As many as the connectors ask for in one call.
INVOICES_PER_BATCH = 100
# One call each, one after the other: looks never keep a target busy.
LISTS_PER_BATCH = 20
# Something is on its way to the invoice and will finish soon.
WHILE_BUSY = timedelta(minutes=10)
# Its payments cannot be listed. Perhaps only this invoice fails, and it must not keep the others waiting.
AFTER_A_FAILURE = timedelta(minutes=10)
# The target refuses to answer about this invoice only.
AFTER_A_REFUSAL = timedelta(hours=6)
# While something is wrong that a person may correct at any moment.
WITH_A_FINDING_MAX = timedelta(hours=6)


def look_again(context: Context, connection_id: int) -> Drained:
    """Looks at the due invoices of one target connection."""
    return drain(context, Step.LOOK_AGAIN, connection_id, lambda lease: _Batch(context, lease).work())


@dataclass(frozen=True, slots=True)
class _Due:
    """One invoice whose look is due, and what we know of it."""

    look: InvoiceLook
    standing: Standing

    @property
    def invoice_id(self) -> str:
        return self.look.target_invoice_id

    def is_as_known(self, invoice: TargetInvoice | None) -> bool:
        """Whether the invoice's sum alone proves that everything is as it should be."""
        if invoice is None or is_in_depth(self.look.looks):
            return False
        if any(entry.finding for entry in self.standing.entries):
            return False
        return is_sum_as_known(invoice, self.standing.written, self.look.others)


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Does one batch. True if more is due right now."""
        connection, due = self._due()
        if not due:
            return False
        more = len(due) == INVOICES_PER_BATCH
        self._store([self._later(one) for one in due if _needs_no_look(one)])
        waiting = [one for one in due if not _needs_no_look(one)]
        if not waiting:
            return more
        if not self._may_call(connection.id, CallKind.FIND):
            return False
        self.lease.keep()
        target = self.context.target(connection)
        result = target.find_invoices({one.invoice_id for one in waiting}, ())
        if isinstance(result, Failure):
            self._failed(connection, result, CallKind.FIND, waiting)
            return False
        found = result.value
        # The target refuses to answer about any of these; we conclude nothing.
        self._store([self._put_off(one, AFTER_A_REFUSAL) for one in waiting if one.invoice_id in found.refused_ids])
        if found.failure is not None:
            unread = [one for one in waiting if one.invoice_id in found.unread_ids]
            self._failed(connection, found.failure, CallKind.FIND, unread)
            return False
        note_success(self.context, connection, CallKind.FIND)
        self.context.reached(Point.LOOK_AGAIN_SUMS_READ)
        more = more or bool(found.unread_ids)
        waiting = [
            one for one in waiting if one.invoice_id not in found.refused_ids and one.invoice_id not in found.unread_ids
        ]
        invoices = {invoice.external_id: invoice for invoice in found.invoices}
        sound = [one for one in waiting if one.is_as_known(invoices.get(one.invoice_id))]
        self._store([self._looked_at(one, one.look.others) for one in sound])
        self.context.reached(Point.LOOK_AGAIN_SUMS_STORED)
        doubtful = [one for one in waiting if one not in sound]
        for one in doubtful[:LISTS_PER_BATCH]:
            if not self._list(connection, target, one, invoices.get(one.invoice_id)):
                return False
        return more or len(doubtful) > LISTS_PER_BATCH

    def _due(self) -> tuple[Connection, list[_Due]]:
        now = self.context.clock.now()
        with self.context.database.reading() as session:
            connection = connection_by_id(session, self.lease.owner_id)
            looks = due_looks(session, connection.id, now, INVOICES_PER_BATCH)
            standings = standing_on(session, connection.id, {one.target_invoice_id for one in looks}) if looks else {}
        return connection, [_Due(one, standings[one.target_invoice_id]) for one in looks]

    def _may_call(self, connection_id: int, kind: CallKind) -> bool:
        """Payments go first, and so does a trial call after a rest: we look only when all calls are admitted."""
        now = self.context.clock.now()
        with self.context.database.reading() as session:
            if admits(self.context, session, connection_id, kind) is not Admission.ALL:
                return False
            connection = connection_by_id(session, connection_id)
            is_enabled = organization_by_id(session, connection.organization_id).sync_enabled
            heads = due_heads(session, connection_id, now, limit=INVOICES_PER_BATCH)
        return not any(is_enabled or head.state == EffectState.IN_DOUBT for head in heads)

    # --- one invoice in depth ---

    def _list(self, connection: Connection, target: Target, one: _Due, invoice: TargetInvoice | None) -> bool:
        """Lists and compares the payments of one invoice. False if no more calls may be made now."""
        if not self._may_call(connection.id, CallKind.LOOK):
            return False
        self.lease.keep()
        result = target.list_payments(one.invoice_id)
        is_nowhere = isinstance(result, Failure) and result.kind is FailureKind.NOT_FOUND and invoice is None
        if isinstance(result, Failure) and result.kind is FailureKind.REFUSED:
            self._store([self._put_off(one, AFTER_A_REFUSAL)])
            return True
        if isinstance(result, Failure) and not is_nowhere:
            self._failed(connection, result, CallKind.LOOK, [one])
            return False
        note_success(self.context, connection, CallKind.LOOK)
        self.context.reached(Point.LOOK_AGAIN_LISTED)
        # Two different requests both failed to find the invoice.
        payments = None if isinstance(result, Failure) else result.value
        is_news = self._record(one, invoice, payments)
        self.context.reached(Point.LOOK_AGAIN_RECORDED)
        if is_news:
            self.context.nudge(Step.MATCH, connection.organization_id)
            self.context.reached(Point.LOOK_AGAIN_NUDGED)
        return True

    def _record(self, one: _Due, invoice: TargetInvoice | None, payments: Sequence[TargetPayment] | None) -> bool:
        """Records what the list shows, if our own records are still the same. True if anything is news."""
        now, connection_id = self.context.clock.now(), self.lease.owner_id
        with self.context.database.writing() as session:
            self.lease.guard(session)
            standing = standing_on(session, connection_id, [one.invoice_id])[one.invoice_id]
            if standing.busy or standing.fingerprint != one.standing.fingerprint:
                # We wrote something meanwhile: the list shows the state before that, or in the middle of it.
                schedule_looks(session, [self._put_off(one, WHILE_BUSY)])
                return False
            founds = compare(standing.written, payments, standing.explained)
            is_news = note_what_was_found(session, standing, founds, now)
            is_wrong = any(found.finding is not None for found in founds.values())
            others = None
            if not is_wrong and invoice is not None and payments is not None:
                others = sum_of_others(invoice, standing.written, payments)
            next_look = self._looked_at(one, others)
            if is_wrong:
                next_look = self._looked_at_something_wrong(one, is_news=is_news)
            schedule_looks(session, [next_look])
        log.info("look_again.listed", connection_id=connection_id, invoice_id=one.invoice_id, wrong=is_wrong)
        return is_news

    def _failed(self, connection: Connection, failure: Failure, kind: CallKind, due: Sequence[_Due]) -> None:
        """Handles a failed look. The connection treats it like any other failed call, except for our own limiter.

        Calls that our own limiter still allows belong to payments, which must not wait because of a look.
        """
        if failure.kind is not FailureKind.PACED:
            note_failure(self.context, connection, failure, kind)
        if failure.kind in (FailureKind.UNAVAILABLE, FailureKind.REFUSED, FailureKind.NOT_FOUND):
            self._store([self._put_off(one, AFTER_A_FAILURE) for one in due])
        self.context.reached(Point.LOOK_AGAIN_FAILED)

    # --- the next look ---

    def _store(self, next_looks: Sequence[NextLook]) -> None:
        if next_looks:
            with self.context.database.writing() as session:
                self.lease.guard(session)
                schedule_looks(session, next_looks)

    def _later(self, one: _Due) -> NextLook:
        """The next look: not now, or never because nothing stands on the invoice any more."""
        if one.standing.entries:
            return self._put_off(one, WHILE_BUSY)
        look = one.look
        return NextLook(look.id, look.due_at, None, look.looks, look.others, look.looked_at)

    def _put_off(self, one: _Due, by: timedelta) -> NextLook:
        look = one.look
        at = self.context.clock.now() + by
        return NextLook(look.id, look.due_at, at, look.looks, look.others, look.looked_at)

    def _looked_at(self, one: _Due, others: Decimal | None) -> NextLook:
        look, now = one.look, self.context.clock.now()
        looks = look.looks + 1
        return NextLook(look.id, look.due_at, now + interval_after(looks), looks, others, now)

    def _looked_at_something_wrong(self, one: _Due, *, is_news: bool) -> NextLook:
        look, now = one.look, self.context.clock.now()
        looks = 0 if is_news else look.looks + 1
        return NextLook(look.id, look.due_at, now + min(interval_after(looks), WITH_A_FINDING_MAX), looks, None, now)


def _needs_no_look(one: _Due) -> bool:
    """Whether nothing stands on the invoice any more, or something is on its way to it."""
    return one.standing.busy or not one.standing.entries


@shared_task(name="payments.look_again")
def look_again_task(connection_id: int) -> None:
    with database_may_be_away():
        look_again(process_context(Step.LOOK_AGAIN, connection_id), connection_id)
