"""What people do in ConnectWise by hand is seen, and clears what waited for it."""

import io
from datetime import date

import pytest

from sandbox.faults import Fault
from tasks.match.hand_corrections import LOOKS_PER_BATCH
from tests.flow.doing import type_in
from tests.world import SENDERS, BothInvoices, World
from usecases.invoice_import import import_invoices
from usecases.retry import retry_payment

TWENTIETH = date(2026, 11, 20)


def adopted(world: World) -> tuple[BothInvoices, str, int]:
    """A payment that somebody had typed, and that we linked."""
    invoice = world.invoice("INV-1", "300.00")
    typed = world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=TWENTIETH)
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "adopted"
    return invoice, payment, typed


def test_a_typed_payment_that_is_removed_by_hand_after_a_void_clears_the_hold(world: World) -> None:
    invoice, payment, typed = adopted(world)
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "not_ours_to_change"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    world.later(hours=1)
    assert world.reason(payment) == "corrected_by_hand"
    again = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    assert world.reason(again) == "synced"


def test_a_typed_payment_that_is_edited_by_hand_after_an_edit_clears_the_hold(world: World) -> None:
    invoice, payment, typed = adopted(world)
    world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    world.notice()
    assert world.reason(payment) == "not_ours_to_change"
    world.connectwise.change_payment(invoice.connectwise_id or 0, typed, amount="70.00")
    world.later(hours=1)
    assert world.reason(payment) == "corrected_by_hand"
    assert world.amounts_on(invoice) == ["70.00"]


@pytest.mark.parametrize("removed", [True, False])
def test_a_correction_that_needed_approval_and_was_made_by_hand_is_seen(world: World, *, removed: bool) -> None:
    world.choose(correction_policy="hold")
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "correction_needs_approval"
    if removed:
        [there] = world.on(invoice)
        world.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    world.later(hours=1)
    assert world.reason(payment) == ("corrected_by_hand" if removed else "correction_needs_approval")


def test_a_reversed_payment_stays_reversed_when_everything_is_decided_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    world.choose(twin_policy="hold")
    world.settle()
    assert world.reason(payment) == "reversed"


def test_what_a_person_removed_is_not_said_to_be_removed_by_us_when_everything_is_decided_again(world: World) -> None:
    invoice, payment, typed = adopted(world)
    world.quickbooks.void_payment(payment)
    world.notice()
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    world.later(hours=1)
    before = world.decision(payment)
    assert (before.reason, before.action) == ("corrected_by_hand", "reverse")
    world.choose(twin_policy="hold")
    world.settle()
    assert world.decision(payment).id == before.id, "the same again is no news"


