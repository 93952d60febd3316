"""An operator pauses the sending of payments: nothing new is written, nothing is decided anew, nothing is lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event

from domain.activity import ActivityKind
from models.activity import ActivityFilter, list_activity
from models.decisions import DecisionRow
from models.organizations import Organization
from models.views.story import payment_story
from sandbox.faults import Fault
from tasks.points import Point
from tasks.sweep import sweep
from tests.flow.doing import POST, once_at
from tests.world import World
from usecases.organizations import create_organization
from usecases.pausing import (
    Paused,
    pause_connection,
    pause_everything,
    pause_organization,
    resume_connection,
    resume_everything,
    resume_organization,
    what_is_on_the_wire,
)
from usecases.results import Rejected

pytestmark = pytest.mark.both_databases

Act = Callable[[World], Paused | Rejected]
WAYS: dict[str, tuple[Act, Act]] = {
    "everything": (
        lambda world: pause_everything(world.context, "maintenance"),
        lambda world: resume_everything(world.context),
    ),
    "organization": (
        lambda world: pause_organization(world.context, world.organization_id, "maintenance"),
        lambda world: resume_organization(world.context, world.organization_id),
    ),
    "connection": (
        lambda world: pause_connection(world.context, world.organization_id, "connectwise", "maintenance"),
        lambda world: resume_connection(world.context, world.organization_id, "connectwise"),
    ),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> tuple[Act, Act]:
    return WAYS[request.param]


def decided(world: World) -> list[tuple[int, str, str]]:
    with world.context.database.reading() as session:
        rows = session.query(DecisionRow).order_by(DecisionRow.id)
        return [(row.id, row.action, row.reason) for row in rows]


def posts(world: World) -> int:
    """How many payments were sent to the target."""
    return world.calls("POST /finance/invoices/{id}/payments")


def test_what_is_owed_waits_as_it_is_and_goes_when_sending_is_resumed(world: World, way: tuple[Act, Act]) -> None:
    pause, resume = way
    assert isinstance(pause(world), Paused)
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    before = decided(world)
    world.later(hours=2)
    assert world.reason(payment) == "eligible"
    assert [one.state for one in world.effects(payment)] == ["pending"]
    assert (world.amounts_on(invoice), decided(world)) == ([], before)

    assert isinstance(resume(world), Paused)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_pause_in_the_middle_of_a_burst_lets_nothing_more_out_and_resuming_sends_the_rest_once(
    world: World, way: tuple[Act, Act]
) -> None:
    pause, resume = way
    invoices = [world.invoice(f"INV-{number}") for number in range(12)]
    for invoice in invoices:
        world.pay("100.00", (invoice, "100.00"))
    here = replace(world.context, timing=replace(world.context.timing, push_parallel=1))
    sent_before: list[int] = []

    def somebody_pauses() -> None:
        world.context = here
        assert isinstance(pause(world), Paused)
        sent_before.append(posts(world))

    world.context = replace(here, reached=once_at(Point.PUSH_INTENDED, somebody_pauses))
    world.notice()
    world.context = here
    sent = posts(world)
    # What was intended before the pause is on the wire, and is let go; the others are not.
    assert sent_before
    assert sum(len(world.on(invoice)) for invoice in invoices) == sent < len(invoices)
    world.later(hours=1)
    assert posts(world) == sent
    assert what_is_on_the_wire(here, world.organization_id).sending == 0

    assert isinstance(resume(world), Paused)
    world.settle()
    assert [world.amounts_on(invoice) for invoice in invoices] == [["100.00"]] * len(invoices)
    assert posts(world) == len(invoices)


def test_a_lost_answer_is_looked_for_during_a_pause_and_not_sent_again(world: World, way: tuple[Act, Act]) -> None:
    pause, resume = way
    arrived, lost = world.invoice("INV-1"), world.invoice("INV-2")
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    first = world.pay("100.00", (arrived, "100.00"))
    world.notice()
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    second = world.pay("100.00", (lost, "100.00"))
    world.notice()
    assert what_is_on_the_wire(world.context, world.organization_id).in_doubt == 2
    pause(world)
    calls = posts(world)
    world.later(hours=1)
    assert posts(world) == calls
    assert [one.state for one in world.effects(first)] == ["delivered"]
    # It is not there, so it is owed again; that is known now, and nothing is sent.
    assert [(one.state, one.doubt) for one in world.effects(second)] == [("pending", "")]
    looks = world.connectwise.calls.total
    world.later(minutes=1)
    assert world.connectwise.calls.total == looks
    resume(world)
    world.settle()
    assert (world.amounts_on(arrived), world.amounts_on(lost)) == (["100.00"], ["100.00"])


def test_the_payment_says_who_has_paused_it_and_why(world: World, way: tuple[Act, Act]) -> None:
    world.context = replace(world.context, actor="ops@platform.example")
    way[0](world)
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    with world.context.database.reading() as session:
        story = payment_story(session, world.organization_id, payment, world.words, world.clock.now())
    assert story is not None
    assert story.allocations[0].next.startswith("It will be sent when sending to ConnectWise")
    assert "ops@platform.example paused it on" in story.allocations[0].next
    assert "maintenance" in story.allocations[0].next


def test_both_acts_stand_in_the_organizations_activity_with_the_name_of_who_did_it(
    world: World, way: tuple[Act, Act]
) -> None:
    world.context = replace(world.context, actor="ops@platform.example")
    way[0](world)
    way[1](world)
    with world.context.database.reading() as session:
        found = list_activity(session, world.organization_id, ActivityFilter(), 10)
    assert [(one.kind, one.actor) for one in found] == [
        (ActivityKind.SENDING_RESUMED, "ops@platform.example"),
        (ActivityKind.SENDING_PAUSED, "ops@platform.example"),
    ]
    assert all("maintenance" in one.about for one in found)


def test_all_organizations_are_paused_and_told_in_as_many_statements_as_a_few(world: World) -> None:
    asked: list[str] = []
    event.listen(world.context.database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
    for act in WAYS["everything"]:
        act(world)
    few = len(asked)
    made = [create_organization(world.context, f"partner-{number}", f"Partner {number}") for number in range(20)]
    asked.clear()
    for act in WAYS["everything"]:
        act(world)
    # The row of the installation is there by now.
    assert len(asked) < few <= 20
    with world.context.database.reading() as session:
        for one in made:
            assert isinstance(one, Organization)
            told = [entry.kind for entry in list_activity(session, one.id, ActivityFilter(), 2)]
            assert told == [ActivityKind.SENDING_RESUMED, ActivityKind.SENDING_PAUSED]


def test_nobody_pauses_without_a_word_or_twice_and_resumes_what_is_not_paused(
    world: World, way: tuple[Act, Act]
) -> None:
    pause, resume = way
    assert isinstance(resume(world), Rejected)
    pause(world)
    assert isinstance(pause(world), Rejected)
    resume(world)
    assert isinstance(pause_organization(world.context, world.organization_id, "  "), Rejected)
    assert isinstance(pause_everything(world.context, ""), Rejected)


def test_a_sweep_finds_nothing_to_do_for_what_is_paused(world: World, way: tuple[Act, Act]) -> None:
    way[0](world)
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    world.clock.move(minutes=5)
    assert sweep(world.context).push == 0
