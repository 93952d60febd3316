"""A slice is bounded and gets something done: what a batch costs, and what a slow target is left with."""

from dataclasses import replace
from datetime import timedelta

from benchmarks.counting import counted
from models.inbox import Entity, EventSource, NewEvent, store_events
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


def test_a_payment_alone_takes_forty_statements(world: World) -> None:
    """From the hints about it and its invoice to its delivery, at a target whose sums are known to follow.

    SQLite cannot return the organization from the change of a lane, so ingest and push ask for it once more.
    """
    statements_of_push(world, 1)
    invoice = world.invoice("INV-ALONE")
    hint_at(world, invoice, world.pay("100.00", (invoice, "100.00")))
    counts = []
    for step, owner_id in (
        (ingest, world.source_id),
        (match, world.organization_id),
        (push, world.target_id),
    ):
        with counted(world.context.database) as statements:
            step(world.context, owner_id)
        counts.append(statements.count)
    assert world.amounts_on(invoice) == ["100.00"]
    is_sqlite = world.context.database.engine.dialect.name == "sqlite"
    assert counts == ([12, 12, 18] if is_sqlite else [11, 12, 17])


def hint_at(world: World, invoice: BothInvoices, payment_id: str) -> None:
    """What QuickBooks says of a new payment: it is there, and its invoice has changed."""
    now = world.clock.now()
    told = ((Entity.PAYMENT, payment_id, "created"), (Entity.INVOICE, invoice.quickbooks_id, "updated"))
    events = [
        NewEvent(world.source_id, EventSource.WEBHOOK, f"{entity}-{one}", entity, one, verb, now)
        for entity, one, verb in told
    ]
    with world.context.database.writing() as session:
        store_events(session, events, now)


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
