"""An answer was lost, and what is on the invoice may be ours or somebody's: nobody guesses, nothing waits for ever."""

import io
from collections.abc import Callable
from datetime import date

import pytest

from domain.push.effect import Doubt, EffectState
from sandbox.faults import Fault
from tests.flow.doing import POST, lost_on_the_way_back, type_in
from tests.world import BothInvoices, World
from usecases.invoice_import import import_invoices
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.retry import retry_payment


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
    retry_payment(world.context, world.organization_id, payment)
    assert world.effects(payment)[-1].doubt == Doubt.ASKED
    world.settle()
    assert world.reason(payment) == "several_candidates"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_after_several_candidates_the_one_that_a_person_left_is_taken_for_it_and_stays_theirs(world: World) -> None:
    payment, invoice = several(world)
    world.connectwise.delete_payment(invoice.connectwise_id, world.on(invoice)[0].id)
    retry_payment(world.context, world.organization_id, payment)
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
        retry_payment(world.context, world.organization_id, payment)
    world.later(hours=6)
    assert world.reason(payment) == "voided"
    assert world.calls("POST /finance/invoices/{id}/payments") == sent


def becomes_our_own(world: World, payment: str, _invoice: BothInvoices) -> None:
    world.is_own(payment)


def belongs_elsewhere(world: World, _payment: str, invoice: BothInvoices) -> None:
    """The partner's own file says that another ConnectWise invoice is meant."""
    right = world.connectwise.add_invoice("INV-1X", "500.00", company_name="Cascade Dental", currency="USD")
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    row = f"INV-1,sync_tool,{invoice.quickbooks_id},{right},500.00,USD,Cascade Dental"
    import_invoices(world.context, world.organization_id, io.StringIO(f"{header}\n{row}\n"))
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, number="OLD")
    world.connectwise.edit_invoice(right, number="INV-1")


def may_not_be_synced(world: World, _payment: str, _invoice: BothInvoices) -> None:
    world.choose(sync_tool_enabled=True, sync_mode="disabled")


@pytest.mark.parametrize(
    ("event", "reason"),
    [(becomes_our_own, "own_payment"), (belongs_elsewhere, "synced"), (may_not_be_synced, "mode_disabled")],
)
@pytest.mark.parametrize("by_retry", [True, False])
def test_what_is_true_by_then_is_decided_when_the_several_candidates_are_gone(
    world: World, event: Callable[[World, str, BothInvoices], None], reason: str, by_retry: bool
) -> None:
    payment, invoice = several(world)
    event(world, payment, invoice)
    world.settle()
    for one in world.on(invoice):
        world.connectwise.delete_payment(invoice.connectwise_id, one.id)
    if by_retry:
        retry_payment(world.context, world.organization_id, payment)
        world.settle()
    world.later(hours=7)
    assert world.on(invoice) == []
    assert world.reason(payment) == reason


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
    retry_payment(world.context, world.organization_id, payment)
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    world.settle()
    assert [effect.state for effect in world.effects(payment)] == [EffectState.HELD]
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))
    world.connectwise.delete_payment(invoice.connectwise_id, world.on(invoice)[0].id)
    world.later(seconds=1)
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_doubt_survives_a_retry_while_the_invoice_cannot_be_seen(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = lost_on_the_way_back(world, invoice)
    typed = type_in(world, invoice.connectwise_id, "50.00")
    world.later(seconds=91)
    assert world.reason(payment) == "several_candidates"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    world.connectwise.faults.add(Fault(kind="error", status=404, times=1, method="GET", path=r"/payments$"))
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    world.quickbooks.edit_payment(payment, total="60.00", lines=[(invoice.quickbooks_id, "60.00")])
    world.notice()
    world.later(minutes=5)
    assert len(world.on(invoice)) == 1


@pytest.mark.parametrize("day", [19, 10])
def test_ours_with_a_date_that_somebody_changed_is_not_sent_again(world: World, day: int) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = lost_on_the_way_back(world, invoice)
    [landed] = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id or 0, landed.id, payment_date=date(2026, 11, day))
    world.later(seconds=91)
    assert world.amounts_on(invoice) == ["50.00"]
    assert world.reason(payment) == "several_candidates"


def test_ours_with_an_amount_that_somebody_changed_is_known_by_our_name(world: World) -> None:
    other, invoice = world.invoice("INV-0"), world.invoice("INV-1", "300.00")
    world.pay("10.00", (other, "10.00"))
    world.notice()  # from its answer we know under which name ConnectWise enters our payments
    payment = lost_on_the_way_back(world, invoice)
    [landed] = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id or 0, landed.id, amount="49.00")
    world.later(seconds=91)
    assert world.amounts_on(invoice) == ["49.00"]
    assert world.reason(payment) == "several_candidates"


def test_that_a_twin_is_other_money_says_nothing_about_ours_with_a_changed_date(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 19))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    world.settle()
    landed = world.on(invoice)[-1]
    world.connectwise.change_payment(invoice.connectwise_id or 0, landed.id, payment_date=date(2026, 11, 21))
    world.later(seconds=91)
    assert world.amounts_on(invoice) == ["50.00", "50.00"]


def test_what_somebody_typed_in_the_doubt_about_the_first_payment_of_all_is_never_removed(world: World) -> None:
    """We have not learned our name yet, so that nobody can tell the two apart."""
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    typed = type_in(world, invoice.connectwise_id, "50.00")
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    for known in (False, True):
        if known:
            world.learn_our_name()
        world.quickbooks.void_payment(payment)
        world.notice()
        world.later(hours=7)
        assert world.reason(payment) == "not_ours_to_change"
        assert [one.id for one in world.on(invoice)] == [typed]


@pytest.mark.parametrize("change", ["void", "edit"])
def test_what_a_look_found_is_corrected_once_we_know_our_name(world: World, change: str) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = lost_on_the_way_back(world, invoice)
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    if change == "void":
        world.quickbooks.void_payment(payment)
    else:
        world.quickbooks.edit_payment(payment, total="60.00", lines=[(invoice.quickbooks_id, "60.00")])
    world.notice()
    assert world.reason(payment) == "not_ours_to_change"
    world.learn_our_name()
    world.later(hours=7)
    assert world.reason(payment) == ("reversed" if change == "void" else "synced")
    assert world.amounts_on(invoice) == ([] if change == "void" else ["60.00"])
