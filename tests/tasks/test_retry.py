from datetime import date

import pytest

from domain.delivery import EffectState
from sandbox.faults import Fault
from tasks.connections import change_settings
from tasks.organizations import PreferenceChanges, change_preferences
from tasks.retry import Rejected, RetryReport, retry_payment
from tests.world import BothInvoices, World


def retry(world: World, payment_id: str, *, create_anyway: bool = False) -> RetryReport:
    report = retry_payment(world.context, world.organization_id, payment_id, create_anyway)
    assert isinstance(report, RetryReport), report
    return report


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
        world.later(hours=1)
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
        world.later(hours=6)
    sent = world.calls("POST /finance/invoices/{id}/payments")
    for _ in range(8):
        world.later(hours=3)
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


# --- several candidates ---


def several(world: World) -> tuple[str, BothInvoices]:
    """Our answer is lost, and before we look somebody types two payments like it."""
    invoice = world.invoice("INV-1", "500.00")
    assert invoice.connectwise_id is not None
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("drop_before_commit", method="POST", path="/payments$"))
    world.notice()
    for _ in range(2):
        world.connectwise.type_payment(invoice.connectwise_id, "100.00", payment_date=date(2026, 11, 20))
    world.later(seconds=120)
    assert world.reason(payment) == "several_candidates"
    return payment, invoice


def test_after_several_candidates_a_retry_looks_again_before_it_sends(world: World) -> None:
    payment, invoice = several(world)
    retry(world, payment)
    assert world.effects(payment)[-1].maybe_sent
    world.settle()
    assert world.reason(payment) == "several_candidates"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_after_several_candidates_the_one_that_a_person_left_is_taken_for_it_and_stays_theirs(world: World) -> None:
    payment, invoice = several(world)
    world.connectwise.delete_payment(invoice.connectwise_id, world.on(invoice)[0].id)
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "adopted"
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "not_ours_to_change"
    assert world.amounts_on(invoice) == ["100.00"]


def test_several_candidates_are_looked_at_again_by_themselves(world: World) -> None:
    payment, invoice = several(world)
    for one in world.on(invoice):
        world.connectwise.delete_payment(invoice.connectwise_id, one.id)
    world.later(hours=6)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


@pytest.mark.parametrize("by_retry", [True, False])
def test_a_payment_voided_while_there_were_several_candidates_is_not_sent_again(world: World, by_retry: bool) -> None:
    payment, invoice = several(world)
    world.quickbooks.void_payment(payment)
    world.notice()
    for one in world.on(invoice):
        world.connectwise.delete_payment(invoice.connectwise_id, one.id)
    sent = world.calls("POST /finance/invoices/{id}/payments")
    if by_retry:
        retry(world, payment)
    world.later(hours=6)
    assert world.reason(payment) == "voided"
    assert world.calls("POST /finance/invoices/{id}/payments") == sent


def test_another_payment_that_takes_the_candidate_ends_the_doubt_about_the_first(world: World) -> None:
    """As the simulation found it: nobody had anything to do any more, and the payment waited for a person."""
    first_invoice, invoice = world.invoice("INV-1"), world.invoice("INV-2", "500.00")
    world.pay("10.00", (first_invoice, "10.00"))
    world.notice()  # from its answer we know under which name ConnectWise enters our payments
    world.connectwise.faults.add(Fault("drop_before_commit", method="POST", path="/payments$"))
    voided, other = (world.pay("100", (invoice, "100"), on="2026-11-20") for _ in range(2))
    world.notice()
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20))
    world.quickbooks.void_payment(voided)
    world.notice()
    world.later(seconds=91)
    world.later(hours=6)
    assert (world.reason(voided), world.reason(other)) == ("voided", "adopted")
    assert world.amounts_on(invoice) == ["100.00"]


def test_match_does_not_replace_a_retried_effect_of_several_candidates(world: World) -> None:
    payment, invoice = several(world)
    retry(world, payment)
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    world.settle()
    assert [effect.state for effect in world.effects(payment)] == [EffectState.IN_DOUBT]
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))
    world.connectwise.delete_payment(invoice.connectwise_id, world.on(invoice)[0].id)
    world.later(seconds=1)
    assert world.amounts_on(invoice) == ["100.00"]


# --- a payment that somebody removed ---


def removed_by_hand(world: World) -> tuple[str, BothInvoices]:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id)
    world.quickbooks.edit_payment(payment, total="90", lines=[(invoice.quickbooks_id, "90")])
    world.notice()
    assert world.reason(payment) == "target_payment_gone"
    return payment, invoice


def test_a_payment_that_somebody_removed_is_created_anew_after_a_retry(world: World) -> None:
    payment, invoice = removed_by_hand(world)
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["90.00"]


def test_a_payment_that_only_seemed_to_be_gone_is_not_created_beside_itself(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    # The invoice is shown without the payment for a moment.
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=200, body="[]", times=1))
    world.quickbooks.edit_payment(payment, total="90", lines=[(invoice.quickbooks_id, "90")])
    world.notice()
    assert world.reason(payment) == "target_payment_gone"
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["90.00"]


def test_a_shared_payment_that_somebody_removed_is_created_anew_with_the_sum(world: World) -> None:
    change_settings(world.context, world.target_id, {"strategy": "single"})
    world.connectwise.set_switches(second_payment="overwrite")
    invoice = world.invoice("INV-1", "500.00")
    edited, other = (world.pay("50", (invoice, "50")) for _ in range(2))
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id)
    world.quickbooks.edit_payment(edited, total="40", lines=[(invoice.quickbooks_id, "40")])
    world.notice()
    assert world.reason(edited) == "target_payment_gone"
    retry(world, edited)
    world.settle()
    assert {world.reason(edited), world.reason(other)} == {"synced"}
    assert world.amounts_on(invoice) == ["90.00"]


def test_nothing_is_forgotten_when_the_target_cannot_say_whether_it_is_gone(world: World) -> None:
    payment, invoice = removed_by_hand(world)
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=503, times=1))
    retry(world, payment)
    assert [effect.kind for effect in world.effects(payment)] == ["create", "adjust"]
    world.settle()
    assert world.amounts_on(invoice) == []


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
        (RetryReport(0, 0, 1), "1 part being sent or looked for, and left alone."),
        (RetryReport(0, 0, 0), "The payment has no parts to retry."),
    ],
)
def test_the_report_is_a_sentence(report: RetryReport, message: str) -> None:
    assert report.message == message
