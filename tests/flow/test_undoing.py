"""What was written in a span of time is taken back: what is ours and unchanged, nothing else, and not synced again."""

from datetime import datetime

import pytest
from sqlalchemy import select

from domain.activity import ActivityKind
from domain.payment_actions import PaymentAction
from domain.undoing import Stays
from models.activity import ActivityFilter, list_activity
from models.long_works import KEPT_FOR, WorkState
from models.undos import (
    Undo,
    UndoItem,
    UndoItemState,
    counts_of_undo,
    undo_by_id,
)
from models.views.undos import Removal, removals_of_undo
from sandbox.faults import Fault
from tasks.context import Step
from tasks.undo import pieces
from tasks.undo.step import SWITCHED_OFF
from tests.flow.doing import lost_on_the_way_back, one_payment, with_strategy
from tests.world import World
from usecases import undoing
from usecases.acting_on_payments import act_on_payments
from usecases.results import Rejected
from usecases.undoing import ask_undo, confirm_undo, continue_undo, stop_undo


def asked(world: World, since: datetime, until: datetime | None = None) -> int:
    world.clock.move(seconds=1)
    made = ask_undo(world.context, world.organization_id, since, until, "the wrong company was connected")
    assert isinstance(made, int), made
    return made


def confirmed(world: World, undo_id: int) -> None:
    assert confirm_undo(world.context, world.organization_id, undo_id, "northwind") is None


def undo_of(world: World, undo_id: int) -> Undo:
    with world.context.database.reading() as session:
        found = undo_by_id(session, world.organization_id, undo_id)
    assert found is not None
    return found


def judged(world: World, undo_id: int) -> dict[Stays | UndoItemState, str]:
    """What the parts come to, by why they stay or by how they stand."""
    with world.context.database.reading() as session:
        return {one.stays or one.state: str(one.total) for one in counts_of_undo(session, undo_id)}


def removals(world: World, undo_id: int) -> dict[Removal, str]:
    with world.context.database.reading() as session:
        return {one.removal: str(one.total) for one in removals_of_undo(session, undo_id)}


def activities(world: World, kind: ActivityKind) -> list[list[list[str]]]:
    with world.context.database.reading() as session:
        return [one.changes for one in list_activity(session, world.organization_id, ActivityFilter(kind=kind), 100)]


# --- one span ---


def test_a_span_is_taken_back_and_nothing_beside_it(world: World) -> None:
    before, within, after = (world.invoice(f"INV-{number}") for number in range(3))
    world.pay("10.00", (before, "10.00"))
    world.notice()
    world.clock.move(minutes=5)
    since = world.clock.now()
    payment = world.pay("20.00", (within, "20.00"))
    world.notice()
    world.clock.move(minutes=5)
    until = world.clock.now()
    world.pay("30.00", (after, "30.00"))
    world.notice()
    undo_id = asked(world, since, until)
    assert judged(world, undo_id) == {UndoItemState.POSSIBLE: "20.00"}
    assert world.amounts_on(within) == ["20.00"], "a preview changes nothing"
    confirmed(world, undo_id)
    world.settle()
    assert [world.amounts_on(one) for one in (before, within, after)] == [["10.00"], [], ["30.00"]]
    assert undo_of(world, undo_id).state == WorkState.DONE
    assert removals(world, undo_id) == {Removal.REMOVED: "20.00"}
    assert world.reason(payment) == "taken_back"
    [changes] = activities(world, ActivityKind.UNDO_CONFIRMED)
    assert ["payments", "", "1"] in changes
    assert ["together", "", "20.00 USD"] in changes
    assert len(activities(world, ActivityKind.PAYMENT_TAKEN_BACK)) == 1


