"""What list, story, command line and API say of a payment, by what has become of it in QuickBooks.

A summary counts the parts that the payment still has. What it was moved away from counts only where something is left
to be done about that, or where nothing else is left; what is no more shows the amount that it had, and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest

from cli.payment_text import print_story
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.views.documents import PaymentOut, PaymentStoryOut
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import count_by_status, list_payments
from models.views.story import payment_story
from tests.world import BothInvoices, World
from usecases.words import words_of
from web.wording import invoice_labels, state_mark


@dataclass(frozen=True)
class Said:
    total: str
    mark: str
    status: str
    reason: str
    invoices: list[str]
    removed: list[bool]


History = Callable[[World, str, BothInvoices, BothInvoices], None]


def nothing(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    pass


def moved(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    lines = [(second.quickbooks_id, "100.00")]
    world.quickbooks.edit_payment(payment, total="100.00", lines=lines)


def split(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    lines = [(first.quickbooks_id, "60.00"), (second.quickbooks_id, "40.00")]
    world.quickbooks.edit_payment(payment, total="100.00", lines=lines)


def split_and_part_removed(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    split(world, payment, first, second)
    world.notice()
    world.clock.move(minutes=20)
    world.quickbooks.edit_payment(payment, total="40.00", lines=[(second.quickbooks_id, "40.00")])


def part_put_on_account(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.quickbooks.edit_payment(payment, total="100.00", lines=[(first.quickbooks_id, "70.00")])


def put_on_account(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.quickbooks.edit_payment(payment, total="100.00", lines=[])


def voided(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.quickbooks.void_payment(payment)


def deleted(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.quickbooks.delete_payment(payment)


def moved_and_voided(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    moved(world, payment, first, second)
    world.notice()
    world.clock.move(minutes=20)
    voided(world, payment, first, second)


def moved_and_deleted(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    moved(world, payment, first, second)
    world.notice()
    world.clock.move(minutes=20)
    deleted(world, payment, first, second)


def moved_to_an_invoice_that_differs(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.connectwise.edit_invoice(second.connectwise_id or 0, total="999.00")
    moved(world, payment, first, second)


def moved_with_corrections_on_hold(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    world.choose(correction_policy="hold")
    moved(world, payment, first, second)


def moved_and_back(world: World, payment: str, first: BothInvoices, second: BothInvoices) -> None:
    moved(world, payment, first, second)
    world.notice()
    world.clock.move(minutes=20)
    world.quickbooks.edit_payment(payment, total="100.00", lines=[(first.quickbooks_id, "100.00")])


SAID: dict[History, Said] = {
    nothing: Said("100.00", "", "synced", "synced", ["INV-1"], [False]),
    moved: Said("100.00", "", "synced", "synced", ["INV-2"], [True, False]),
    split: Said("100.00", "", "synced", "synced", ["INV-1", "INV-2"], [False, False]),
    split_and_part_removed: Said("40.00", "", "synced", "synced", ["INV-2"], [True, False]),
    part_put_on_account: Said("100.00", "", "synced", "synced", ["INV-1", "Not applied"], [False, False]),
    put_on_account: Said("100.00", "", "skipped", "unapplied", ["Not applied"], [True, False]),
    voided: Said("100.00", "voided", "synced", "reversed", ["INV-1"], [True]),
    deleted: Said("100.00", "deleted", "synced", "reversed", ["INV-1"], [False]),
    moved_and_voided: Said("100.00", "voided", "synced", "reversed", ["INV-1", "INV-2"], [True, True]),
    moved_and_deleted: Said("100.00", "deleted", "synced", "reversed", ["INV-2"], [True, False]),
    moved_to_an_invoice_that_differs: Said("100.00", "", "needs_attention", "total_differs", ["INV-2"], [True, False]),
    moved_with_corrections_on_hold: Said(
        "100.00", "", "needs_attention", "correction_needs_approval", ["INV-1", "INV-2"], [True, False]
    ),
    moved_and_back: Said("100.00", "", "synced", "synced", ["INV-1"], [False, True]),
}


@pytest.mark.parametrize("history", SAID, ids=lambda one: one.__name__)
def test_every_surface_says_the_same(world: World, history: History, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("100.00", (first, "100.00"))
    world.notice()
    world.clock.move(minutes=20)
    history(world, payment, first, second)
    world.notice()
    expected = SAID[history]
    with world.context.database.reading() as session:
        [row] = list_payments(session, world.organization_id).rows
        counts = {status: count for status, count in count_by_status(session, world.organization_id).items() if count}
        filtered = list_payments(
            session, world.organization_id, PaymentFilter(status=PaymentStatus(expected.status))
        ).rows
        found = list_payments(session, world.organization_id, PaymentFilter(search=expected.total)).rows
        words = words_of(session, world.organization_id)
        story = payment_story(session, world.organization_id, payment, words)
    assert story is not None
    said = Said(
        str(row.total),
        state_mark(row),
        row.status.value,
        str(row.reason),
        invoice_labels(row),
        [part.removed for part in row.allocations],
    )
    assert said == expected
    assert counts == {PaymentStatus(expected.status): 1}
    assert [one.external_id for one in filtered] == [one.external_id for one in found] == [payment]
    assert story.payment == row
    assert story.next == next(part.next for part in story.allocations if part.row.reason == row.reason)
    # API and command line.
    sentence = words.sentence(Reason(expected.reason))
    state = expected.mark or "live"
    for told in (PaymentOut.of(row, words), PaymentStoryOut.of(story, words).payment):
        document = told.model_dump(mode="json")
        assert (Decimal(document["total"]), document["state"], document["status"]) == (100 if expected.total == "100.00" else 40, state, expected.status)  # fmt: skip
        assert (document["reason"]["code"], document["reason"]["sentence"]) == (expected.reason, sentence)
        assert [part["removed"] for part in document["allocations"]] == expected.removed
    print_story(story, words)
    printed = capsys.readouterr().out
    mark = f" ({expected.mark})" if expected.mark else ""
    assert f"{expected.total} USD{mark} from" in printed
    assert sentence in printed.split("Next:")[0]


def test_a_payment_that_was_void_when_we_first_saw_it_has_no_amount(world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.quickbooks.void_payment(payment)
    world.notice()
    with world.context.database.reading() as session:
        [row] = list_payments(session, world.organization_id).rows
    assert (str(row.total), state_mark(row), row.reason) == ("0.00", "voided", Reason.VOIDED)
