"""The API member's role lacks a permission: it is said, nobody has to connect again, and it goes on when the role is right."""

from dataclasses import replace

import pytest

from models.connections import Connection, connection_by_id
from models.organizations import organization_by_id
from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import once_at
from tests.world import BothInvoices, World
from usecases.connection_health import facts_of
from usecases.connections import test_connection as check_connection
from web.connections import places_of

POST = {"method": "POST", "path": r"/payments$"}


def target(world: World) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id)


def warnings(world: World) -> str:
    with world.context.database.reading() as session:
        return " ".join(facts_of(world.context, session, target(world)).warnings)


def on_the_dashboard(world: World) -> tuple[str, str]:
    with world.context.database.reading() as session:
        organization = organization_by_id(session, world.organization_id)
        health = places_of(world.context, session, organization)[1].health
    assert health is not None
    return health.label, health.pause_sentence


def may_not_read_from(world: World, point: Point) -> None:
    """While push works, somebody takes the right to read away."""
    here = world.context

    def taken_away() -> None:
        world.connectwise.set_permissions(inquire=False)

    world.context = replace(here, reached=once_at(point, taken_away))
    world.notice()
    world.context = here


def test_a_right_that_is_missing_for_reading_is_said_and_clears_itself(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.set_permissions(inquire=False)
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    assert world.reason(payment) == "target_forbidden"
    assert (target(world).status, target(world).pause_reason) == ("active", "target_forbidden")
    assert "Inquire All" in warnings(world)
    label, sentence = on_the_dashboard(world)
    assert label == "Paused"
    assert "lacks a permission" in sentence
    world.connectwise.set_permissions(inquire=True)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert warnings(world) == ""


def test_a_right_that_stays_missing_is_asked_for_rarely_and_said_once(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.set_permissions(inquire=False)
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    decided_at, calls = world.decision(payment).decided_at, world.connectwise.calls.total
    for _ in range(60):
        world.later(minutes=1)
    assert world.decision(payment).decided_at == decided_at
    assert world.connectwise.calls.total - calls <= 12


def test_a_test_of_the_connection_says_which_right_is_missing_and_ends_the_pause_when_it_is_there(
    world: World,
) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.set_permissions(inquire=False)
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    failed = check_connection(world.context, world.target_id)
    assert not failed.ok
    assert "Inquire All" in failed.lines[0]
    world.connectwise.set_permissions(inquire=True)
    assert check_connection(world.context, world.target_id).ok
    world.settle()
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("point", [Point.PUSH_CLAIMED, Point.PUSH_INVOICES_READ])
def test_a_right_taken_away_before_the_look_is_said_with_a_new_payment(world: World, point: Point) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("50.00", (invoice, "50.00"))
    may_not_read_from(world, point)
    assert world.reason(payment) == "target_forbidden"
    assert target(world).status == "active"
    world.connectwise.set_permissions(inquire=True)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["50.00"]


def synced_and_edited(world: World) -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    return invoice, payment


def test_a_right_taken_away_before_the_look_is_said_with_a_correction(world: World) -> None:
    invoice, payment = synced_and_edited(world)
    world.connectwise.set_permissions(inquire=False)
    world.notice()
    assert world.reason(payment) == "target_forbidden"
    for _ in range(5):
        world.later(hours=7)
    assert world.reason(payment) == "target_forbidden"
    world.connectwise.set_permissions(inquire=True)
    world.later(hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["70.00"]


def test_a_right_that_is_missing_for_writing_is_held_and_a_forbidden_read_does_not_cancel_it(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.set_permissions(edit=False)
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    [held] = world.effects(payment)
    world.connectwise.set_permissions(inquire=False)
    world.later(hours=1)
    assert [(effect.id, effect.state) for effect in world.effects(payment)] == [(held.id, "held")]
    world.connectwise.set_permissions(inquire=True, edit=True)
    world.later(hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["50.00"]


def test_a_doubt_stays_a_doubt_while_the_look_is_forbidden(world: World) -> None:
    world.learn_our_name()
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault("commit_then_drop", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.connectwise.set_permissions(inquire=False)
    world.later(seconds=91)
    world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    world.notice()
    assert world.reason(payment) == "in_doubt"
    world.connectwise.set_permissions(inquire=True)
    for _ in range(3):
        world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["70.00"]
