"""ConnectWise says 404 to much: to keys, to a codebase that has moved, to what is missing. A look tells which it is."""

from dataclasses import replace

import pytest

from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import POST_PAYMENT, once_at, one_payment
from tests.world import World


def test_a_404_of_a_creation_whose_invoice_is_there_is_sent_again_after_a_look(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault("error", status=404, times=1, **POST_PAYMENT))
    world.notice()
    assert world.reason(payment) == "in_doubt"
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_keys_revoked_between_look_and_creation_are_not_told_as_a_missing_invoice(world: World) -> None:
    _, payment = one_payment(world)
    here = world.context

    def revoked() -> None:
        world.connectwise.set_switches(bad_credentials=404)
        world.connectwise.set_keys(private_key="another")

    world.context = replace(here, reached=once_at(Point.PUSH_INTENDED, revoked))
    world.notice()
    world.context = here
    assert world.reason(payment) == "keys_doubted"
    for _ in range(5):
        world.later(minutes=3)
    assert world.reason(payment) == "target_credentials"


def test_a_payment_that_only_seemed_to_be_gone_is_changed_after_another_look(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.connectwise.faults.add(Fault("error", method="PATCH", path="/payments/", status=404))
    world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    world.notice()
    assert world.reason(payment) == "in_doubt"
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["70.00"]


@pytest.mark.parametrize("body", [None, "{}"])
def test_a_site_that_once_does_not_tell_where_its_api_is_disconnects_nobody(world: World, body: str | None) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault("error", path="companyinfo", status=404 if body is None else 200, body=body))
    world.notice()
    assert world.reason(payment) == "target_unreachable"
    world.later(minutes=10)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]
