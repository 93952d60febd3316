"""Any world: the set of differences that a run finds is the set of differences that were made, and none is invented.

The whole run, as it really runs, against both systems; the rules alone have their own worlds in
`tests/domain/reconciliation/worlds.py`.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.reconciliation.breaks import EXPLAINED, BreakKind
from domain.reconciliation.verdict import RunOutcome
from models.reconciliation_runs import ReconciliationRun, latest_run
from sandbox.faults import Fault
from tasks.context import Step
from tests.few import few_of, in_turn
from tests.flow.apart import ABOUT_A_PAYMENT, ABOUT_AN_INVOICE, IN_NO_SUM, Told
from tests.reconciling import breaks, reconciled
from tests.world import World
from usecases.reconciling import start_reconciliation

Found = Counter[tuple[str, str, Decimal]]


def random_world(world: World, seed: int) -> Told:
    """Two to four invoices with one to three stories about payments on each, and three to six of another kind."""
    chance = random.Random(seed)
    # No two alike, and further apart than the one by which an amount is changed.
    amounts = iter(Decimal(one * 3) + Decimal("0.01") for one in chance.sample(range(2, 49), 40))
    told = Told(world)
    for _ in range(chance.randrange(2, 5)):
        names = chance.choices(sorted(ABOUT_A_PAYMENT), k=chance.randrange(1, 4))
        told.about_payments(names, [next(amounts) for _ in names])
    for name in chance.sample(sorted(ABOUT_AN_INVOICE), chance.randrange(3, 7)):
        told.about_an_invoice(name, next(amounts))
    told.tell()
    return told


def made(told: Told, *, in_no_sum: bool = False) -> Found:
    return Counter(
        (number, kind.value, share)
        for number, of_invoice in told.made.items()
        for kind, share in of_invoice
        if (kind in IN_NO_SUM) is in_no_sum
    )


def found(world: World, *, in_no_sum: bool = False) -> Found:
    return Counter(
        # A renumbered invoice is known by the number that QuickBooks has.
        (row.number.removesuffix("-B"), row.kind, row.share)
        for row in breaks(world)
        if (BreakKind(row.kind) in IN_NO_SUM) is in_no_sum
    )


def outcome_for(told: Told) -> RunOutcome:
    kinds = {kind for of_invoice in told.made.values() for kind, _ in of_invoice if kind not in IN_NO_SUM}
    if not kinds:
        return RunOutcome.AGREES
    return RunOutcome.EXPLAINED if kinds <= EXPLAINED else RunOutcome.DIFFERS


def found_is_made(world: World, told: Told) -> None:
    assert found(world) == made(told)
    assert not found(world, in_no_sum=True) - made(told, in_no_sum=True)


@pytest.mark.parametrize("seed", few_of(range(16), 2))
def test_what_is_found_is_what_was_made(world: World, seed: int) -> None:
    told = random_world(world, seed)
    run = reconciled(world)
    found_is_made(world, told)
    assert (run.outcome, run.left_over, run.broken_invariants) == (outcome_for(told), 0, [])
    shares: defaultdict[str, Decimal] = defaultdict(Decimal)
    for number, _, share in found(world).elements():
        shares[number] += share
    for invoice in told.invoices:
        there = world.connectwise.invoice(invoice.connectwise_id or 0).balance
        apart = world.quickbooks.invoice(invoice.quickbooks_id).balance - there
        assert apart == shares[invoice.number], f"the shares of {invoice.number} add up to what is apart"
    again = reconciled(world)
    found_is_made(world, told)
    assert again.outcome == run.outcome


@pytest.mark.proof
@pytest.mark.parametrize("name", [*ABOUT_A_PAYMENT, *ABOUT_AN_INVOICE])
def test_each_difference_alone_is_named_and_nothing_beside_it(world: World, name: str) -> None:
    told = Told(world)
    amount = Decimal("33.01")
    if name in ABOUT_A_PAYMENT:
        told.about_payments([name], [amount])
    else:
        told.about_an_invoice(name, amount)
    told.tell()
    assert reconciled(world).outcome == outcome_for(told)
    found_is_made(world, told)


def test_the_stories_make_every_kind_of_difference(world: World) -> None:
    told = Told(world)
    for number, name in enumerate(ABOUT_A_PAYMENT):
        told.about_payments([name], [Decimal(9 + number * 3)])
    for number, name in enumerate(ABOUT_AN_INVOICE):
        told.about_an_invoice(name, Decimal(90 + number * 3))
    told.tell()
    kinds = {kind for of_invoice in told.made.values() for kind, _ in of_invoice}
    # What is not comparable has its tests below; no person can make what nothing explains.
    assert set(BreakKind) - kinds == {BreakKind.NOT_COMPARABLE, BreakKind.UNIDENTIFIED}
    reconciled(world)
    found_is_made(world, told)


# --- what was not read as a whole never agrees ---


def all_in_both(world: World) -> Told:
    """Three invoices, each with a payment that is where it belongs: we know that both systems have them."""
    told = Told(world)
    for number in range(3):
        told.about_payments(["in_both"], [Decimal(10 + number)])
    told.tell()
    return told


def cut_the_report_short(world: World) -> None:
    world.quickbooks.switches.set(report_cells_max=7)


def fail_in_the_middle_of_the_targets_pages(world: World) -> None:
    """The count still answers, and then no page does."""
    world.connectwise.faults.add(Fault(kind="error", method="GET", path=r"/finance/invoices$", times=None))


def fail_the_sources_report(world: World) -> None:
    world.quickbooks.faults.add(Fault(kind="error", path=r"/reports/", times=None))


def show_the_member_a_part(world: World) -> None:
    world.connectwise.limit_locations(["Somewhere else"])
    world.connectwise.set_switches(hidden_invoice=403)


def end_all_troubles(world: World) -> None:
    world.quickbooks.switches.set(report_cells_max=400_000)
    for system in (world.quickbooks, world.connectwise):
        system.faults.clear()
    world.connectwise.limit_locations(None)


TROUBLES = (
    cut_the_report_short,
    fail_in_the_middle_of_the_targets_pages,
    fail_the_sources_report,
    show_the_member_a_part,
)


def run_to_its_end(world: World) -> ReconciliationRun:
    """A system that does not answer is asked again a few times, minutes apart."""
    assert isinstance(start_reconciliation(world.context, world.organization_id), int)
    world.settle(Step.RECONCILE)
    for _ in range(10):
        with world.context.database.reading() as session:
            run = latest_run(session, world.organization_id)
        assert run is not None
        if run.is_over:
            return run
        world.later(Step.RECONCILE, minutes=10)
    raise AssertionError("the run does not come to an end")


@pytest.mark.parametrize(("begins", "seed"), in_turn(TROUBLES, [None, 1, 2]))
def test_what_was_not_read_as_a_whole_is_not_comparable_and_never_agrees(
    world: World, begins: Callable[[World], None], seed: int | None
) -> None:
    """Also where everything agrees, which nobody may say without having read it."""
    told = all_in_both(world) if seed is None else random_world(world, seed)
    begins(world)
    run = run_to_its_end(world)
    assert run.outcome == RunOutcome.NOT_COMPARABLE
    assert run.untrusted
    assert found(world) == Counter(), "nothing was compared, so nothing is said to be apart"
    end_all_troubles(world)
    world.clock.move(hours=1)
    run = run_to_its_end(world)
    assert run.outcome != RunOutcome.NOT_COMPARABLE
    if seed is None:
        assert run.outcome == RunOutcome.AGREES
    assert set(found(world)) >= {one for one in made(told) if one[1] != BreakKind.IN_FLIGHT}


def test_a_member_whose_hidden_invoices_look_like_missing_ones_is_never_said_to_agree(world: World) -> None:
    """ConnectWise may answer 404 for them, and then nobody can tell that they are there."""
    all_in_both(world)
    world.connectwise.limit_locations(["Somewhere else"])
    world.connectwise.set_switches(hidden_invoice=404)
    assert run_to_its_end(world).outcome in (RunOutcome.NOT_COMPARABLE, RunOutcome.DIFFERS)
