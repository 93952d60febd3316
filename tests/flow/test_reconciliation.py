"""Both systems side by side: every planted difference is found and named, and nothing is invented."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.bridge import BridgeLine
from domain.reconciliation.roll_forward import Standing, roll_forward
from domain.reconciliation.verdict import RunOutcome
from models.connections import ConnectionStatus, connection_by_id
from models.reconciliation_breaks import ReconciliationBreak, history_until
from models.reconciliation_runs import ReconciliationRun, RunState, latest_run
from tasks.context import Step
from tests.contexts import make_timing
from tests.flow.tampering import change_amount, change_date, delete, double, remove_invoice, synced, type_in
from tests.world import World, open_world
from usecases.reconciling import accept_break, start_reconciliation, withdraw_acceptance


def reconciled(world: World) -> ReconciliationRun:
    """A run that a person has asked for, to its end. Whatever it finds out for the other steps is left waiting."""
    started = start_reconciliation(world.context, world.organization_id)
    assert isinstance(started, int)
    world.settle(Step.RECONCILE)
    return last_run(world)


def last_run(world: World) -> ReconciliationRun:
    with world.context.database.reading() as session:
        run = latest_run(session, world.organization_id)
    assert run is not None
    assert run.state == RunState.DONE
    return run


def breaks(world: World) -> list[ReconciliationBreak]:
    """All that are there, in the order in which they were found."""
    with world.context.database.reading() as session:
        rows = session.scalars(select(ReconciliationBreak).order_by(ReconciliationBreak.id)).all()
    return [row for row in rows if row.standing != Standing.GONE]


def kinds(world: World) -> list[tuple[str, str, str]]:
    return [(row.number, row.kind, str(row.share)) for row in breaks(world)]


def sums(run: ReconciliationRun) -> dict[str, Decimal]:
    return {line: Decimal(amount) for line, _, _, amount in run.bridge}


def test_two_systems_that_agree_to_the_cent(world: World) -> None:
    synced(world)
    run = reconciled(world)
    assert (run.outcome, run.compared, run.agreed, run.examined) == (RunOutcome.AGREES, 1, 1, 0)
    assert breaks(world) == []
    assert sums(run)[BridgeLine.INVOICES] == sums(run)[BridgeLine.TARGET] == Decimal("260.00")


def test_four_metered_reads_find_out_that_nothing_that_is_open_is_apart(world: World) -> None:
    for number in range(1, 6):
        world.invoice(f"INV-{number}", "300.00")
    with world.context.database.writing() as session:
        run_id = start_reconciliation(world.context, world.organization_id)
        session.get_one(ReconciliationRun, run_id).parameters = {"history_invoices": 0, "reads_max": 10}
    world.settle(Step.RECONCILE)
    run = last_run(world)
    # Which currencies the company keeps, a count, a report, a count.
    assert (run.outcome, run.metered_reads) == (RunOutcome.AGREES, 4)


def test_a_payment_that_nobody_told_us_about_is_found_and_synced(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    missed = world.pay("40.00", (invoice, "40.00"))
    world.clock.move(hours=1)
    assert reconciled(world).outcome == RunOutcome.DIFFERS
    assert kinds(world) == [("INV-1", BreakKind.MISSING_AT_TARGET, "-40.00")]
    world.context.nudge(Step.INGEST, world.source_id)
    world.settle()
    assert world.reason(missed) == "synced"
    assert reconciled(world).outcome == RunOutcome.AGREES
    assert breaks(world) == []


def test_a_payment_of_this_minute_is_in_flight(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.pay("40.00", (invoice, "40.00"))
    assert reconciled(world).outcome == RunOutcome.EXPLAINED
    assert kinds(world) == [("INV-1", BreakKind.IN_FLIGHT, "-40.00")]


@pytest.mark.parametrize(
    ("tamper", "kind", "share"),
    [
        (change_amount, BreakKind.AMOUNT_DIFFERS, "20.00"),
        (delete, BreakKind.LEDGER_DISAGREES, "-40.00"),
        (double, BreakKind.COUNTED_TWICE, "40.00"),
        (remove_invoice, BreakKind.INVOICE_MISSING_AT_TARGET, "260.00"),
        (lambda world, invoice: type_in(world, invoice, "7.00"), BreakKind.MISSING_AT_SOURCE, "7.00"),
    ],
)
def test_what_people_do_in_connectwise_is_named(world: World, tamper, kind: BreakKind, share: str) -> None:  # type: ignore[no-untyped-def]
    invoice, _ = synced(world)
    tamper(world, invoice)
    assert reconciled(world).outcome == RunOutcome.DIFFERS
    assert kinds(world) == [("INV-1", kind, share)]


def test_another_date_alone_does_not_show_in_any_sum(world: World) -> None:
    """The later looks find it; the reconciliation is about money."""
    invoice, _ = synced(world)
    change_date(world, invoice)
    assert reconciled(world).outcome == RunOutcome.AGREES


def test_what_a_rule_leaves_out_is_explained_without_reading_anything_in_depth(world: World) -> None:
    world.choose(cut_off_on=world.clock.now().date())
    invoice = world.invoice("INV-1", "300.00")
    world.pay("40.00", (invoice, "40.00"), on="2026-11-02")
    world.notice()
    run = reconciled(world)
    assert (run.outcome, run.examined) == (RunOutcome.EXPLAINED, 0)
    assert kinds(world) == [("INV-1", BreakKind.SKIPPED_BY_RULE, "-40.00")]


def test_an_invoice_that_was_never_in_connectwise_is_no_alarm_and_is_not_looked_for_every_day(world: World) -> None:
    world.invoice("INV-1", "300.00", in_connectwise=False, origin=None)
    first = reconciled(world)
    assert (first.outcome, first.examined) == (RunOutcome.EXPLAINED, 1)
    assert kinds(world) == [("INV-1", BreakKind.ONLY_AT_SOURCE, "300.00")]
    examined = 0
    for _ in range(7):
        world.clock.move(days=1)
        examined += reconciled(world).examined
    assert examined == 1


def test_an_invoice_that_is_paid_and_was_never_in_connectwise_is_nothing_to_tell(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00", in_connectwise=False, origin=None)
    world.pay("300.00", (invoice, "300.00"))
    run = reconciled(world)
    assert (run.outcome, run.compared, run.examined) == (RunOutcome.AGREES, 1, 0)
    assert breaks(world) == []


def test_an_invoice_paid_in_quickbooks_and_open_in_connectwise(world: World) -> None:
    """It is in one list only, and the other side is asked for it."""
    invoice = world.invoice("INV-1", "300.00")
    world.pay("300.00", (invoice, "300.00"))
    world.clock.move(hours=1)
    reconciled(world)
    assert kinds(world) == [("INV-1", BreakKind.MISSING_AT_TARGET, "-300.00")]


def test_a_number_that_two_invoices_have(world: World) -> None:
    world.invoice("INV-1", "300.00", origin=None)
    world.invoice("INV-1", "120.00", origin=None)
    reconciled(world)
    assert {(number, kind) for number, kind, _ in kinds(world)} == {("INV-1", BreakKind.NUMBER_NOT_UNIQUE)}


def test_a_total_that_differs(world: World) -> None:
    world.invoice("INV-1", "300.00", connectwise_total="300.01")
    reconciled(world)
    assert kinds(world) == [("INV-1", BreakKind.INVOICE_TOTAL_DIFFERS, "-0.01")]


def test_a_break_that_was_accepted_opens_again_with_its_number(world: World) -> None:
    invoice, _ = synced(world)
    type_in(world, invoice, "7.00")
    reconciled(world)
    (row,) = breaks(world)
    assert accept_break(world.context, world.organization_id, row.id, "A rounding of ours") is None
    assert reconciled(world).outcome == RunOutcome.EXPLAINED
    type_in(world, invoice, "8.00")
    assert reconciled(world).outcome == RunOutcome.DIFFERS
    assert [(one.standing, str(one.share)) for one in breaks(world)] == [("accepted", "7.00"), ("open", "8.00")]


def test_a_person_takes_the_acceptance_back(world: World) -> None:
    invoice, _ = synced(world)
    type_in(world, invoice, "7.00")
    reconciled(world)
    (row,) = breaks(world)
    accept_break(world.context, world.organization_id, row.id, "A rounding of ours")
    assert withdraw_acceptance(world.context, world.organization_id, row.id) is None
    assert [one.standing for one in breaks(world)] == ["open"]


def test_the_history_of_the_breaks_adds_up(world: World) -> None:
    invoice, _ = synced(world)
    begun = world.clock.now()
    type_in(world, invoice, "7.00")
    reconciled(world)
    world.clock.move(days=1)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[-1].id)
    reconciled(world)
    until = world.clock.now() + timedelta(seconds=1)
    with world.context.database.reading() as session:
        (forward,) = roll_forward(
            [one.step for one in history_until(session, world.organization_id, until)], begun, until
        )
    assert forward.adds_up
    assert {kind.value: str(one.amount) for kind, one in forward.movements.items() if one.breaks} == {
        "new": "7.00",
        "resolved": "-7.00",
    }


# --- it never says "agrees" about what it has not read ---


def test_a_report_that_is_cut_short_is_not_comparable(world: World) -> None:
    for number in range(1, 30):
        world.invoice(f"INV-{number}", "300.00")
    world.quickbooks.switches.set(report_cells_max=20)
    run = reconciled(world)
    assert run.outcome == RunOutcome.NOT_COMPARABLE
    assert run.untrusted[0][0] == "source"
    assert breaks(world) == []


def test_a_report_without_ids_hides_no_invoice(world: World) -> None:
    for number in range(1, 4):
        invoice = world.invoice(f"INV-{number}", "300.00", origin=None)
        type_in(world, invoice, f"{number}.00")
    world.quickbooks.switches.set(report_ids="absent")
    run = reconciled(world)
    assert (run.outcome, run.compared, run.examined) == (RunOutcome.DIFFERS, 3, 3)
    assert sorted(kinds(world)) == [
        (f"INV-{number}", BreakKind.MISSING_AT_SOURCE, f"{number}.00") for number in range(1, 4)
    ]
    world.quickbooks.switches.set(report_ids="there")
    reconciled(world)
    assert len(breaks(world)) == 3


def test_an_invoice_that_the_member_may_not_see_is_not_comparable_and_not_missing(world: World) -> None:
    synced(world)
    world.connectwise.limit_locations(["Somewhere else"])
    world.connectwise.set_switches(hidden_invoice=403)
    run = reconciled(world)
    assert run.outcome == RunOutcome.NOT_COMPARABLE
    assert [one[:2] for one in run.untrusted] == [["target", "permission"]]
    assert breaks(world) == []


def test_a_payment_that_was_taken_off_the_invoice_unheard_is_taken_back(world: World) -> None:
    invoice, payment = synced(world)
    world.quickbooks.edit_payment(payment, lines=[])
    reconciled(world)
    assert kinds(world) == [("INV-1", BreakKind.VOIDED_AT_SOURCE, "40.00")]
    # Without catching up, which would find it too.
    world.later(Step.INGEST, Step.MATCH, Step.PUSH, minutes=1)
    assert world.amounts_on(invoice) == []
    assert reconciled(world).outcome == RunOutcome.AGREES


def test_a_break_survives_a_run_that_could_not_read(world: World) -> None:
    invoice, _ = synced(world)
    type_in(world, invoice, "7.00")
    reconciled(world)
    world.quickbooks.switches.set(report_cells_max=2)
    assert reconciled(world).outcome == RunOutcome.NOT_COMPARABLE
    assert [one.standing for one in breaks(world)] == ["open"]


@pytest.fixture
def daily(database_url: str) -> Iterator[World]:
    with open_world(database_url, timing=make_timing(reconcile=timedelta(days=1))) as opened:
        yield opened


def test_the_sweep_starts_a_run_once_a_day(daily: World) -> None:
    world = daily
    synced(world)
    world.later(hours=25)
    first = last_run(world)
    world.later(hours=1)
    assert last_run(world).id == first.id
    world.later(hours=24)
    assert last_run(world).id > first.id


def test_more_differences_than_a_run_may_read_are_left_for_the_next_one(world: World) -> None:
    for number in range(1, 4):
        invoice = world.invoice(f"INV-{number}", "300.00")
        type_in(world, invoice, "5.00")
    with world.context.database.writing() as session:
        run_id = start_reconciliation(world.context, world.organization_id)
        session.get_one(ReconciliationRun, run_id).parameters = {"history_invoices": 0, "reads_max": 4}
    world.settle(Step.RECONCILE)
    run = last_run(world)
    assert (run.outcome, run.left_over) == (RunOutcome.DIFFERS, 3)
    assert reconciled(world).left_over == 0
    assert len(breaks(world)) == 3


def test_a_run_never_makes_more_metered_reads_than_it_may(world: World) -> None:
    """An invoice that is only in ConnectWise would be looked for by its number, which is one read more."""
    world.connectwise.add_invoice("CW-1", "300.00")
    invoice = world.invoice("INV-1", "300.00")
    world.pay("40.00", (invoice, "40.00"))
    with world.context.database.writing() as session:
        run_id = start_reconciliation(world.context, world.organization_id)
        session.get_one(ReconciliationRun, run_id).parameters = {"history_invoices": 0, "reads_max": 6}
    world.settle(Step.RECONCILE)
    run = last_run(world)
    assert (run.metered_reads, run.examined, run.left_over) == (6, 1, 1)


def test_a_run_says_which_system_was_disconnected_meanwhile(world: World) -> None:
    start_reconciliation(world.context, world.organization_id)
    with world.context.database.writing() as session:
        connection_by_id(session, world.target_id).status = ConnectionStatus.DISCONNECTED.value
    world.settle(Step.RECONCILE)
    assert [one[:2] for one in last_run(world).untrusted] == [["target", "not_readable"]]
