"""The outside systems refuse our credentials: once, for some minutes, for good, and until somebody makes them good."""

from dataclasses import replace

import pytest

from models.connections import Connection, connection_by_id, stop_connection
from sandbox.faults import Fault
from tasks.points import Point
from tests.few import few_of
from tests.flow.doing import once_at
from tests.world import SENDERS, BothInvoices, World
from usecases.connections import test_connection as check_connection


def target(world: World) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id)


def source(world: World) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.source_id)


FIND = {"method": "GET", "path": r"/finance/invoices$"}
LOOK = {"method": "GET", "path": r"/payments$"}
CREATE = {"method": "POST", "path": r"/payments$"}
CHANGE = {"method": "PATCH", "path": r"/payments/\d+$"}
REMOVE = {"method": "DELETE", "path": r"/payments/\d+$"}
COMPANY = {"method": "GET", "path": r"/companyinfo/"}
AT_CONNECTWISE = {
    "the search for invoices": Fault("error", status=401, **FIND),
    "the search, by a gateway": Fault("error", status=401, body="html", **FIND),
    "the search in push": Fault("error", status=401, skip=1, **FIND),
    "the look at an invoice": Fault("error", status=401, **LOOK),
    "the creation": Fault("error", status=401, **CREATE),
    "the creation, by a gateway": Fault("error", status=401, body="html", **CREATE),
    "the company is not known": Fault("error", status=200, body="null", **COMPANY),
}
SHUT_OUT = (
    '{"fault":{"error":[{"message":"message=ApplicationAuthorizationFailed","code":"%s"}],"type":"AUTHORIZATION"}}'
)
AT_QUICKBOOKS = {
    "a 401": Fault("error", path="/v3/", status=401, body="html"),
    "an app not authorised": Fault("error", path="/v3/", status=403, body=SHUT_OUT % "3100"),
    "an app not authorised, in a 200": Fault("error", path="/v3/", status=200, body=SHUT_OUT % "003100"),
    "authentication failed": Fault("error", path="/v3/", status=401, body=SHUT_OUT % "3200"),
    "authentication failed, in a 200": Fault("error", path="/v3/", status=200, body=SHUT_OUT % "003200"),
}


def one_payment(world: World) -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1")
    return invoice, world.pay("60.00", (invoice, "60.00"))


# --- one refusal, or a few minutes of them ---


@pytest.mark.parametrize("fault", few_of(AT_CONNECTWISE, 3))
def test_one_refusal_of_connectwise_costs_a_moment(world: World, fault: Fault) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(fault)
    world.notice()
    assert target(world).status == "active"
    assert world.reason(payment) == "keys_doubted"
    world.later(seconds=61)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]
    assert target(world).status == "active"


@pytest.mark.parametrize("fault", few_of(AT_CONNECTWISE, 3))
def test_refusals_for_four_minutes_end_no_connection(world: World, fault: Fault) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(replace(fault, times=None))
    world.notice()
    for _ in range(8):
        world.later(seconds=30)
        assert target(world).status == "active"
        assert world.reason(payment) == "keys_doubted"
    world.connectwise.faults.clear()
    world.later(minutes=5)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


@pytest.mark.parametrize(
    ("fault", "left"),
    [(Fault("error", status=401, **CHANGE), ["70.00"]), (Fault("error", status=401, **REMOVE), [])],
    ids=["changed", "removed"],
)
def test_one_refusal_of_a_correction_costs_a_moment(world: World, fault: Fault, left: list[str]) -> None:
    invoice, payment = one_payment(world)
    world.notice()
    if left:
        world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    else:
        world.quickbooks.void_payment(payment)
    world.connectwise.faults.add(fault)
    world.notice()
    assert target(world).status == "active"
    world.later(minutes=1)
    assert world.amounts_on(invoice) == left


def test_a_refused_read_back_after_a_payment_costs_a_moment(world: World) -> None:
    from datetime import date

    invoice, payment = one_payment(world)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.connectwise.faults.add(Fault("error", status=401, skip=1, **LOOK))
    world.notice()
    assert (target(world).status, world.reason(payment)) == ("active", "synced")
    world.later(minutes=1)
    assert target(world).not_before is None or target(world).not_before <= world.clock.now()
    assert sorted(world.amounts_on(invoice)) == ["20.00", "60.00"]


@pytest.mark.parametrize("fault", few_of(AT_QUICKBOOKS, 2))
def test_one_refusal_of_quickbooks_costs_a_moment(world: World, fault: Fault) -> None:
    invoice, payment = one_payment(world)
    world.quickbooks.faults.add(fault)
    world.notice()
    assert source(world).status == "active"
    world.later(minutes=1)
    world.later(minutes=15)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


# --- for good ---


