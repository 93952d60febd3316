"""What was known about a payment at an earlier moment, and what would be decided today."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select

from domain.ledger_changes import EntryChange
from models.ledger import LedgerEntry
from models.ledger_changes import Cause, note_change
from tests.flow.test_previews import everything
from tests.world import World
from usecases.explaining import Explained, explain_payment
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.results import Rejected


def explained(world: World, payment: str, at: datetime) -> Explained:
    found = explain_payment(world.context, world.organization_id, payment, at)
    assert isinstance(found, Explained), found
    return found


def said(found: Explained, label: str) -> list[str]:
    [part] = found.parts
    return [fact.text for fact in part.facts if fact.label == label]


def test_each_moment_has_its_decision_its_writes_and_its_ledger(world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="90.00")
    before = world.clock.now()
    world.clock.move(minutes=1)
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.clock.move(minutes=1)
    held = world.clock.now()
    world.clock.move(minutes=1)
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="100.00")
    world.later(hours=1)
    world.clock.move(minutes=1)
    assert world.amounts_on(invoice) == ["50.00"]
    synced = world.clock.now()

    assert "Not yet" in explained(world, payment, before).facts[0].text
    assert said(explained(world, payment, before), "In force") == ["Nothing was decided yet."]

    then = explained(world, payment, held)
    assert "total_differs" in said(then, "In force")[0]
    assert said(then, "Compared: total") == ["different: 100.00 in QuickBooks, 90.00 in ConnectWise"]
    assert said(then, "In the ledger") == ["No payment in ConnectWise stood for it."]
    assert said(then, "Write") == []
    assert "Replaced" in {fact.label for fact in then.parts[0].facts}

    now = explained(world, payment, synced)
    assert "synced" in said(now, "In force")[0]
    assert "50.00 USD, dated 2026-11-20 (ours)" in said(now, "In the ledger")[0]
    assert "delivered at" in said(now, "Write")[0]
    assert said(now, "Attempt 1")


def test_the_ledger_then_has_the_amount_then(world: World) -> None:
    world.choose(correction_policy="automatic")
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.clock.move(minutes=1)
    then = world.clock.now()
    world.clock.move(minutes=1)
    world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    world.notice()
    assert "50.00 USD, dated" in said(explained(world, payment, then), "In the ledger")[0]
    assert "80.00 USD, dated" in said(explained(world, payment, world.clock.now()), "In the ledger")[0]
    [so_far] = [fact for fact in explained(world, payment, then).parts[0].facts if fact.label.startswith("Ledger, ")]
    assert "was entered for this part. 50.00 USD" in so_far.text


def test_the_payment_then_is_told_and_decided_by_again(world: World) -> None:
    world.choose(correction_policy="automatic")
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    moments = [world.clock.now()]
    for change in (
        lambda: world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")]),
        lambda: world.quickbooks.void_payment(payment),
        lambda: world.quickbooks.delete_payment(payment),
    ):
        world.notice()
        world.clock.move(minutes=1)
        moments.append(world.clock.now())
        world.clock.move(minutes=1)
        change()
    world.notice()
    world.clock.move(minutes=1)
    moments.append(world.clock.now())

    told = [explained(world, payment, at) for at in moments[1:]]
    assert [
        next(fact.text for fact in one.facts if fact.label == "As it was").rpartition(", version")[0] for one in told
    ] == [
        "50.00 USD, dated 2026-11-20",
        "80.00 USD, dated 2026-11-20",
        "voided, 0.00 USD, dated 2026-11-20",
        "deleted, 0.00 USD, dated 2026-11-20",
    ]
    assert [said(one, "As it was")[0][:5] for one in told[:2]] == ["50.00", "80.00"]
    decided = [said(one, "As of then, by the preferences of then")[0] for one in told]
    assert ["(synced; " in decided[0], "(synced; " in decided[1]] == [True, True]
    assert "(reversed; " in decided[2]
    assert "(reversed; " in said(told[0], "Decided today")[0]


def test_what_was_decided_then_is_decided_again_from_what_was_known_then(world: World) -> None:
    """The totals were different then; both values of the comparison are kept with its decision."""
    invoice = world.invoice("INV-1", connectwise_total="90.00")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.clock.move(minutes=1)
    then = world.clock.now()
    world.clock.move(minutes=1)
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="100.00")
    world.later(hours=1)
    found = explained(world, payment, then)
    assert "(total_differs; " in said(found, "As of then, by the preferences of then")[0]
    assert "(synced; " in said(found, "Decided today")[0]


def test_the_ledger_then_has_what_a_person_s_hand_changed_later(world: World) -> None:
    """What no write of ours says: somebody removed the payment in ConnectWise, and it stood there until then."""
    world.choose(correction_policy="hold")
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.clock.move(minutes=1)
    before = world.clock.now()
    world.clock.move(minutes=1)
    world.quickbooks.delete_payment(payment)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[-1].id)
    world.notice()
    world.later(hours=1)
    now = explained(world, payment, world.clock.now())
    assert "50.00 USD" in said(explained(world, payment, before), "In the ledger")[0]
    assert said(now, "In the ledger") == ["No payment in ConnectWise stood for it."]
    history = [fact.text for fact in now.parts[0].facts if fact.label.startswith("Ledger, ")]
    assert any("A person removed the payment" in text for text in history), history


def test_before_its_history_begins_a_row_is_shown_with_what_it_said_first(world: World) -> None:
    """In a database from before the history of the ledger was kept."""
    payment = world.pay("50.00", (world.invoice("INV-1"), "50.00"))
    world.notice()
    world.clock.move(minutes=1)
    then = world.clock.now()
    upgraded_at = then + timedelta(days=1)
    with world.context.database.writing() as session:
        (entry,) = session.scalars(select(LedgerEntry))
        values = {column.name: getattr(entry, column.name) for column in LedgerEntry.__table__.columns}
        old = values | {"id": entry.id + 1, "target_payment_id": "1", "removed_at": upgraded_at + timedelta(days=1)}
        session.execute(insert(LedgerEntry).values(old))
        note_change(session, entry.id + 1, Cause(EntryChange.OPENING, upgraded_at))
    found = explained(world, payment, then)
    assert any(text.startswith("Payment 1, 50.00 USD") for text in said(found, "In the ledger"))
    assert said(found, "Not kept")


def test_the_preferences_then_are_told_and_decided_by_and_nothing_is_written(world: World) -> None:
    payment = world.pay("50.00", (world.invoice("INV-1"), "50.00"))
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    world.notice()
    world.clock.move(minutes=1)
    off = world.clock.now()
    world.clock.move(minutes=1)
    found = explained(world, payment, off)
    assert {one.label: one.then for one in found.preferences}["Enable external payments sync"] == "off"
    assert "switched_off" in said(found, "Decided today")[0]
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))
    world.settle()
    found = explained(world, payment, off)
    switch = next(one for one in found.preferences if one.field == "sync_enabled")
    assert (switch.then, switch.now, switch.is_sure) == ("off", "on", True)
    assert "switched_off" not in said(found, "Decided today")[0]
    assert said(found, "Today, by the preferences of then")
    before = everything(world)
    explained(world, payment, off)
    assert everything(world) == before


def test_what_cannot_be_explained_is_refused_in_a_sentence(world: World) -> None:
    now = world.clock.now()
    for payment, at in (("4711", now), ("4711", now.replace(year=2999))):
        assert isinstance(explain_payment(world.context, world.organization_id, payment, at), Rejected)
