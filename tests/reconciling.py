"""Both systems compared, with something that is apart, and people who sign statements."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from domain.reconciliation.roll_forward import Standing
from models.reconciliation_breaks import BreakFilter, ReconciliationBreak, breaks_in
from models.reconciliation_runs import ReconciliationRun, run_by_id
from tasks.context import Context, Step
from tests.flow.tampering import synced, type_in
from tests.web.browser import add_user
from tests.world import BothInvoices, World
from usecases.reconciling import start_reconciliation
from usecases.statements import sign_statement

PREPARER, REVIEWER = "prepares@northwind.example", "reviews@northwind.example"


def reconciled(world: World) -> ReconciliationRun:
    """A run to its end."""
    started = start_reconciliation(world.context, world.organization_id)
    assert isinstance(started, int)
    world.settle(Step.RECONCILE)
    with world.context.database.reading() as session:
        run = run_by_id(session, world.organization_id, started)
    assert run is not None
    assert run.is_over
    return run


def apart(world: World, amount: str = "7.00") -> tuple[BothInvoices, ReconciliationBreak]:
    """An invoice that is synced, and on which somebody typed this amount into ConnectWise; a run has found it."""
    invoice, _ = synced(world)
    type_in(world, invoice, amount)
    reconciled(world)
    (row,) = breaks(world)
    return invoice, row


def breaks(world: World, standing: Standing | None = None) -> Sequence[ReconciliationBreak]:
    with world.context.database.reading() as session:
        return breaks_in(session, world.organization_id, BreakFilter(standing=standing), limit=100)


def as_person(world: World, email: str) -> Context:
    """The context in which this person acts."""
    return replace(world.context, actor=email)


def add_signers(world: World) -> None:
    for email in (PREPARER, REVIEWER):
        add_user(world.context, email, "northwind")


def today(world: World) -> date:
    return world.clock.now().date()


def signed(world: World) -> int:
    """The statement of today, signed tomorrow by the preparer."""
    day = today(world)
    world.clock.move(days=1)
    made = sign_statement(as_person(world, PREPARER), world.organization_id, day - timedelta(days=10), day)
    assert isinstance(made, int), made
    return made
