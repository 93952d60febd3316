"""Same money: a person says which payment in ConnectWise it is; it is linked if it still is as they saw it."""

from datetime import date, timedelta

import pytest

from models.views.story import PaymentStory, payment_story
from sandbox.faults import Fault
from tests.flow.tampering import type_in
from tests.world import BothInvoices, World
from usecases.linking import LinkReport, link_payment
from usecases.results import Rejected
from usecases.retry import retry_payment


def beside_a_twin(world: World) -> tuple[BothInvoices, str, int]:
    """A payment that is held, because one of two days earlier is there."""
    invoice = world.invoice("INV-1", "300.00")
    twin = type_in(world, invoice, "40.00", day=18)
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    return invoice, payment, twin


def link(world: World, payment: str, to: int) -> LinkReport | Rejected:
    report = link_payment(world.context, world.organization_id, payment, str(to))
    world.settle()
    return report


def story(world: World, payment: str) -> PaymentStory:
    with world.context.database.reading() as session:
        found = payment_story(session, world.organization_id, payment, world.words, world.clock.now())
    assert found is not None
    return found


def test_the_twin_is_shown_and_can_be_linked(world: World) -> None:
    invoice, payment, twin = beside_a_twin(world)
    [seen] = story(world, payment).allocations[0].decisions[-1].seen
    assert (seen.external_id, str(seen.amount), seen.paid_on) == (str(twin), "40.00", date(2026, 11, 18))
    assert seen.entered_by
    before = world.on(invoice)
    assert isinstance(link(world, payment, twin), LinkReport)
    assert world.reason(payment) == "adopted"
    assert link(world, payment, twin) == LinkReport(str(twin), linked=True, system="ConnectWise")
    for _ in range(3):
        world.later(days=31)
    assert world.reason(payment) == "adopted"
    assert world.on(invoice) == before


def test_what_is_not_there_any_more_is_not_linked(world: World) -> None:
    invoice, payment, twin = beside_a_twin(world)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, twin)
    link(world, payment, twin)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["40.00"]


def test_what_was_changed_since_is_not_linked(world: World) -> None:
    invoice, payment, twin = beside_a_twin(world)
    world.connectwise.change_payment(invoice.connectwise_id or 0, twin, amount="41.00")
    link(world, payment, twin)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["40.00", "41.00"]


def test_what_stands_for_another_payment_by_now_is_not_linked(world: World) -> None:
    _, payment, twin = beside_a_twin(world)
    other = world.pay(
        "40.00", (BothInvoices("INV-1", world.allocation(payment).document_id, None), "40.00"), on="2026-11-18"
    )
    world.notice()
    assert world.reason(other) == "adopted"
    link(world, payment, twin)
    assert world.reason(payment) in ("synced", "twin_nearby")
    assert world.reason(other) == "adopted"


def test_only_what_was_seen_and_has_the_amount_is_linked(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    typed = type_in(world, invoice, "70.00", day=1)
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "exceeds_balance"
    for to, word in ((typed, "70.00"), (9999, "is not one of")):
        report = link(world, payment, to)
        assert isinstance(report, Rejected)
        assert word in report.message
    assert world.reason(payment) == "exceeds_balance"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert isinstance(link(world, payment, typed), Rejected)
    assert isinstance(link_payment(world.context, world.organization_id, "no-such", "1"), Rejected)


def test_a_typed_payment_of_another_week_that_fills_the_invoice_can_be_linked(world: World) -> None:
    invoice = world.invoice("INV-1", "40.00")
    typed = type_in(world, invoice, "40.00", day=1)
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "exceeds_balance"
    link(world, payment, typed)
    assert world.reason(payment) == "adopted"


def test_one_of_several_candidates_can_be_linked(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$"))
    world.notice()
    type_in(world, invoice, "40.00")
    world.later(seconds=100)
    assert world.reason(payment) == "several_candidates"
    chosen = world.on(invoice)[0].id
    assert len(story(world, payment).allocations[0].decisions[-1].seen) == 2
    link(world, payment, chosen)
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["40.00", "40.00"]


@pytest.mark.parametrize("typed", [True, False])
def test_a_payment_entered_anew_takes_over_what_is_still_there(world: World, typed: bool) -> None:
    if not typed:
        world.choose(correction_policy="hold")
    invoice = world.invoice("INV-1", "300.00")
    if typed:
        type_in(world, invoice, "40.00")
    former = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    [there] = world.on(invoice)
    world.quickbooks.void_payment(former)
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "former_payment_there"
    link(world, payment, there.id)
    assert world.reason(payment) in ("adopted", "synced")
    assert world.reason(former) == "corrected_by_hand"
    world.later(hours=7)
    assert [one.id for one in world.on(invoice)] == [there.id]


# --- looked again, same result ---


def test_an_unchanged_case_says_when_it_was_looked_at(world: World) -> None:
    _, payment, _ = beside_a_twin(world)
    for minutes in (1, 2):
        world.clock.move(minutes=minutes)
        retry_payment(world.context, world.organization_id, payment)
        world.settle()
        current = story(world, payment).allocations[0].decisions[-1]
        assert (current.reason, current.looked_at) == ("twin_nearby", world.clock.now())


def test_a_case_without_a_send_says_so_too(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert story(world, payment).allocations[0].decisions[-1].looked_at is None
    world.clock.move(minutes=5)
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    assert story(world, payment).allocations[0].decisions[-1].looked_at == world.clock.now()


def test_what_is_synced_says_when_the_invoice_was_looked_at(world: World) -> None:
    payment = world.pay("40.00", (world.invoice("INV-1"), "40.00"))
    world.notice()
    ledger = story(world, payment).allocations[0].ledger
    assert ledger is not None
    assert ledger.looked_at is None
    world.clock.move(minutes=5)
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    ledger = story(world, payment).allocations[0].ledger
    assert ledger is not None
    assert ledger.looked_at == world.clock.now()
    assert world.clock.now() - timedelta(minutes=5) < ledger.looked_at
