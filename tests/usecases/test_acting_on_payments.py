"""A person dismisses a payment, takes one back, marks one as our own, or lets it be synced after all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.payment_actions import PaymentAction
from models.activity import ActivityFilter, list_activity
from models.invariants import check_invariants
from models.views.story import payment_story
from sandbox.faults import Fault
from tests.flow.doing import type_in, with_strategy
from tests.usecases.retrying import retry
from tests.world import BothInvoices, World
from usecases.acting_on_payments import PAYMENTS_PER_ACTION_MAX, Stakes, act_on_payments, preview_action
from usecases.results import Rejected
from usecases.words import words_of

DISMISS, TAKE_BACK = PaymentAction.DISMISS, PaymentAction.TAKE_BACK
OWN, AFTER_ALL, RETRY = PaymentAction.MARK_OWN, PaymentAction.SYNC_AFTER_ALL, PaymentAction.RETRY
ANN = "ann@northwind.example"


def act(world: World, action: PaymentAction, *payments: str, why: str = "it is settled by hand") -> Stakes:
    report = act_on_payments(replace(world.context, actor=ANN), world.organization_id, action, payments, why)
    assert isinstance(report, Stakes), report
    world.settle()
    with world.context.database.reading() as session:
        assert [one.name for one in check_invariants(session) if one.ids] == []
    return report


def refusal(world: World, action: PaymentAction, payment: str) -> str:
    (one,) = act(world, action, payment).payments
    return one.why_not


def synced(world: World, number: str = "INV-1", amount: str = "100.00") -> tuple[BothInvoices, str]:
    invoice = world.invoice(number, amount)
    payment = world.pay(amount, (invoice, amount))
    world.notice()
    assert world.reason(payment) == "synced"
    return invoice, payment


def held(world: World, number: str = "INV-1") -> tuple[BothInvoices, str]:
    invoice = world.invoice(number, connectwise_total="90.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "total_differs"
    return invoice, payment


def next_of(world: World, payment: str) -> str:
    with world.context.database.reading() as session:
        words = words_of(session, world.organization_id)
        story = payment_story(session, world.organization_id, payment, words, world.clock.now())
    assert story is not None
    return story.next


def activity(world: World, payment: str) -> list[tuple[str, str, str]]:
    chosen = ActivityFilter(payment_id=payment)
    with world.context.database.reading() as session:
        return [(one.kind, one.actor, one.about) for one in list_activity(session, world.organization_id, chosen, 10)]


# --- dismissing ---


def test_what_is_dismissed_is_skipped_and_nothing_is_sent_even_when_the_cause_is_gone(world: World) -> None:
    invoice, payment = held(world)
    act(world, DISMISS, payment)
    assert world.reason(payment) == "dismissed"
    assert next_of(world, payment) == "Nothing; it was skipped."
    world.connectwise.edit_invoice(invoice.connectwise_id, total="100.00")
    world.later(days=2)
    assert world.reason(payment) == "dismissed"
    assert world.amounts_on(invoice) == []
    about = "100.00 USD from Cascade Dental, 2026-11-20: it is settled by hand"
    assert activity(world, payment) == [("payment_dismissed", ANN, about)]


def test_a_dismissal_ends_when_the_payment_changes(world: World) -> None:
    invoice, payment = held(world)
    act(world, DISMISS, payment)
    world.quickbooks.edit_payment(payment, total="90.00", lines=[(invoice.quickbooks_id, "90.00")])
    world.notice()
    assert world.reason(payment) == "total_differs"


def test_a_dismissal_of_a_wanted_change_leaves_what_is_there(world: World) -> None:
    invoice, payment = synced(world)
    world.choose(correction_policy="hold")
    world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    world.notice()
    assert world.reason(payment) == "correction_needs_approval"
    act(world, DISMISS, payment)
    assert world.reason(payment) == "dismissed"
    world.choose(correction_policy="automatic")
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]
    act(world, AFTER_ALL, payment)
    assert world.amounts_on(invoice) == ["80.00"]


def test_a_part_that_is_in_order_stays_synced_when_the_rest_is_dismissed(world: World) -> None:
    good, bad = world.invoice("INV-1"), world.invoice("INV-2", connectwise_total="90.00")
    payment = world.pay("200", (good, "100"), (bad, "100"))
    world.notice()
    act(world, DISMISS, payment)
    assert (world.reason(payment, good), world.reason(payment, bad)) == ("synced", "dismissed")
    assert world.amounts_on(good) == ["100.00"]


def test_a_dismissal_says_why(world: World) -> None:
    _, payment = held(world)
    answer = act_on_payments(world.context, world.organization_id, DISMISS, [payment], "  ")
    assert answer == Rejected("Say in a few words why, so that others understand it later.")


# --- taking back ---


def test_what_is_taken_back_leaves_both_systems_as_if_it_had_never_been_synced(world: World) -> None:
    invoice, payment = synced(world)
    report = act(world, TAKE_BACK, payment)
    assert report.sums == ((Decimal("100.00"), "USD"),)
    assert world.amounts_on(invoice) == []
    assert world.balance_of(invoice) == "100.00"
    assert world.reason(payment) == "taken_back"
    world.later(days=2)
    world.notice()
    assert world.amounts_on(invoice) == []
    assert next_of(world, payment) == "Nothing; it was skipped."


def test_what_was_taken_back_is_synced_once_after_all(world: World) -> None:
    invoice, payment = synced(world)
    act(world, TAKE_BACK, payment)
    act(world, AFTER_ALL, payment)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"
    world.later(days=2)
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_take_back_holds_through_every_later_change(world: World) -> None:
    invoice, payment = synced(world)
    act(world, TAKE_BACK, payment)
    world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    world.notice()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("taken_back", [])


def test_a_take_back_needs_no_other_approval(world: World) -> None:
    invoice, payment = synced(world)
    world.choose(correction_policy="hold")
    world.settle()
    act(world, TAKE_BACK, payment)
    assert world.amounts_on(invoice) == []


def test_what_a_person_typed_in_connectwise_is_not_ours_to_take_back(world: World) -> None:
    ours, theirs = world.invoice("INV-1"), world.invoice("INV-2")
    type_in(world, theirs.connectwise_id, "50.00")
    payment = world.pay("150", (ours, "100"), (theirs, "50"))
    world.notice()
    assert (world.reason(payment, ours), world.reason(payment, theirs)) == ("synced", "adopted")
    report = act(world, TAKE_BACK, payment)
    assert report.sums == ((Decimal("100.00"), "USD"),)
    assert (world.amounts_on(ours), world.amounts_on(theirs)) == ([], ["50.00"])
    assert (world.reason(payment, ours), world.reason(payment, theirs)) == ("taken_back", "adopted")


def test_one_of_two_payments_that_share_one_in_connectwise_is_taken_back(world: World) -> None:
    with_strategy(world, "single")
    invoice = world.invoice("INV-1")
    first = world.pay("60", (invoice, "60"))
    world.notice()
    second = world.pay("40", (invoice, "40"))
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    act(world, TAKE_BACK, first)
    assert world.amounts_on(invoice) == ["40.00"]
    assert (world.reason(first), world.reason(second)) == ("taken_back", "synced")


def test_a_payment_that_was_changed_there_is_not_removed(world: World) -> None:
    invoice, payment = synced(world)
    (there,) = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id or 0, there.id, amount="70.00")
    act(world, TAKE_BACK, payment)
    assert world.amounts_on(invoice) == ["70.00"]
    assert world.reason(payment) != "taken_back"


def test_a_take_back_whose_answer_is_lost_is_finished_later(world: World) -> None:
    invoice, payment = synced(world)
    world.connectwise.faults.add(Fault("commit_then_drop", method="DELETE", path="/payments/"))
    act(world, TAKE_BACK, payment)
    world.later(minutes=10)
    assert (world.amounts_on(invoice), world.reason(payment)) == ([], "taken_back")


def test_nothing_is_taken_back_while_the_sync_is_off(world: World) -> None:
    _, payment = synced(world)
    world.choose(sync_enabled=False)
    world.settle()
    answer = preview_action(world.context, world.organization_id, TAKE_BACK, [payment])
    assert isinstance(answer, Rejected)
    assert "switched off" in answer.message


def test_voided_in_quickbooks_after_it_was_taken_back_needs_nothing_more(world: World) -> None:
    invoice, payment = synced(world)
    act(world, TAKE_BACK, payment)
    world.quickbooks.void_payment(payment)
    world.notice()
    assert (world.amounts_on(invoice), world.reason(payment)) == ([], "reversed")


# --- our own ---


def test_a_held_payment_is_marked_as_our_own_and_external_again(world: World) -> None:
    _, payment = held(world)
    act(world, OWN, payment)
    assert world.reason(payment) == "own_payment"
    act(world, AFTER_ALL, payment)
    assert world.reason(payment) == "total_differs"


# --- what cannot be done says why ---


def test_what_cannot_be_done_says_why_and_changes_nothing(world: World) -> None:
    _, done = synced(world)
    _, waiting = held(world, "INV-2")
    assert refusal(world, DISMISS, done) == "It is synced, so there is nothing to dismiss."
    assert refusal(world, RETRY, done) == "It is synced."
    assert refusal(world, OWN, done) == "It is synced as an external payment; take it back first."
    assert refusal(world, TAKE_BACK, waiting) == "We have entered nothing for it, so there is nothing to take back."
    assert refusal(world, AFTER_ALL, waiting) == "Nobody has left it out."
    assert activity(world, done) == activity(world, waiting) == []


def test_nothing_is_done_while_nobody_knows_what_became_of_it(world: World) -> None:
    payment = world.pay("100", (world.invoice("INV-1"), "100"))
    world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$"))
    world.notice()
    assert world.reason(payment) == "in_doubt"
    for action in (DISMISS, TAKE_BACK, OWN):
        stakes = preview_action(world.context, world.organization_id, action, [payment])
        assert isinstance(stakes, Stakes)
        assert stakes.refused[0].why_not.startswith("It is being sent, or was sent")


def test_many_are_previewed_with_their_sum_and_done_at_once(world: World) -> None:
    paid = [held(world, f"INV-{number}")[1] for number in range(3)]
    _, done = synced(world, "INV-9")
    stakes = preview_action(world.context, world.organization_id, DISMISS, [*paid, done])
    assert isinstance(stakes, Stakes)
    assert (len(stakes.possible), stakes.sums) == (3, ((Decimal("300.00"), "USD"),))
    assert stakes.refusals == (("It is synced, so there is nothing to dismiss.", 1),)
    assert {world.reason(one) for one in paid} == {"total_differs"}
    assert len(act(world, DISMISS, *paid, done).possible) == 3
    assert {world.reason(one) for one in paid} == {"dismissed"}
    assert len(act(world, DISMISS, *paid).refused) == 3


def test_many_held_payments_are_retried_at_once(world: World) -> None:
    invoices, paid = zip(*[held(world, f"INV-{number}") for number in range(3)], strict=True)
    for invoice in invoices:
        world.connectwise.edit_invoice(invoice.connectwise_id, total="100.00")
    act(world, RETRY, *paid)
    assert [world.amounts_on(invoice) for invoice in invoices] == [["100.00"]] * 3


def test_a_single_retry_of_what_is_left_out_changes_nothing(world: World) -> None:
    invoice, payment = synced(world)
    act(world, TAKE_BACK, payment)
    retry(world, payment)
    world.settle()
    assert world.amounts_on(invoice) == []


@pytest.mark.parametrize("count", [0, PAYMENTS_PER_ACTION_MAX + 1])
def test_too_few_and_too_many_are_refused(world: World, count: int) -> None:
    ids = [str(number) for number in range(count)]
    assert isinstance(preview_action(world.context, world.organization_id, DISMISS, ids), Rejected)
    assert isinstance(act_on_payments(world.context, world.organization_id, DISMISS, ids, "why"), Rejected)


def test_payments_of_others_are_not_there(world: World) -> None:
    _, payment = held(world)
    assert preview_action(world.context, world.organization_id + 1, DISMISS, [payment]) == Rejected(
        "There are no such payments."
    )