def test_what_was_taken_back_stays_out_until_it_is_synced_after_all(world: World) -> None:
    since = world.clock.now()
    invoice, payment = one_payment(world)
    world.notice()
    undo_id = asked(world, since)
    confirmed(world, undo_id)
    world.settle()
    world.quickbooks.edit_payment(payment, total="90.00", lines=[(invoice.quickbooks_id, "90.00")])
    world.notice()
    world.later(hours=2)
    assert world.amounts_on(invoice) == []
    act_on_payments(world.context, world.organization_id, PaymentAction.SYNC_AFTER_ALL, [payment])
    world.settle()
    assert world.amounts_on(invoice) == ["90.00"]
    assert removals(world, undo_id) == {Removal.REMOVED: "100.00"}


def test_a_payment_with_a_part_from_another_time_stays_as_a_whole(world: World) -> None:
    one, other = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("60.00", (one, "60.00"))
    world.notice()
    world.clock.move(minutes=5)
    since = world.clock.now()
    world.quickbooks.edit_payment(
        payment, total="75.00", lines=[(one.quickbooks_id, "60.00"), (other.quickbooks_id, "15.00")]
    )
    world.notice()
    assert judged(world, asked(world, since)) == {Stays.PARTLY_OUTSIDE: "15.00"}


def test_what_is_in_doubt_stays(world: World) -> None:
    since = world.clock.now()
    lost_on_the_way_back(world, world.invoice("INV-1"))
    undo_id = asked(world, since)
    assert judged(world, undo_id) == {Stays.IN_DOUBT: "0.00"}
    refused = confirm_undo(world.context, world.organization_id, undo_id, "northwind")
    assert isinstance(refused, Rejected)


def test_what_a_person_has_changed_since_the_last_look_is_held_and_not_removed(world: World) -> None:
    since = world.clock.now()
    invoice, payment = one_payment(world)
    world.notice()
    [there] = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id or 0, there.id, amount="99.00")
    undo_id = asked(world, since)
    confirmed(world, undo_id)
    world.settle()
    assert world.amounts_on(invoice) == ["99.00"]
    assert removals(world, undo_id) == {Removal.HELD: "100.00"}
    assert world.reason(payment) == "target_payment_changed"


def test_what_connectwise_refuses_to_remove_is_held_and_said(world: World) -> None:
    since = world.clock.now()
    invoice, _ = one_payment(world)
    world.notice()
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, posted=True)
    world.connectwise.faults.add(Fault(kind="error", status=400, method="DELETE", path=r"/payments/"))
    undo_id = asked(world, since)
    confirmed(world, undo_id)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]
    assert removals(world, undo_id) == {Removal.HELD: "100.00"}


def test_one_payment_for_the_whole_invoice_is_reduced_by_what_is_taken_back(world: World) -> None:
    with_strategy(world, "single")
    invoice = world.invoice("INV-1")
    world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(minutes=5)
    since = world.clock.now()
    world.pay("20.00", (invoice, "20.00"))
    world.notice()
    assert world.amounts_on(invoice) == ["30.00"]
    undo_id = asked(world, since)
    confirmed(world, undo_id)
    world.settle()
    assert world.amounts_on(invoice) == ["10.00"]
    assert removals(world, undo_id) == {Removal.REMOVED: "20.00"}


# --- a person's word ---


def test_the_word_that_confirms_it_is_the_organizations_short_name(world: World) -> None:
    since = world.clock.now()
    invoice, _ = one_payment(world)
    world.notice()
    undo_id = asked(world, since)
    for typed in ("", "yes", "contoso"):
        assert isinstance(confirm_undo(world.context, world.organization_id, undo_id, typed), Rejected)
    confirmed(world, undo_id)
    assert isinstance(confirm_undo(world.context, world.organization_id, undo_id, "northwind"), Rejected), "once"
    world.settle()
    assert world.amounts_on(invoice) == []


def test_a_span_that_makes_no_sense_is_refused(world: World) -> None:
    now = world.clock.now()
    for since, until in ((now, now), (now, now.replace(year=2020)), (now, now.replace(year=2999))):
        assert isinstance(ask_undo(world.context, world.organization_id, since, until), Rejected)


