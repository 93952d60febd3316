"""One payment of ours stands for several parts, corrections need approval, and people correct it by hand."""

from collections.abc import Iterator

import pytest

from tests.flow.doing import with_strategy
from tests.queries import violations
from tests.world import BothInvoices, World
from usecases.retry import retry_payment


@pytest.fixture
def single(world: World) -> Iterator[World]:
    with_strategy(world, "single")
    world.choose(correction_policy="hold")
    yield world
    with world.context.database.reading() as session:
        assert violations(session) == []


def shared(single: World) -> tuple[BothInvoices, str, str]:
    invoice = single.invoice("INV-1", "300.00")
    first, second = (single.pay(amount, (invoice, amount)) for amount in ("50.00", "30.00"))
    single.notice()
    assert single.amounts_on(invoice) == ["80.00"]
    return invoice, first, second


def edit(single: World, invoice: BothInvoices, payment: str, amount: str) -> None:
    single.quickbooks.edit_payment(payment, total=amount, lines=[(invoice.quickbooks_id, amount)])
    single.notice()


def by_hand(single: World, invoice: BothInvoices, amount: str) -> None:
    [there] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, there.id, amount=amount)
    single.later(hours=1)


def test_a_part_that_grows_to_the_old_sum_is_not_taken_for_corrected(single: World) -> None:
    invoice, first, _ = shared(single)
    edit(single, invoice, first, "80.00")
    single.later(hours=1)
    assert single.reason(first) == "correction_needs_approval"


def test_an_edit_is_seen_when_the_sum_was_corrected_by_hand(single: World) -> None:
    invoice, first, second = shared(single)
    edit(single, invoice, first, "60.00")
    by_hand(single, invoice, "60.00")
    assert single.reason(first) == "correction_needs_approval"
    by_hand(single, invoice, "90.00")
    assert (single.reason(first), single.reason(second)) == ("corrected_by_hand", "synced")


def test_a_void_is_seen_when_the_others_were_left_by_hand(single: World) -> None:
    invoice, first, second = shared(single)
    single.quickbooks.void_payment(first)
    single.notice()
    by_hand(single, invoice, "30.00")
    assert (single.reason(first), single.reason(second)) == ("corrected_by_hand", "synced")
    third = single.pay("20.00", (invoice, "20.00"))
    single.notice()
    assert single.reason(third) == "synced"
    assert single.amounts_on(invoice) == ["50.00"]


def test_two_edits_are_seen_when_both_were_corrected_by_hand_at_once(single: World) -> None:
    invoice, first, second = shared(single)
    edit(single, invoice, first, "60.00")
    edit(single, invoice, second, "40.00")
    by_hand(single, invoice, "100.00")
    assert (single.reason(first), single.reason(second)) == ("corrected_by_hand", "corrected_by_hand")


def test_every_part_of_a_shared_payment_that_is_gone_is_held(single: World) -> None:
    invoice, first, second = shared(single)
    [there] = single.on(invoice)
    single.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    third = single.pay("20.00", (invoice, "20.00"))
    single.notice()
    assert [single.reason(one) for one in (first, second, third)] == ["target_payment_gone"] * 3
    retry_payment(single.context, single.organization_id, second)
    single.settle()
    single.later(minutes=5)
    assert [single.reason(one) for one in (first, second, third)] == ["synced"] * 3
    assert single.amounts_on(invoice) == ["100.00"]
