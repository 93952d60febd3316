"""Our own records are checked with every comparison; where they break a rule, nothing more is written."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from domain.activity import ActivityKind
from domain.explanations import explain
from domain.reasons import Reason
from models.activity import ActivityFilter, list_activity
from models.connections import Role, connection_in_role
from models.invariants import BY_NAME, INVARIANTS, check_invariant
from models.organizations import Organization, organization_by_id
from tasks.context import Step
from tasks.points import Point
from tasks.push.step import push
from tests.broken_rules import BREAKS, break_rule
from tests.copying import Tool, synced_both_ways
from tests.few import few_of
from tests.flow.doing import lost_on_the_way_back, once_at
from tests.reconciling import as_person, reconciled
from tests.world import BothInvoices, World, open_world
from usecases.connection_health import facts_of
from usecases.organizations import create_organization
from usecases.results import Rejected
from usecases.stopped_writes import resume_writes

ADMIN = "admin@northwind.example"


@pytest.fixture
def synced(world: World) -> World:
    return synced_both_ways(world)


@pytest.fixture(scope="module")
def both_organizations(shared_database_url: str) -> Iterator[tuple[World, int]]:
    """A world that is looked at, and the id of another organization in the same database."""
    with open_world(shared_database_url) as world:
        other = create_organization(world.context, "contoso", "Contoso IT")
        assert isinstance(other, Organization)
        yield synced_both_ways(world), other.id


def organization_of(world: World) -> Organization:
    with world.context.database.reading() as session:
        return organization_by_id(session, world.organization_id)


def decided(world: World) -> tuple[BothInvoices, str]:
    """A payment that is decided, and waits for push."""
    invoice = world.invoice("INV-9", "50.00")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice(Step.INGEST, Step.MATCH)
    return invoice, payment


def stop(world: World) -> None:
    with world.context.database.writing() as session:
        session.execute(update(Organization).values(writes_stopped_at=world.clock.now(), writes_stopped_for=[]))


def resumed(world: World) -> Rejected | None:
    return resume_writes(as_person(world, ADMIN), world.organization_id)


def test_records_in_order_are_checked_with_each_comparison_and_nothing_stops(synced: World) -> None:
    run = reconciled(synced)
    assert [name for name, *_ in run.invariants or ()] == [one.name for one in INVARIANTS]
    assert run.broken_invariants == []
    assert organization_of(synced).may_be_written_for
    assert isinstance(resumed(synced), Rejected), "there is nothing to resume"


def test_every_invariant_is_broken_here() -> None:
    assert {one.name for one in INVARIANTS} == BREAKS.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_is_found_where_it_is_broken(both_organizations: tuple[World, int], name: str) -> None:
    world, other_id = both_organizations
    repair = break_rule(world.context.database, name)
    with world.context.database.reading() as session:
        here, there = (
            check_invariant(session, BY_NAME[name], one).violations for one in (world.organization_id, other_id)
        )
    repair()
    assert here
    if name != "endpoints_are_told":
        assert not there, "another organization's rows"
    with world.context.database.reading() as session:
        assert not check_invariant(session, BY_NAME[name], world.organization_id).violations


@pytest.mark.parametrize("name", few_of(list(BREAKS), 2))
def test_a_broken_rule_stops_the_writes_until_the_records_are_repaired_and_a_person_says_so(
    synced: World, name: str
) -> None:
    world = synced
    invoice, payment = decided(world)
    repair = break_rule(world.context.database, name)

    run = reconciled(world)

    assert name in run.broken_invariants
    assert name in (organization_of(world).writes_stopped_for or ())
    push(world.context, world.target_id)
    assert world.amounts_on(invoice) == []
    with world.context.database.reading() as session:
        target = connection_in_role(session, world.organization_id, Role.TARGET)
        assert target is not None
        (warning,) = facts_of(world.context, session, target).warnings
    assert BY_NAME[name].sentence in warning

    refused = resumed(world)
    assert isinstance(refused, Rejected)
    assert BY_NAME[name].sentence in refused.message
    assert not organization_of(world).may_be_written_for

    repair()
    assert reconciled(world).broken_invariants == []
    assert not organization_of(world).may_be_written_for, "only a person ends it"
    assert resumed(world) is None
    world.settle()
    assert world.amounts_on(invoice) == ["50.00"]
    assert world.reason(payment) == "synced"


def test_what_waits_says_why_and_what_to_do(synced: World) -> None:
    repair = break_rule(synced.context.database, "ledger_replays")
    reconciled(synced)
    invoice = synced.invoice("INV-9", "50.00")
    payment = synced.pay("50.00", (invoice, "50.00"))
    synced.notice()
    assert synced.amounts_on(invoice) == []
    assert synced.reason(payment) == "writes_stopped"
    assert explain(Reason.WRITES_STOPPED).clears_itself
    repair()
    assert resumed(synced) is None
    synced.settle()
    assert synced.amounts_on(invoice) == ["50.00"]


def test_the_stop_and_its_end_are_written_down(synced: World) -> None:
    repair = break_rule(synced.context.database, "ledger_replays")
    run = reconciled(synced)
    reconciled(synced)
    repair()
    assert resumed(synced) is None
    with synced.context.database.reading() as session:
        stopped, on = (
            list_activity(session, synced.organization_id, ActivityFilter(kind=kind), 10)
            for kind in (ActivityKind.WRITES_STOPPED, ActivityKind.WRITES_RESUMED)
        )
    assert [one.about for one in stopped] == [f"Run {run.id}"], "once, however often it is found"
    assert [(one.actor, one.changes) for one in on] == [(ADMIN, [["ledger_replays", "broken", "holds"]])]


def test_writes_stopped_while_a_batch_is_under_way_do_not_begin(synced: World) -> None:
    """The intents and the stop lock the same row: what is intended afterwards sees the stop."""
    invoice, _ = decided(synced)

    held_up = replace(synced.context, reached=once_at(Point.PUSH_CLAIMED, lambda: stop(synced)))
    push(held_up, synced.target_id)
    assert synced.amounts_on(invoice) == []
    assert resumed(synced) is None
    synced.settle()
    assert synced.amounts_on(invoice) == ["50.00"]


def test_what_only_seemed_broken_while_others_worked_stops_nothing(synced: World) -> None:
    repair = break_rule(synced.context.database, "ledger_replays")
    synced.context = replace(synced.context, reached=once_at(Point.RECONCILE_ASKED, repair))
    assert reconciled(synced).broken_invariants == []
    assert organization_of(synced).may_be_written_for


@pytest.mark.parametrize("moment", [Point.COPY_LANE_TAKEN, Point.COPY_ENTRIES_READ])
def test_the_sync_tool_writes_nothing_either(synced: World, moment: Point) -> None:
    """Stopped before it begins, or in the middle of its work."""
    tool = Tool(synced)
    tool.bill("CW-2")
    tool.refresh()
    confirmed = tool.preview("CW-2")
    context = synced.context
    synced.context = replace(context, reached=once_at(moment, lambda: stop(synced)))
    tool.confirm(confirmed)
    synced.settle()
    synced.context = context
    assert not organization_of(synced).may_be_written_for
    assert tool.in_books("CW-2") == []
    assert resumed(synced) is None
    tool.later(hours=1)
    assert len(tool.in_books("CW-2")) == 1


def test_a_send_that_may_have_arrived_is_still_looked_for(world: World) -> None:
    """A look writes nothing, and what it finds is money that would else be sent twice."""
    invoice = world.invoice("INV-1")
    payment = lost_on_the_way_back(world, invoice)
    stop(world)
    world.later(hours=1)
    assert world.amounts_on(invoice) == ["50.00"]
    assert world.reason(payment) == "synced"