def test_while_the_sync_is_switched_off_nothing_can_be_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PAYMENTS_PER_PIECE", 1)
    since = world.clock.now()
    invoice, _ = one_payment(world)
    world.notice()
    undo_id = asked(world, since)
    world.choose(sync_enabled=False)
    world.settle()
    assert isinstance(confirm_undo(world.context, world.organization_id, undo_id, "northwind"), Rejected)
    world.choose(sync_enabled=True)
    world.settle()
    confirmed(world, undo_id)
    world.choose(sync_enabled=False)
    world.settle()
    stopped = undo_of(world, undo_id)
    assert (stopped.state, stopped.stopped_why) == (WorkState.STOPPED, SWITCHED_OFF)
    assert isinstance(continue_undo(world.context, world.organization_id, undo_id), Rejected)
    world.choose(sync_enabled=True)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]
    assert continue_undo(world.context, world.organization_id, undo_id) is None
    world.settle()
    assert (world.amounts_on(invoice), undo_of(world, undo_id).state) == ([], WorkState.DONE)


def test_it_is_stopped_between_two_pieces_and_goes_on_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PAYMENTS_PER_PIECE", 1)
    since = world.clock.now()
    invoices = [world.invoice(f"INV-{number}") for number in range(3)]
    for invoice in invoices:
        world.pay("10.00", (invoice, "10.00"))
    world.notice()
    undo_id = asked(world, since)
    confirmed(world, undo_id)
    with world.context.database.writing() as session:
        undo = undo_by_id(session, world.organization_id, undo_id)
        assert undo is not None
        assert pieces.take_next(session, undo, world.clock.now())
    assert stop_undo(world.context, world.organization_id, undo_id) is None
    assert isinstance(stop_undo(world.context, world.organization_id, undo_id), Rejected)
    world.context.nudge(Step.MATCH, world.organization_id)
    world.settle()
    assert [world.amounts_on(one) for one in invoices] == [[], ["10.00"], ["10.00"]]
    [changes] = activities(world, ActivityKind.UNDO_STOPPED)
    assert ["payments gone through", "", "1 of 3"] in changes
    assert continue_undo(world.context, world.organization_id, undo_id) is None
    world.settle()
    assert [world.amounts_on(one) for one in invoices] == [[], [], []]


def test_what_has_changed_since_the_preview_is_left_alone(world: World) -> None:
    since = world.clock.now()
    invoice, payment = one_payment(world)
    world.choose(correction_policy="automatic")
    world.notice()
    undo_id = asked(world, since)
    world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    world.notice()
    assert world.amounts_on(invoice) == ["80.00"]
    confirmed(world, undo_id)
    world.settle()
    assert world.amounts_on(invoice) == ["80.00"]
    assert judged(world, undo_id) == {Stays.DIFFERS: "100.00"}


def test_a_span_of_many_payments_is_judged_by_the_worker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "PAYMENTS_AT_ONCE_MAX", 0)
    since = world.clock.now()
    invoice, _ = one_payment(world)
    world.notice()
    undo_id = asked(world, since)
    assert undo_of(world, undo_id).state == WorkState.COUNTING
    assert isinstance(confirm_undo(world.context, world.organization_id, undo_id, "northwind"), Rejected)
    world.settle()
    assert judged(world, undo_id) == {UndoItemState.POSSIBLE: "100.00"}
    confirmed(world, undo_id)
    world.settle()
    assert world.amounts_on(invoice) == []


def test_what_nobody_confirms_is_forgotten_after_a_day_and_what_was_confirmed_is_kept(world: World) -> None:
    since = world.clock.now()
    one_payment(world)
    world.notice()
    kept, forgotten = asked(world, since), asked(world, since)
    confirmed(world, kept)
    world.settle()
    world.later(Step.UNDO, seconds=KEPT_FOR.total_seconds() + 60)
    with world.context.database.reading() as session:
        assert list(session.scalars(select(Undo.id))) == [kept]
        assert set(session.scalars(select(UndoItem.undo_id))) == {kept}
    assert undo_by_id_is_gone(world, forgotten)


def undo_by_id_is_gone(world: World, undo_id: int) -> bool:
    with world.context.database.reading() as session:
        return undo_by_id(session, world.organization_id, undo_id) is None
