"""Reconcile: both systems side by side, to the cent. Reads everything that is open, and explains what is apart.

Called by: a nudge for an organization, when a person has asked for a run; the sweep, once a day.
Does, one run at a time: checks our own records, and stops all writes for the organization if they break a rule
(`checking.py`); reads the lists of both sides and the next piece of the history; settles by sums and stored
records what they can settle; reads the rest in depth, some invoices at a time, within the run's metered reads; ends the
run with its outcome. Writes to no outside system. A payment that nobody had told us about goes to ingest as a hint, and
takes the way of any other payment.
Leaves behind: a run with its evidence, and the breaks with their history.
If it dies here: lists that were not stored are read again; what was stored is not examined again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.reconciling import SLICE_INVOICES
from domain.activity import PLATFORM
from domain.reconciliation.breaks import breaks_of
from domain.reconciliation.bridge import bridge
from domain.reconciliation.evidence import evidence_of_source, evidence_of_target
from domain.reconciliation.pairing import Pair
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.version import VERSION
from domain.webhook_health import ON_ITS_WAY
from models.connections import Connection
from models.gaps import note_lost_webhooks, prove_again
from models.invoice_links import count_source_invoices
from models.organizations import organization_with_connections
from models.payments import payments_by_external_id
from models.reconciliation_runs import (
    ReconciliationRun,
    RunState,
    add_pairs,
    add_run,
    count_pairs,
    due_run,
    forget_pairs,
    is_to_be_reconciled,
    next_pairs,
    run_by_id,
)
from tasks.context import Context, Step
from tasks.hints import MISSED, Look, hint_at_payments
from tasks.permits import Permits
from tasks.points import Point
from tasks.reconcile.asking import TRIES_MAX, Distrusted, NotNow, Side
from tasks.reconcile.checking import ask_invariants, confirmed, store_checked
from tasks.reconcile.comparing_lists import compare_lists
from tasks.reconcile.examining import Depth, examine
from tasks.reconcile.reading import Lists, Sides, read_lists
from tasks.reconcile.storing import Compared, end_run, store_compared
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# Each of them may take a call to the target for its payments.
PAIRS_AT_A_TIME = 100
# Two reads of the source for a batch: the invoices, and their payments.
READS_PER_BATCH = 2
# The whole history is gone through in a month; 100,000 invoices take a few nights more.
HISTORY_NIGHTS = 30
# Three pages of the source and their count, so that two reads are left for depth: with a page more, the differences of
# an organization with 100,000 invoices were never read in depth by a night's run.
HISTORY_INVOICES_MAX = 3 * SLICE_INVOICES
# Four for what is open, four for the history, two for the first invoices that are read in depth.
READS_OF_A_NIGHT = 10
# A person waits for the answer, and wants all of it.
READS_ASKED_FOR = 60
# Counted up when a rule of the comparison changes: two runs of one method and the same answers say the same.
METHOD = "1"


def reconcile(context: Context, organization_id: int) -> Drained:
    """Works off the due runs of the organization."""
    return drain(context, Step.RECONCILE, organization_id, lambda lease: _Batch(context, lease).work())


def parameters_of(session: Session, organization_id: int, reads_max: int) -> dict[str, object]:
    """What a run is performed with, so that somebody can perform it again."""
    organization, source, _ = organization_with_connections(session, organization_id)
    cut_off = organization.cut_off_on
    known = count_source_invoices(session, source.id) if source is not None else 0
    return {
        "method": METHOD,
        "version": VERSION,
        "sync_mode": organization.sync_mode,
        "cut_off_on": cut_off.isoformat() if cut_off is not None else None,
        "tolerance": "0.00",
        "reads_max": reads_max,
        "history_invoices": min(max(SLICE_INVOICES, known // HISTORY_NIGHTS), HISTORY_INVOICES_MAX),
    }


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Does one part of one run. True if more is waiting right now."""
        now = self.context.clock.now()
        with self.context.database.reading() as session:
            organization, source, target = organization_with_connections(session, self.lease.owner_id)
            run = due_run(session, organization.id, now)
            if run is None:
                is_due = is_to_be_reconciled(session, organization.id, now, self.context.timing.reconcile)
                return is_due and self._begin(now)
            sides = self._sides(session, source, target)
        if run.state == RunState.CHECKING:
            return self._check(run)
        if isinstance(sides, Distrusted):
            self._give_up(run, sides)
            return True
        if run.state == RunState.READING:
            return self._read(run, sides)
        return self._examine(run, sides)

    def _begin(self, now: datetime) -> bool:
        with self.context.database.writing() as session:
            self.lease.guard(session)
            parameters = parameters_of(session, self.lease.owner_id, READS_OF_A_NIGHT)
            run = add_run(session, self.lease.owner_id, PLATFORM, parameters, now)
        self.context.reached(Point.RECONCILE_BEGUN)
        log.info("reconcile.begun", organization_id=self.lease.owner_id, run_id=run.id)
        return True

    def _sides(self, session: Session, source: Connection | None, target: Connection | None) -> Sides | Distrusted:
        """Both systems; or the one that is not connected, or cannot be read as a whole."""
        context, not_readable = self.context, Untrusted(WhyUntrusted.NOT_READABLE)
        books = context.reconciled_source(source) if source is not None and source.is_active else None
        if source is None or books is None:
            return Distrusted("source", not_readable)
        bills = context.reconciled_target(target) if target is not None and target.is_active else None
        if target is None or bills is None:
            return Distrusted("target", not_readable)
        keep = self.lease.keep
        return Sides(
            Side(context, self.lease, source, Permits.read(context, session, source.id), books.keeping(keep), "source"),
            Side(context, self.lease, target, Permits.read(context, session, target.id), bills.keeping(keep), "target"),
        )

    def _current(self, session: Session, run: ReconciliationRun) -> ReconciliationRun | None:
        """The run for a change, under the lease; None if it is no longer where it was when this part began."""
        self.lease.guard(session)
        current = run_by_id(session, run.organization_id, run.id)
        return current if current is not None and current.state == run.state else None

    # --- our own records ---

    def _check(self, run: ReconciliationRun) -> bool:
        found = ask_invariants(self.context, self.lease)
        self.context.reached(Point.RECONCILE_ASKED)
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is None:
                return True
            stopped_for = store_checked(session, current, confirmed(session, run.organization_id, found), now)
            current.state, current.due_at = RunState.READING.value, now
        self.context.reached(Point.RECONCILE_CHECKED)
        for name, violations, ids in current.invariants or ():
            if violations:
                log.error(
                    "invariant.broken",
                    organization_id=run.organization_id,
                    run_id=run.id,
                    invariant=name,
                    violations=violations,
                    example=ids[0] if ids else None,
                )
        if stopped_for:
            log.error("writes.stopped", organization_id=run.organization_id, run_id=run.id, invariants=stopped_for)
        return True

    # --- the lists ---

    def _read(self, run: ReconciliationRun, sides: Sides) -> bool:
        lists = read_lists(
            sides, self.context.clock.now().date(), run.history_after, int(run.parameters["history_invoices"])
        )
        self.context.reached(Point.RECONCILE_READ)
        if isinstance(lists, NotNow):
            return self._postpone(run, lists)
        if isinstance(lists, Distrusted):
            # A count that changed while we read is nobody's fault: once more, at once.
            if run.tries < 1:
                return self._try_again(run)
            self._give_up(run, lists)
            return True
        with self.context.database.reading() as session:
            compared = compare_lists(session, run.organization_id, lists)
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is None:
                return True
            store_compared(session, current, compared.settled, now)
            add_pairs(session, current.id, compared.unclear)
            _write_lists(current, lists, compared.pairs)
            current.compared = len(compared.pairs)
            current.agreed = sum(not one.breaks for one in compared.settled)
            current.state, current.due_at = RunState.EXAMINING.value, now
        self.context.reached(Point.RECONCILE_SIFTED)
        log.info(
            "reconcile.sifted",
            organization_id=run.organization_id,
            run_id=run.id,
            pairs=len(compared.pairs),
            settled=len(compared.settled),
            unclear=len(compared.unclear),
            reads=lists.metered_reads,
        )
        return True

    # --- in depth ---

    def _examine(self, run: ReconciliationRun, sides: Sides) -> bool:
        with self.context.database.reading() as session:
            waiting = next_pairs(session, run.id, PAIRS_AT_A_TIME)
        reads_left = int(run.parameters["reads_max"]) - run.metered_reads
        listed = {one.id: one.as_listed() for one in waiting}
        if reads_left <= READS_PER_BATCH:
            # An invoice whose id we do not know takes one read more, to be found by its number.
            listed = {pair_id: pair for pair_id, pair in listed.items() if pair.ids[0] is not None}
        if not listed or reads_left < READS_PER_BATCH:
            return self._end(run)
        depth = examine(sides, list(listed.values()))
        self.context.reached(Point.RECONCILE_EXAMINED)
        if isinstance(depth, NotNow):
            return self._postpone(run, depth)
        if isinstance(depth, Distrusted):
            # What the system hides from us, it hides the next time as well.
            if run.tries < TRIES_MAX and depth.untrusted.why is not WhyUntrusted.PERMISSION:
                return self._try_again(run)
            self._give_up(run, depth)
            return True
        compared = [
            Compared(one.pair, one.names, breaks_of(one.sides, one.pair.name, was_linked=one.was_linked))
            for one in depth.examined
        ]
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is None:
                return True
            store_compared(session, current, compared, now)
            missed = self._hint_at_missed(session, sides.source.connection.id, depth, now)
            forget_pairs(session, run.id, listed.keys())
            current.examined += len(depth.examined)
            current.metered_reads += depth.metered_reads
            current.calls += depth.calls
            current.tries, current.due_at = 0, now
        self.context.reached(Point.RECONCILE_STORED)
        if missed:
            self.context.nudge(Step.INGEST, sides.source.connection.id)
            self.context.reached(Point.RECONCILE_NUDGED)
            log.warning("reconcile.missed", organization_id=run.organization_id, run_id=run.id, payments=missed)
        return True

    def _hint_at_missed(self, session: Session, connection_id: int, depth: Depth, now: datetime) -> int:
        """Asks ingest for the payments whose newest picture we do not have; returns how many."""
        stored = payments_by_external_id(session, connection_id, depth.payments.keys())
        missed = depth.taken_off | {
            one.external_id
            for one in depth.payments.values()
            if one.external_id not in stored or stored[one.external_id].version < one.version
        }
        hint_at_payments(session, connection_id, MISSED, [Look(one, now) for one in sorted(missed)], now)
        changed = [depth.payments[one].changed_at for one in missed if one in depth.payments]
        changed = [moment for moment in changed if moment < now - ON_ITS_WAY]
        # No webhook and no catch-up had told of them: what was said of their stretches of time is open again.
        prove_again(session, connection_id, changed, now + self.context.timing.catch_up_overlap)
        if changed:
            note_lost_webhooks(session, connection_id, min(changed), now)
        return len(missed)

    # --- ends ---

    def _end(self, run: ReconciliationRun) -> bool:
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is None:
                return True
            current.left_over = count_pairs(session, run.id)
            forget_pairs(session, run.id)
            end_run(session, current, now)
        self.context.reached(Point.RECONCILE_ENDED)
        log.info(
            "reconcile.ended",
            organization_id=run.organization_id,
            run_id=run.id,
            outcome=current.outcome,
            examined=current.examined,
            left_over=current.left_over,
            reads=current.metered_reads,
            calls=current.calls,
        )
        return True

    def _postpone(self, run: ReconciliationRun, trouble: NotNow) -> bool:
        """Tries again later; after some times it says what could not be read. False: there is nothing to do now."""
        if run.tries + 1 >= TRIES_MAX:
            self._give_up(run, trouble.instead)
            return True
        self._put_off(run, self.context.clock.now() + trouble.again_after)
        return False

    def _try_again(self, run: ReconciliationRun) -> bool:
        self._put_off(run, self.context.clock.now())
        return True

    def _put_off(self, run: ReconciliationRun, due_at: datetime) -> None:
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is not None:
                current.tries, current.due_at = current.tries + 1, due_at

    def _give_up(self, run: ReconciliationRun, distrusted: Distrusted) -> None:
        """Ends the run: not comparable. Breaks stay as they are, for nothing was compared."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            current = self._current(session, run)
            if current is None:
                return
            untrusted = distrusted.untrusted
            current.untrusted = [*current.untrusted, [distrusted.side, untrusted.why.value, untrusted.detail]]
            current.left_over = count_pairs(session, run.id)
            forget_pairs(session, run.id)
            end_run(session, current, now)
        self.context.reached(Point.RECONCILE_ENDED)
        log.warning("reconcile.not_comparable", run_id=run.id, side=distrusted.side, why=untrusted.why.value)


def _write_lists(run: ReconciliationRun, lists: Lists, pairs: Sequence[Pair]) -> None:
    run.source, run.target = evidence_of_source(lists.source), evidence_of_target(lists.target)
    rows = bridge(lists.source.documents, lists.target.invoices, pairs)
    run.bridge = [[one.line.value, one.currency, one.documents, str(one.amount)] for one in rows]
    run.history_after = lists.history_after
    run.metered_reads, run.calls, run.tries = lists.metered_reads, lists.calls, 0


@shared_task(name="payments.reconcile")
def reconcile_task(organization_id: int) -> None:
    with database_may_be_away():
        reconcile(process_context(Step.RECONCILE, organization_id), organization_id)