def is_refused_for(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.later(minutes=1)


def test_keys_that_stay_refused_need_a_person_and_are_tried_rarely(world: World) -> None:
    _, payment = one_payment(world)
    world.connectwise.set_keys(private_key="another one")
    world.notice()
    is_refused_for(world, 12)
    assert target(world).status == "needs_reconnect"
    assert world.reason(payment) == "target_credentials"
    calls = world.connectwise.calls.total
    for _ in range(48):
        world.later(*SENDERS, hours=1)
    assert 0 < world.connectwise.calls.total - calls <= 3 * 8, "three calls for a try, a try every few hours"
    assert (target(world).status, world.reason(payment)) == ("needs_reconnect", "target_credentials")


def test_keys_that_are_made_active_again_at_connectwise_go_on_by_themselves(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.set_keys(private_key="another one")
    world.notice()
    is_refused_for(world, 12)
    world.connectwise.set_keys(private_key="sandbox-private-key")
    world.later(minutes=61)
    assert target(world).status == "active"
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


def test_a_write_that_waited_when_the_keys_were_given_up_says_so_and_goes_on(world: World) -> None:
    invoice, payment = one_payment(world)
    here = world.context
    world.context = replace(
        here, reached=once_at(Point.PUSH_LOOKED, lambda: world.connectwise.set_keys(private_key="another one"))
    )
    world.notice()
    world.context = here
    assert world.reason(payment) == "keys_doubted"
    is_refused_for(world, 12)
    assert (target(world).status, world.reason(payment)) == ("needs_reconnect", "target_credentials")
    world.connectwise.set_keys(private_key="sandbox-private-key")
    assert check_connection(world.context, world.target_id).ok
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


def test_a_cloud_that_answers_404_to_revoked_keys_is_believed_after_some_minutes(world: World) -> None:
    _, payment = one_payment(world)
    world.connectwise.set_switches(bad_credentials=404)
    world.connectwise.set_keys(private_key="another one")
    world.notice()
    assert (target(world).status, world.reason(payment)) == ("active", "keys_doubted")
    is_refused_for(world, 12)
    assert (target(world).status, world.reason(payment)) == ("needs_reconnect", "target_credentials")


def test_quickbooks_that_shuts_us_out_needs_a_person_and_goes_on_when_it_lets_us_in(world: World) -> None:
    invoice, payment = one_payment(world)
    world.quickbooks.faults.add(Fault("forbidden", path="/v3/", times=None))
    world.notice()
    is_refused_for(world, 20)
    assert source(world).status == "needs_reconnect"
    calls = world.quickbooks.calls.total
    for _ in range(24):
        world.later(hours=1)
    assert 0 < world.quickbooks.calls.total - calls <= 8
    world.quickbooks.faults.clear()
    world.later(hours=24)
    assert source(world).status == "active"
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


# --- what the verdict is asked of ---


def test_keys_that_are_refused_for_one_kind_of_call_only_are_not_given_up(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault("error", status=401, times=None, **LOOK))
    world.notice()
    is_refused_for(world, 30)
    assert (target(world).status, target(world).pause_reason) == ("active", "target_forbidden")
    world.connectwise.faults.clear()
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


def test_while_the_judge_itself_is_not_well_nobody_is_given_up(world: World) -> None:
    one_payment(world)
    world.connectwise.faults.add(
        Fault("error", status=401, times=None, **FIND),
        Fault("error", status=503, times=None, method="GET", path="/system/info"),
    )
    world.notice()
    is_refused_for(world, 30)
    assert target(world).status == "active"


def test_many_refusals_at_one_moment_are_one_moment(world: World) -> None:
    invoices = [world.invoice(f"INV-{number}") for number in range(12)]
    payments = [world.pay("10.00", (invoice, "10.00")) for invoice in invoices]
    world.connectwise.faults.add(Fault("error", status=401, times=None, **LOOK))
    world.notice()
    assert target(world).status == "active"
    world.connectwise.faults.clear()
    world.later(minutes=2)
    assert {world.reason(one) for one in payments} == {"synced"}
    assert [world.amounts_on(one) for one in invoices] == [["10.00"]] * 12


def test_an_answer_in_between_ends_the_row(world: World) -> None:
    """Once an hour, day after day, is no row."""
    for number in range(8):
        invoice = world.invoice(f"INV-{number}")
        world.connectwise.faults.add(Fault("error", status=401, **FIND))
        payment = world.pay("10.00", (invoice, "10.00"))
        world.notice()
        world.later(hours=1)
        assert world.reason(payment) == "synced"
    assert target(world).status == "active"


def test_a_target_that_was_stopped_is_not_set_going_by_a_try(world: World) -> None:
    with world.context.database.writing() as session:
        stop_connection(session, world.target_id, "target_stopped", "a payment vanished")
    world.later(hours=30)
    assert target(world).status == "stopped"
