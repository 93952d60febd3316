"""What a person stops or leaves out at the last moment is not done; what has been sent is finished."""

from dataclasses import replace

import pytest

from domain.copying.states import CopyAction, ItemState
from models.invariants import check_invariants
from sandbox.faults import Fault
from tasks.copying.step import copy
from tasks.points import Point
from tests.copying import PERSON, Tool
from tests.flow.doing import once_at
from usecases.copy_choices import create_customer_as
from usecases.copying import RunStarted, check_again, leave_out, stop_run


def begun(tool: Tool, action: CopyAction = CopyAction.COPY) -> int:
    """A run that nobody needs to confirm, and that no worker has seen yet; its id."""
    started = tool.start("INV-1", action=action, sure=True)
    assert isinstance(started, RunStarted)
    return started.run_id


def stop_at(tool: Tool, point: Point, run_id: int) -> None:
    """Somebody stops the run when a worker that is at work on its invoice gets to this point; then it goes on."""
    world = tool.world

    def reached(now: Point) -> None:
        if now is point and tool.state("INV-1") == "queued":
            stop_run(world.context, world.organization_id, run_id)

    world.context = replace(world.context, reached=reached)
    world.settle()
    for _ in range(4):
        world.later(minutes=6)
    with world.context.database.reading() as session:
        assert [one for one in check_invariants(session) if one.violations] == []


@pytest.mark.parametrize("point", [Point.COPY_GATHERED, Point.COPY_ENTRIES_READ])
def test_a_copy_that_is_stopped_before_it_is_sent_is_not_made(tool: Tool, point: Point) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    run_id = begun(tool)
    stop_at(tool, point, run_id)
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.LEFT_OUT, None)}
    assert (tool.state("INV-1"), tool.in_books("INV-1"), tool.writes("INV-1")) == ("available", [], [])


def test_taking_back_that_is_stopped_before_it_is_sent_deletes_nothing(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.clock.move(minutes=1)
    stop_at(tool, Point.COPY_GATHERED, begun(tool, CopyAction.TAKE_BACK))
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_no_customer_is_created_for_a_run_that_is_stopped(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.refresh()
    create_customer_as(world.context, world.organization_id, tool.row("INV-1").bill_to_id, "Fresh Bakery", PERSON)
    stop_at(tool, Point.COPY_ENTRIES_READ, begun(tool))
    assert [one.name for one in world.quickbooks.customers()] == ["Cascade Dental"]


def test_what_is_left_out_while_it_is_checked_stays_out(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    tool.bill("INV-2")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1", "INV-2"))
    started = tool.start("INV-1", "INV-2")
    assert isinstance(started, RunStarted)

    def leaves_out() -> None:
        item_id = tool.items(started.run_id)["INV-1"].id
        assert leave_out(world.context, world.organization_id, started.run_id, [item_id]) == 1

    world.context = replace(world.context, reached=once_at(Point.COPY_GATHERED, leaves_out))
    world.settle()
    tool.confirm(started.run_id)
    assert (tool.totals("INV-1"), tool.totals("INV-2")) == ([], ["100.00"])


@pytest.mark.both_in_the_build
def test_a_choice_that_is_made_while_a_run_is_checked_is_in_its_preview(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.refresh()
    started = tool.start("INV-1")
    assert isinstance(started, RunStarted)

    def chooses() -> None:
        create_customer_as(world.context, world.organization_id, tool.row("INV-1").bill_to_id, "Fresh Bakery", PERSON)
        check_again(world.context, world.organization_id, started.run_id)

    world.context = replace(world.context, reached=once_at(Point.COPY_GATHERED, chooses))
    world.settle()
    assert (tool.run(started.run_id).state, tool.outcomes(started.run_id)) == (
        "checked",
        {"INV-1": (ItemState.READY, None)},
    )


def test_a_creation_that_never_left_is_not_made_after_the_run_is_stopped(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    run_id = begun(tool)
    stopping = world.context.stopping
    world.context = replace(world.context, reached=once_at(Point.COPY_INTENDED, stopping.set))
    copy(world.context, world.organization_id)
    stopping.clear()
    assert tool.writes("INV-1") == ["create: not sent"]
    stop_run(world.context, world.organization_id, run_id)
    for _ in range(3):
        tool.later(minutes=6)
    assert (tool.state("INV-1"), tool.in_books("INV-1")) == ("available", [])
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.LEFT_OUT, None)}


def test_a_run_whose_clock_was_set_back_still_knows_what_it_has_sent(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    run_id = begun(tool)
    world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, method="POST", path=r"/invoice$"))
    world.context = replace(
        world.context, reached=once_at(Point.COPY_ENTRIES_READ, lambda: world.clock.move(minutes=-10))
    )
    world.settle()
    assert tool.state("INV-1") == "in_doubt"
    assert stop_run(world.context, world.organization_id, run_id) == 0
    for _ in range(4):
        tool.later(minutes=6)
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.DONE, None)}


# --- the Sync Tool is switched off ---


def switch(tool: Tool, *, on: bool) -> None:
    tool.world.choose(sync_tool_enabled=on)


@pytest.mark.both_in_the_build
def test_a_tool_that_is_switched_off_copies_nothing_by_itself(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.choose(automatic=True)
    tool.world.clock.move(minutes=20)
    tool.refresh()
    assert tool.state("INV-1") == "copied"
    switch(tool, on=False)
    tool.bill("INV-2")
    tool.world.connectwise.calls.reset()
    for _ in range(3):
        tool.later(minutes=16)
    assert (tool.in_books("INV-2"), tool.world.connectwise.calls.count("GET /finance/accounting/unpostedinvoices")) == (
        [],
        0,
    )
    switch(tool, on=True)
    for _ in range(2):
        tool.later(minutes=6)
    assert tool.state("INV-2") == "copied"


def test_a_run_waits_while_the_tool_is_switched_off(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    run_id = begun(tool)
    switch(tool, on=False)
    for _ in range(3):
        tool.later(minutes=6)
    assert (tool.in_books("INV-1"), tool.run(run_id).waits_for) == ([], "The Sync Tool is switched off.")
    switch(tool, on=True)
    for _ in range(3):
        tool.later(minutes=6)
    assert (tool.state("INV-1"), tool.run(run_id).state, tool.run(run_id).waits_for) == ("copied", "done", "")


def test_what_has_been_sent_is_finished_while_the_tool_is_switched_off(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, method="POST", path=r"/invoice$"))
    tool.copy("INV-1")
    assert tool.state("INV-1") == "in_doubt"
    switch(tool, on=False)
    for _ in range(3):
        tool.later(minutes=6)
    assert (tool.state("INV-1"), len(tool.batches("INV-1"))) == ("copied", 1)
