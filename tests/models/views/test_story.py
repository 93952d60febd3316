from collections.abc import Iterator

import pytest

from domain.preferences import InvoiceOrigin
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from domain.status import PaymentStatus
from models.views.payment_rows import PaymentRow
from models.views.story import PaymentStory, payment_story
from sandbox.faults import Fault
from tests.world import World, open_world

ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def row_of(world: World, payment_id: str) -> PaymentRow:
    return story_of(world, payment_id).payment


def story_of(world: World, payment_id: str) -> PaymentStory:
    with world.context.database.reading() as session:
        story = payment_story(session, world.organization_id, payment_id, world.words, world.clock.now())
    assert story is not None
    return story


# --- rows ---


def test_a_synced_payment_has_a_row_with_its_invoice_and_the_seconds_it_took(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"), reference="check 77")
    world.notice()
    row = row_of(world, payment)
    assert (row.status, row.reason, row.state) == (SYNCED, Reason.SYNCED, PaymentState.LIVE)
    assert (row.customer, str(row.total), row.currency, row.reference) == (
        "Cascade Dental",
        "100.00",
        "USD",
        "check 77",
    )
    (part,) = row.allocations
    assert (part.invoice_number, part.document_id, part.kind) == ("INV-1", invoice.quickbooks_id, "invoice")
    assert part.target_payment_id == str(world.on(invoice)[0].id)
    assert part.synced_seconds == 0
    assert part.effect_state is EffectState.DELIVERED


def test_the_seconds_count_from_the_first_that_we_heard(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert row_of(world, payment).status is WAITING
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    world.later(seconds=90)
    (part,) = row_of(world, payment).allocations
    assert part.synced_seconds == 90


def test_a_payment_has_the_reason_of_its_most_pressing_part(world: World) -> None:
    good, missing = world.invoice("INV-1"), world.invoice("INV-2", in_connectwise=False)
    payment = world.pay("200", (good, "100"), (missing, "100"))
    world.notice()
    row = row_of(world, payment)
    assert (row.status, row.reason) == (WAITING, Reason.TARGET_INVOICE_MISSING)
    assert {part.invoice_number: part.status for part in row.allocations} == {"INV-1": SYNCED, "INV-2": WAITING}


def test_a_part_that_was_moved_away_before_it_was_synced_has_no_line(world: World) -> None:
    first, second = world.invoice("INV-1", in_connectwise=False), world.invoice("INV-2")
    payment = world.pay("100", (first, "100"))
    world.notice()
    world.quickbooks.edit_payment(payment, lines=[(second.quickbooks_id, "100")])
    world.notice()
    row = row_of(world, payment)
    assert [part.invoice_number for part in row.allocations] == ["INV-2"]
    assert row.status is SYNCED


def test_a_part_that_was_moved_away_after_it_was_synced_keeps_its_line(world: World) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("100", (first, "100"))
    world.notice()
    world.quickbooks.edit_payment(payment, lines=[(second.quickbooks_id, "100")])
    world.notice()
    row = row_of(world, payment)
    assert {part.invoice_number: part.reason for part in row.allocations} == {
        "INV-1": Reason.REVERSED,
        "INV-2": Reason.SYNCED,
    }
    assert row.status is SYNCED


def test_a_payment_that_is_nothing_but_a_credit_has_one_line_that_says_so(world: World) -> None:
    payment = world.pay("100")
    world.notice()
    row = row_of(world, payment)
    assert (row.status, row.reason) == (SKIPPED, Reason.UNAPPLIED)
    assert [part.kind for part in row.allocations] == [AllocationKind.UNAPPLIED]


# --- the story ---


def test_the_story_of_a_synced_payment_tells_everything_and_that_it_is_done(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    story = story_of(world, payment)
    assert [event.source for event in story.events] == ["catch_up"]
    assert all(event.done_at is not None for event in story.events)
    (part,) = story.allocations
    assert [line.reason for line in part.decisions] == [Reason.ELIGIBLE, Reason.SYNCED]
    assert {verdict.field for verdict in part.decisions[0].verdicts} == {"number", "total", "currency", "customer"}
    (effect,) = part.effects
    assert [(attempt.number, attempt.outcome) for attempt in effect.attempts] == [(1, "created")]
    assert part.ledger is not None
    assert part.ledger.target_payment_id == str(world.on(invoice)[0].id)
    assert part.ledger.ours
    assert part.next == story.next == "Nothing; it is done."


def test_a_story_shows_both_values_of_a_field_that_differs(world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="90.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    (part,) = story_of(world, payment).allocations
    (total,) = [verdict for verdict in part.decisions[-1].verdicts if verdict.field == "total"]
    assert (total.source, total.target, total.identical) == ("100.00", "90.00", False)
    assert part.next.startswith("Waiting for you: Make the totals identical")
    assert "The next check is at" in part.next


def test_a_story_says_when_a_lost_answer_is_looked_for(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$", times=1))
    world.notice()
    story = story_of(world, payment)
    due = world.effects(payment)[0].due_at
    assert story.payment.status is WAITING
    assert "whether it has arrived; nothing is sent before" in story.next
    assert due.strftime("%H:%M:%S UTC") in story.next


def test_a_story_says_what_a_person_has_to_do(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.set_permissions(edit=False)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    story = story_of(world, payment)
    assert story.payment.reason is Reason.TARGET_FORBIDDEN
    assert story.next.startswith("Waiting for you: Give the security role of the API member")


def test_a_skipped_payment_has_nothing_next(world: World) -> None:
    world.choose(find_by_number=False)
    unknown = world.invoice("INV-1", origin=None)
    payment, own = world.pay("10", (unknown, "10")), world.pay("20", (unknown, "20"))
    world.is_own(own)
    world.notice()
    assert story_of(world, own).next == "Nothing; it was skipped."
    assert (
        story_of(world, payment).next
        == "Nothing; it stays skipped until a preference, the invoice or the payment changes."
    )


def test_the_sync_tool_origin_is_enough_for_a_line(world: World) -> None:
    invoice = world.invoice("INV-9", origin=InvoiceOrigin.PARTNER_DASHBOARD)
    payment = world.pay("10", (invoice, "10"))
    world.notice()
    assert row_of(world, payment).status is SYNCED


def test_a_payment_that_nobody_told_us_of_has_no_story(world: World) -> None:
    with world.context.database.reading() as session:
        assert payment_story(session, world.organization_id, "4711", world.words) is None
