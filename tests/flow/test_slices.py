"""A slice is bounded and gets something done: what a batch costs, and what a slow target is left with."""

from dataclasses import replace
from datetime import timedelta

from benchmarks.counting import counted
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.points import Point
from tasks.push.step import push
from tests.contexts import make_timing
from tests.world import BothInvoices, World


def stored(world: World, payments: int) -> list[BothInvoices]:
    """So many payments are due for match, and nobody has looked at them."""
    first = len(world.quickbooks.invoices())
    invoices = [world.invoice(f"INV-{number}") for number in range(first, first + payments)]
    for invoice in invoices:
        world.pay("100.00", (invoice, "100.00"))
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    return invoices


def statements_of_match(world: World, payments: int) -> int:
    stored(world, payments)
    with counted(world.context.database) as statements:
        match(world.context, world.organization_id)
    return statements.count


def test_new_rows_of_a_batch_are_written_together(world: World) -> None:
    # The first time there is no row for the lane yet.
    statements_of_match(world, 1)
    assert statements_of_match(world, 10) == statements_of_match(world, 30)


def statements_of_push(world: World, payments: int) -> int:
    stored(world, payments)
    match(world.context, world.organization_id)
    with counted(world.context.database) as statements:
        push(world.context, world.target_id)
    return statements.count


def test_a_batch_is_delivered_with_few_statements(world: World) -> None:
    few, many = statements_of_push(world, 5), statements_of_push(world, 45)
    # As many transactions as there are groups of answers. On a busy machine only as many go by the sums together as calls
    # are made at a time: eleven groups instead of four.
    assert many - few <= 6 * 40


def test_a_payment_alone_takes_few_statements(world: World) -> None:
    """Its decision and its delivery, at a target whose sums are known to follow."""
    statements_of_push(world, 1)
    stored(world, 1)
    with counted(world.context.database) as of_match:
        match(world.context, world.organization_id)
    with counted(world.context.database) as of_push:
        push(world.context, world.target_id)
    assert (of_match.count, of_push.count) == (14, 20)


def test_a_target_that_needs_longer_than_a_slice_for_its_invoices_still_gets_payments(world: World) -> None:
    invoices = stored(world, 3)
    match(world.context, world.organization_id)

    def read_slowly(point: Point) -> None:
        if point is Point.PUSH_CLAIMED:
            world.clock.move(seconds=5)

    timing = make_timing(slice=timedelta(seconds=2))
    world.context = replace(world.context, timing=timing, reached=read_slowly)
    push(world.context, world.target_id)
    assert [world.amounts_on(invoice) for invoice in invoices] == [["100.00"]] * 3