def test_a_payment_that_somebody_removed_in_connectwise_is_created_again_by_a_retry(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    [there] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["40.00"]


@pytest.fixture
def single(world: World) -> World:
    from tests.flow.doing import with_strategy

    with_strategy(world, "single")
    return world


def test_a_shared_payment_that_somebody_removed_holds_the_next_one_until_a_retry(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    first = single.pay("50.00", (invoice, "50.00"))
    single.notice()
    [there] = single.on(invoice)
    single.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    second = single.pay("30.00", (invoice, "30.00"))
    single.notice()
    assert single.reason(second) == "target_payment_gone"
    retry_payment(single.context, single.organization_id, second)
    single.settle()
    single.later(minutes=5)
    assert (single.reason(first), single.reason(second)) == ("synced", "synced")
    assert single.amounts_on(invoice) == ["80.00"]


def test_taking_back_a_part_of_a_shared_payment_that_somebody_removed_is_done(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    single.pay("50.00", (invoice, "50.00"))
    second = single.pay("30.00", (invoice, "30.00"))
    single.notice()
    [there] = single.on(invoice)
    single.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    single.quickbooks.void_payment(second)
    single.notice()
    assert single.reason(second) == "reversed"


@pytest.mark.parametrize("policy", ["automatic", "hold"])
def test_a_link_to_another_invoice_moves_the_payment_there(world: World, policy: str) -> None:
    world.choose(correction_policy=policy)
    wrong = world.invoice("INV-1")
    right = world.connectwise.add_invoice("INV-1X", "100.00", company_name="Cascade Dental", currency="USD")
    payment = world.pay("40.00", (wrong, "40.00"))
    world.notice()
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    row = f"INV-1,sync_tool,{wrong.quickbooks_id},{right},100.00,USD,Cascade Dental"
    import_invoices(world.context, world.organization_id, io.StringIO(f"{header}\n{row}\n"))
    world.connectwise.edit_invoice(wrong.connectwise_id or 0, number="OLD")
    world.connectwise.edit_invoice(right, number="INV-1")
    world.settle()
    on_the_right_one = [str(one.amount) for one in world.connectwise.invoice(right).payments]
    if policy == "hold":
        assert world.reason(payment) == "correction_needs_approval"
        assert (world.amounts_on(wrong), on_the_right_one) == (["40.00"], [])
    else:
        assert world.reason(payment) == "synced"
        assert (world.amounts_on(wrong), on_the_right_one) == ([], ["40.00"])


def test_that_a_payment_is_other_money_is_said_about_the_one_that_was_there(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 19))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    world.settle()
    assert world.amounts_on(invoice) == ["50.00", "50.00"]
    world.quickbooks.split_payment(payment, [])
    world.notice()
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 20))
    world.quickbooks.split_payment(payment, [(invoice.quickbooks_id, "50.00")])
    world.notice()
    assert world.amounts_on(invoice) == ["50.00", "50.00"]
    assert world.reason(payment, invoice) == "adopted"


def called_other_money_and_not_yet_sent(world: World) -> tuple[BothInvoices, str]:
    """A person has said "create anyway" beside one similar payment, and ConnectWise asks us to wait."""
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 19))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.connectwise.faults.add(Fault("throttle", method="POST", path="/payments$", retry_after=600, times=1))
    retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    world.settle()
    return invoice, payment


def test_what_is_typed_after_a_person_called_another_one_other_money_is_asked_about_as_ever(world: World) -> None:
    invoice, payment = called_other_money_and_not_yet_sent(world)
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 20))
    world.later(hours=1)
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["50.00", "50.00"]


def test_a_second_similar_payment_typed_nearby_is_held_and_create_anyway_is_said_of_both(world: World) -> None:
    invoice, payment = called_other_money_and_not_yet_sent(world)
    type_in(world, invoice.connectwise_id, "50.00", date(2026, 11, 21))
    world.later(hours=1)
    assert world.reason(payment) == "twin_nearby"
    retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["50.00", "50.00", "50.00"]


def many_voided(world: World) -> tuple[list[BothInvoices], list[str]]:
    """More corrections that need approval than match looks at in one batch."""
    world.choose(correction_policy="hold")
    invoices = [world.invoice(f"INV-{number}") for number in range(LOOKS_PER_BATCH + 2)]
    payments = [world.pay("100.00", (invoice, "100.00")) for invoice in invoices]
    world.notice()
    for payment in payments:
        world.quickbooks.void_payment(payment)
    world.notice()
    return invoices, payments


def remove_by_hand(world: World, invoice: BothInvoices) -> None:
    [there] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)


def test_corrections_that_had_no_turn_have_it_soon(world: World) -> None:
    invoices, payments = many_voided(world)
    for invoice in invoices:
        remove_by_hand(world, invoice)
    world.later(hours=7)
    world.later(minutes=10)
    assert {world.reason(payment) for payment in payments} == {"corrected_by_hand"}


def test_a_correction_has_its_turn_although_ten_others_are_never_made(world: World) -> None:
    invoices, payments = many_voided(world)
    remove_by_hand(world, invoices[-1])
    for _ in range(20):
        world.later(*SENDERS, hours=7)
    assert world.reason(payments[-1]) == "corrected_by_hand"
