"""The moment at which a process is killed that reconciles both systems; see `cases.py`."""

from datetime import date

from sqlalchemy import select, update

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.verdict import RunOutcome
from models.organizations import Organization
from models.payments import Payment
from models.reconciliation_breaks import ReconciliationBreak, ReconciliationStep
from models.reconciliation_runs import ReconciliationPair, ReconciliationRun, RunState
from tests.contexts import NEVER_BY_ITSELF
from tests.crash.stage import Stage


def reconciling(stage: Stage) -> None:
    """The sweep begins the run of a day: a person has typed money into ConnectWise, and we know an old picture only."""
    world = stage.world
    invoice = stage.invoice("100.00", ends_with=["40.00", "7.00"])
    world.pay("40.00", (invoice, "40.00"))
    stage.work()
    world.connectwise.type_payment(invoice.connectwise_id or 0, "7.00", payment_date=date(2026, 11, 3))
    with world.context.database.writing() as session:
        session.execute(update(Payment).values(version=Payment.version - 1))
        session.execute(update(Organization).values(created_at=world.clock.now() - 2 * NEVER_BY_ITSELF))


def it_is_told_once(stage: Stage) -> None:
    """One run, one break with one entry in its history, and nothing left over."""
    with stage.world.context.database.reading() as session:
        [run] = session.scalars(select(ReconciliationRun)).all()
        [found] = session.scalars(select(ReconciliationBreak)).all()
        steps = session.scalars(select(ReconciliationStep)).all()
        assert session.scalars(select(ReconciliationPair)).all() == []
    assert (run.state, run.outcome, run.left_over) == (RunState.DONE, RunOutcome.DIFFERS, 0)
    assert (found.kind, str(found.share)) == (BreakKind.MISSING_AT_SOURCE, "7.00")
    assert len(steps) == 1
