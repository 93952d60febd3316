"""After a lost answer: what is ours, what is somebody else's, and what is not sent again."""

from dataclasses import replace
from datetime import date

import pytest

from domain.push.effect import ATTEMPTS_MAX
from sandbox.faults import Fault
from tests.flow.doing import POST, type_in, with_strategy
from tests.world import SENDERS, World
from usecases.retry import retry_payment

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("policy", ["automatic", "hold"])
def test_a_payment_voided_while_it_was_in_doubt_is_not_sent_again(world: World, policy: str) -> None:
    world.choose(correction_policy=policy)
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    world.later(seconds=91)
    world.later(minutes=10)
    assert world.on(invoice) == []
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
    assert world.reason(payment) == "voided"


def test_a_payment_edited_while_it_was_in_doubt_is_sent_with_its_new_amount_alone(world: World) -> None:
    world.choose(correction_policy="hold")
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    world.notice()
    world.quickbooks.edit_payment(payment, total="60.00", lines=[(invoice.quickbooks_id, "60.00")])
    world.notice()
    world.later(seconds=91)
    assert world.amounts_on(invoice) == ["60.00"]
    assert world.reason(payment) == "synced"


def test_what_somebody_types_between_a_look_and_a_throttled_send_is_never_ours(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.faults.add(
        Fault(kind="drop_before_commit", times=1, **POST), Fault(kind="throttle", retry_after=3600, times=1, **POST)
    )
    world.notice()
    world.later(seconds=91)  # looked: not there; sent again: throttled for an hour
    typed = type_in(world, invoice.connectwise_id, "100.00")
    world.later(seconds=3601)
    world.later(seconds=91)
    assert world.reason(payment) == "adopted"
    world.quickbooks.void_payment(payment)
    world.notice()
    assert [one.id for one in world.on(invoice)] == [typed]


def test_what_somebody_types_after_a_look_has_ended_the_doubt_is_never_ours(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    world.notice()
    other = type_in(world, invoice.connectwise_id, "30.00")
    world.later(seconds=91)
    assert world.reason(payment) == "exceeds_balance"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, other)
    typed = type_in(world, invoice.connectwise_id, "100.00")
    world.later(hours=7)
    assert world.reason(payment) == "adopted"
    world.quickbooks.void_payment(payment)
    world.notice()
    assert [one.id for one in world.on(invoice)] == [typed]


def test_a_doubt_about_a_change_never_takes_a_typed_payment_for_ours(world: World) -> None:
    with_strategy(world, "single")
    invoice = world.invoice("INV-1", "300.00")
    world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.connectwise.faults.add(Fault(kind="commit_then_drop", method="PATCH", path="/payments", times=1))
    second = world.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    world.notice()
    typed = type_in(world, invoice.connectwise_id, "30.00")
    world.later(seconds=91)
    assert world.reason(second) == "synced"
    assert world.amounts_on(invoice) == ["30.00", "80.00"]
    world.quickbooks.void_payment(second)
    world.notice()
    assert typed in [one.id for one in world.on(invoice)]
    assert world.amounts_on(invoice) == ["30.00", "50.00"]


def test_ours_with_a_date_that_somebody_corrected_is_never_followed_by_a_second_one(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    [landed] = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id or 0, landed.id, payment_date=date(2026, 11, 19))
    world.later(seconds=91)
    assert world.reason(payment) == "several_candidates"
    world.quickbooks.edit_payment(payment, total="60.00", lines=[(invoice.quickbooks_id, "60.00")])
    world.notice()
    world.later(hours=7)
    assert len(world.on(invoice)) == 1


def test_a_payment_typed_during_the_doubt_bears_another_name_than_ours(world: World) -> None:
    first_invoice, invoice = world.invoice("INV-1"), world.invoice("INV-2", "300.00")
    world.pay("10.00", (first_invoice, "10.00"))
    world.notice()  # from its answer we know under which name ConnectWise enters our payments
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    type_in(world, invoice.connectwise_id, "100.00")
    world.later(seconds=91)
    assert world.reason(payment) == "several_candidates"
    assert world.amounts_on(invoice) == ["100.00"]


def test_the_name_tells_ours_from_a_payment_typed_during_the_doubt(world: World) -> None:
    first_invoice, invoice = world.invoice("INV-1"), world.invoice("INV-2", "300.00")
    world.pay("10.00", (first_invoice, "10.00"))
    world.notice()
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    typed = type_in(world, invoice.connectwise_id, "100.00")
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    world.quickbooks.void_payment(payment)
    world.notice()
    assert [one.id for one in world.on(invoice)] == [typed]


def test_an_older_payment_that_is_retried_waits_for_the_doubt_of_a_younger_one(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.set_switches(closed_invoice_post="reject")
    older = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    world.connectwise.set_switches(closed_invoice_post="accept")
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    younger = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    retry_payment(world.context, world.organization_id, older)
    world.settle()
    world.later(seconds=91)
    world.later(seconds=91)
    assert (world.reason(older), world.reason(younger)) == ("synced", "synced")
    assert world.amounts_on(invoice) == ["100.00", "100.00"]
    world.quickbooks.void_payment(older)
    world.notice()
    assert world.reason(older) == "reversed"


def test_a_payment_that_never_gets_an_answer_becomes_a_dead_letter_with_the_last_words(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.connectwise.faults.add(Fault(kind="error", status=500, times=None, **POST))
    world.notice()
    for _ in range(120):
        if world.reason(payment) != "attempts_exhausted":
            world.later(*SENDERS, minutes=10)
    assert world.reason(payment) == "attempts_exhausted"
    assert "HTTP 500" in world.decision(payment).detail
    sent = world.calls("POST /finance/invoices/{id}/payments")
    assert ATTEMPTS_MAX <= sent <= ATTEMPTS_MAX + 3
    world.connectwise.faults.clear()
    for _ in range(3):
        world.later(hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_an_outage_of_hours_uses_up_no_attempts(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.connectwise.faults.add(Fault(kind="error", status=503, times=None))
    world.notice()
    for _ in range(3 * ATTEMPTS_MAX):
        world.later(*SENDERS, minutes=10)
    assert world.reason(payment) != "attempts_exhausted"
    world.connectwise.faults.clear()
    world.later(hours=7)
    world.later(hours=7)
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_payment_that_changes_between_look_and_send_is_decided_again_first(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    quiet = world.context
    voided = []

    def void_it(point: object) -> None:
        if str(point) == "push.looked" and not voided:
            voided.append(point)
            world.quickbooks.void_payment(payment)
            world.context = quiet
            from tasks.catch_up.step import catch_up
            from tasks.ingest.step import ingest

            catch_up(quiet, world.source_id)
            ingest(quiet, world.source_id)

    world.context = replace(world.context, reached=void_it)
    world.notice()
    world.context = quiet
    world.later(minutes=1)
    assert voided
    assert world.calls("POST /finance/invoices/{id}/payments") == 0
    assert world.reason(payment) == "voided"


def test_a_doubt_about_an_invoice_that_is_gone_says_so(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.connectwise.remove_invoice(invoice.connectwise_id or 0)
    world.later(hours=7)
    assert world.reason(payment) == "target_invoice_missing"


@pytest.mark.parametrize(
    ("kind", "reason", "amounts"),
    [("commit_then_drop", "synced", ["50.00"]), ("drop_before_commit", "switched_off", [])],
)
def test_a_doubt_is_looked_after_while_syncing_is_switched_off(
    world: World, kind: str, reason: str, amounts: list[str]
) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault(kind=kind, times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.choose(sync_enabled=False)
    world.settle()
    world.later(seconds=91)
    world.later(hours=7)
    assert (world.reason(payment), world.amounts_on(invoice)) == (reason, amounts)
