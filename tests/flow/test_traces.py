"""A payment's way is one trace, also where batches mix the payments of several messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from benchmarks.counting import counted
from connectors.traces import TRACES
from domain.trace_context import GOES_ON_FOR
from models.effects import Effect
from models.inbox import InboxEvent
from models.payments import Payment
from sandbox.faults import Fault
from settings import Settings
from tasks.context import Step
from tests.collector import Collector, Seen, collecting
from tests.web.applications import application
from tests.web.hooks import cloud_event, deliver
from tests.world import World
from workers.logging import name_the_trace
from workers.tracing import start_tracing


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


@contextmanager
def traced(collector: Collector, **changes: Any) -> Iterator[None]:
    """Meanwhile this process exports what it does; afterwards all of it has come."""
    stop = start_tracing(Settings(_env_file=None, traces_url=collector.url, process_name="test", **changes))
    try:
        yield
    finally:
        stop()


def tell(world: World, *payment_ids: str) -> None:
    """QuickBooks reports these payments in one delivery."""
    door = TestClient(application(world.context, Settings(_env_file=None, redis_url="")))
    events = [cloud_event(int(one), intuitentityid=one) for one in payment_ids]
    assert deliver(door, events) == 200


def way_of(collector: Collector, trace_id: str) -> list[str]:
    """The spans of a trace from its root on, each before those that belong under it."""
    spans = collector.of_trace(trace_id)
    [root] = [one for one in spans if not one.parent_id]

    def below(span: Seen) -> list[str]:
        children = sorted((one for one in spans if one.parent_id == span.span_id), key=lambda one: one.began)
        return [span.name, *(name for child in children for name in below(child))]

    return below(root)


def stored(world: World, table: type[Any]) -> list[str | None]:
    with world.context.database.reading() as session:
        return list(session.scalars(select(table.trace).order_by(table.id)))


def test_one_payment_is_one_trace_from_the_webhook_to_the_answer(world: World, collector: Collector) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with traced(collector):
        tell(world, payment)
        world.settle()
    assert world.reason(payment) == "synced"
    [trace_id] = {one.trace_id for one in collector.spans}
    assert way_of(collector, trace_id) == [
        "webhook",
        *["ingest", "POST query", "POST query"],
        *["match", "GET companyinfo", "GET invoices"],
        *["push", "GET invoices", "push look", "GET payments", "push record"],
        *["push send", "POST payments", "push record", "GET invoices"],
    ]
    [sent] = collector.named("POST payments")
    assert (sent.kind, sent.told["peer.service"], sent.told["http.response.status_code"]) == (
        "CLIENT",
        "connectwise",
        201,
    )
    [pushed] = collector.named("push")
    assert (pushed.told["payments.outcome"], pushed.told["payments.attempt"]) == ("created", 1)
    [matched] = collector.named("match")
    assert (matched.told["payments.decision"], matched.told["payments.reason"]) == ("push", "eligible")


def test_payments_of_several_messages_in_one_batch_keep_their_own_traces(world: World, collector: Collector) -> None:
    payments = [world.pay("100.00", (world.invoice(f"INV-{number}"), "100.00")) for number in range(3)]
    with traced(collector):
        tell(world, payments[0])
        tell(world, payments[1], payments[2])
        world.settle()
    assert [world.reason(one) for one in payments] == ["synced"] * 3
    roots = [one for one in collector.named("webhook") if not one.parent_id]
    assert len({one.trace_id for one in roots}) == 3, "each payment has its own trace, those of one delivery as well"
    for root in roots:
        way = [name for name in way_of(collector, root.trace_id) if " " not in name]
        assert way == ["webhook", "ingest", "match", "push"]
        assert "POST payments" in way_of(collector, root.trace_id), "its own send is in its own trace"
    for step in ("ingest", "match", "push"):
        [batch] = collector.named(f"{step} batch")
        parts = collector.named(step)
        assert len(parts) == 3
        assert batch.links == {(one.trace_id, one.span_id) for one in parts}
        assert all((batch.trace_id, batch.span_id) in one.links for one in parts)
        assert batch.trace_id not in {one.trace_id for one in roots}
    [asked_once] = collector.named("POST query")[:1]
    assert asked_once.parent_id == collector.named("ingest batch")[0].span_id, "one read for all is the batch's"


def test_a_payment_of_two_invoices_is_one_trace_with_two_sends(world: World, collector: Collector) -> None:
    invoices = [world.invoice("INV-1"), world.invoice("INV-2")]
    payment = world.pay("200.00", *((one, "100.00") for one in invoices))
    with traced(collector):
        tell(world, payment)
        world.settle()
    [trace_id] = {one.trace_id for one in collector.spans}
    way = way_of(collector, trace_id)
    assert way.count("push") == 2
    assert way.count("POST payments") == 2


def test_lost_nudges_another_try_and_another_process_change_nothing_about_it(
    world: World, collector: Collector
) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments", status=503))
    world.connectwise.faults.add(Fault("throttle", method="POST", path="/payments"))
    with traced(collector):
        tell(world, payment)
    world.context.nudge.waiting.clear()  # type: ignore[attr-defined]
    for _ in range(8):
        # Each time a new process, and nobody is nudged but by the sweep.
        with traced(collector):
            world.later(minutes=3)
    assert world.amounts_on(invoice) == ["100.00"]
    assert len(collector.named("POST payments")) > 1, "it took more than one try"
    assert collector.named("GET cdc"), "catch-up has brought the same payment again, which was no news"
    [trace_id] = {one.trace_id for one in collector.named("webhook")}
    assert {one.trace_id for one in collector.spans if one.name in ("ingest", "match", "push")} == {trace_id}


def test_what_is_done_much_later_is_a_trace_of_its_own_that_refers_to_the_first(
    world: World, collector: Collector
) -> None:
    world.choose(sync_enabled=False)
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with traced(collector):
        tell(world, payment)
        world.settle()
        world.clock.move(seconds=(GOES_ON_FOR + timedelta(minutes=1)).total_seconds())
        world.choose(sync_enabled=True)
        world.settle()
    assert world.reason(payment) == "synced"
    [first] = {one.trace_id for one in collector.named("webhook")}
    [told] = collector.named("ingest")
    later = [one for one in collector.named("match") if one.trace_id != first]
    assert later
    assert (first, told.span_id) in later[-1].links
    assert collector.named("push")[-1].trace_id == later[-1].trace_id


def test_what_nobody_reported_begins_its_trace_where_it_is_found(world: World, collector: Collector) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with traced(collector):
        world.notice()
    [root] = collector.named("ingest")
    assert not root.parent_id
    assert [one for one in way_of(collector, root.trace_id) if " " not in one] == ["ingest", "match", "push"]
    [asked] = collector.named("GET cdc")
    assert collector.by_id(asked.parent_id).name == "catch_up", "and the call that found it belongs to catch-up"


def test_a_share_of_traces_is_kept_as_a_whole_and_the_rest_is_not_sent(world: World, collector: Collector) -> None:
    payments = [world.pay("100.00", (world.invoice(f"INV-{number}"), "100.00")) for number in range(12)]
    with traced(collector, traces_share=0.4):
        for one in payments:
            tell(world, one)
        world.settle()
    ways = {root.trace_id: set(way_of(collector, root.trace_id)) for root in collector.named("webhook")}
    assert len(ways) < len(payments)
    assert all({"webhook", "ingest", "match", "push"} <= way for way in ways.values())
    # A batch with one of them in it is kept, whatever its own dice would say.
    kept = {one.trace_id for one in collector.spans}
    assert {link[0] for batch in collector.named("push batch") for link in batch.links} >= ways.keys() & kept
    assert bool(collector.named("push batch")) == bool(ways)


def test_each_line_about_a_payment_or_a_batch_says_its_trace(world: World, collector: Collector) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with traced(collector), capture_logs([name_the_trace]) as lines:
        tell(world, payment)
        world.settle()
    [trace_id] = {one.trace_id for one in collector.spans}
    said = {line["event"]: line.get("trace_id") for line in lines}
    for event in ("webhook.stored", "ingest.stored", "match.decided", "wire.call"):
        assert said[event] == trace_id, event
    assert all(line["trace_id"] == trace_id for line in lines if line["event"] == "wire.call")


def test_a_batch_that_breaks_names_its_trace_in_the_error(world: World, collector: Collector) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with traced(collector):
        tell(world, payment)
        world.settle(Step.INGEST)

        def broken(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("nobody has foreseen this")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tasks.match.step.look_up", broken)
            with pytest.raises(ZeroDivisionError) as raised:
                world.later()
    [matched] = [one for one in collector.named("match") if one.failed]
    assert matched.told["error.type"] == "ZeroDivisionError"
    assert raised.value.__notes__ == [f"trace_id={matched.trace_id}"]


def test_while_it_is_off_nothing_is_stored_and_no_line_says_anything(world: World) -> None:
    assert TRACES.tracer is None
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    with capture_logs([name_the_trace]) as lines:
        tell(world, payment)
        world.settle()
    assert world.reason(payment) == "synced"
    for table in (InboxEvent, Payment, Effect):
        assert stored(world, table) == [None] * len(stored(world, table)) != []
    assert not any("trace_id" in line for line in lines)


def test_it_costs_no_statement(world: World, collector: Collector) -> None:
    def statements_of_one(number: str) -> list[str]:
        payment = world.pay("100.00", (world.invoice(number), "100.00"))
        with counted(world.context.database) as statements:
            tell(world, payment)
            world.settle()
        assert world.reason(payment) == "synced"
        return [statement for statement, _ in statements.seen]

    statements_of_one("INV-0")
    off = statements_of_one("INV-1")
    with traced(collector):
        on = statements_of_one("INV-2")
    assert on == off, "the same ones, word by word: what is null or not is a value"
    assert len(collector.named("push")) == 1
