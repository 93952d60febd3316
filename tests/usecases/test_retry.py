from datetime import date

import pytest

from domain.push.effect import EffectState
from sandbox.faults import Fault
from tasks.letting_go import RetryReport
from tests.usecases.retrying import retry
from tests.world import SENDERS, BothInvoices, World
from usecases.results import Rejected
from usecases.retry import retry_payment


def refused(world: World, *, times: int = 1) -> Fault:
    return Fault("error", method="POST", path="/payments$", status=400, times=times)


def test_a_refused_payment_goes_again_after_a_retry(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(refused(world))
    world.notice()
    assert world.reason(payment) == "target_refused"
    assert retry(world, payment).message == "1 part tried again now."
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def dead_letter(world: World) -> tuple[BothInvoices, str]:
    """ConnectWise says for days that the invoice is in use."""
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=409, times=None))
    world.notice()
    for _ in range(14):
        world.later(*SENDERS, hours=1)
    assert world.reason(payment) == "attempts_exhausted"
    return invoice, payment


def test_a_dead_effect_starts_over_with_all_its_attempts(world: World) -> None:
    invoice, payment = dead_letter(world)
    world.connectwise.faults.clear()
    retry(world, payment)
    assert world.effects(payment)[-1].attempts == 0
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_dead_letter_whose_cause_is_gone_needs_no_click(world: World) -> None:
    invoice, payment = dead_letter(world)
    world.connectwise.faults.clear()
    world.later(hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_dead_letter_whose_cause_stays_is_sent_rarely(world: World) -> None:
    _, payment = dead_letter(world)
    for _ in range(4):
        world.later(*SENDERS, hours=6)
    sent = world.calls("POST /finance/invoices/{id}/payments")
    for _ in range(8):
        world.later(*SENDERS, hours=3)
    assert world.reason(payment) == "attempts_exhausted"
    assert world.calls("POST /finance/invoices/{id}/payments") - sent <= 5


def test_a_hold_without_an_effect_is_decided_again(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    assert retry(world, payment).decided_again == 1
    world.settle()
    assert world.reason(payment) == "synced"


def test_a_retry_of_what_is_done_changes_nothing(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    retry(world, payment)
    retry(world, payment)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]


def test_what_is_on_the_wire_is_left_alone(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$"))
    world.notice()
    (effect,) = world.effects(payment)
    report = retry(world, payment)
    assert (report.on_the_wire, report.revived) == (1, 0)
    (after,) = world.effects(payment)
    assert (after.state, after.due_at) == (EffectState.IN_DOUBT, effect.due_at)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]
    world.later(seconds=120)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_payment_that_rests_between_two_tries_need_not_wait(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=409))
    world.notice()
    (effect,) = world.effects(payment)
    assert effect.due_at > world.clock.now()
    assert retry(world, payment).revived == 1
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]


# --- twins ---


def twin(world: World, *, on: str = "2026-11-21") -> tuple[str, BothInvoices]:
    invoice = world.invoice("INV-1", "500.00")
    assert invoice.connectwise_id is not None
    world.connectwise.type_payment(invoice.connectwise_id, "100.00", payment_date=date.fromisoformat(on))
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    return payment, invoice


def test_a_plain_retry_does_not_create_beside_a_similar_payment(world: World) -> None:
    payment, invoice = twin(world)
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "twin_nearby"
    assert world.amounts_on(invoice) == ["100.00"]


def test_create_anyway_creates_it_once(world: World) -> None:
    payment, invoice = twin(world)
    retry(world, payment, create_anyway=True)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]
    retry(world, payment)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_create_anyway_is_only_for_what_is_held_beside_a_similar_payment(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(refused(world))
    world.notice()
    answer = retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    assert isinstance(answer, Rejected)
    assert world.effects(payment)[-1].state == EffectState.HELD


# --- what cannot be retried ---


def test_an_unknown_payment_is_refused(world: World) -> None:
    assert retry_payment(world.context, world.organization_id, "4711") == Rejected("There is no payment 4711.")


def test_another_organizations_payment_is_refused(world: World) -> None:
    payment = world.pay("100")
    world.notice()
    answer = retry_payment(world.context, world.organization_id + 1, payment)
    assert answer == Rejected(f"There is no payment {payment}.")


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (RetryReport(2, 0, 0), "2 parts tried again now."),
        (RetryReport(1, 1, 0), "1 part tried again now; 1 part decided again now."),
        (RetryReport(0, 0, 1), "1 part being sent or looked for, so left alone."),
        (RetryReport(0, 0, 0), "The payment has no parts to retry."),
    ],
)
def test_the_report_is_a_sentence(report: RetryReport, message: str) -> None:
    assert report.message == message
