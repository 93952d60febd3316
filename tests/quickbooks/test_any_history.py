"""Whatever happened to payments, and however incompletely and out of order it was told: it ends in the truth."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from connectors.base import Change, Got
from models.inbox import Entity, EventSource, NewEvent, store_events
from models.invariants import violations
from tasks.catch_up import catch_up
from tasks.ingest import ingest
from tests.quickbooks.story import differences, hint, source
from tests.world import BothInvoices, World

PAYMENTS, ROUNDS = 25, 6
AMOUNTS = ["10.00", "12.50", "20.00"]


@dataclass
class History:
    world: World
    random: random.Random
    invoices: list[BothInvoices] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    number: int = 0

    def invoice(self) -> BothInvoices:
        return self.random.choice(self.invoices)

    # --- what can happen to a payment ---

    def edit(self, payment: str) -> None:
        amount = self.random.choice(AMOUNTS)
        self.world.quickbooks.edit_payment(payment, total=amount, lines=[(self.invoice().quickbooks_id, amount)])

    def split(self, payment: str) -> None:
        chosen = self.random.sample(self.invoices, 2)
        lines = [(one.quickbooks_id, self.random.choice(AMOUNTS)) for one in chosen]
        self.world.quickbooks.edit_payment(payment, total="60.00", lines=lines)

    def put_on_account(self, payment: str) -> None:
        self.world.quickbooks.edit_payment(payment, total="30.00", lines=[])

    def apply(self, payment: str) -> None:
        self.world.quickbooks.apply_payment(payment, self.invoice().quickbooks_id, "5.00")

    def journal(self, payment: str) -> None:
        self.world.quickbooks.link_to_journal_entry(payment, "3.00")

    def expense(self, payment: str) -> None:
        self.world.quickbooks.link_to_expense(payment, "2.00")

    def void(self, payment: str) -> None:
        self.world.quickbooks.void_payment(payment)

    def delete(self, payment: str) -> None:
        self.world.quickbooks.delete_payment(payment)

    # --- how it is told ---

    def remember(self) -> None:
        """Everything as change data capture shows it now; each version once it was seen."""
        result = self.world.context.source(source(self.world)).changes_since(source(self.world).connected_at)
        assert isinstance(result, Got)
        self.told += result.value.changes

    def tell_some(self) -> None:
        """Any part of it, in any order, also twice, also long after newer versions were told."""
        chosen = self.random.choices(self.told, k=min(len(self.told), self.random.randrange(1, 60)))
        events = [self._event(change) for change in chosen]
        with self.world.context.database.writing() as session:
            store_events(session, events, self.world.clock.now())
        ingest(self.world.context, self.world.source_id)

    def _event(self, change: Change) -> NewEvent:
        self.number += 1
        return NewEvent(
            connection_id=self.world.source_id,
            source=EventSource.BACKFILL,
            event_id=f"{self.number}",
            entity=Entity(change.entity.value),
            entity_id=change.entity_id,
            verb=change.verb,
            occurred_at=change.changed_at,
            payload=change.payload,
        )


HAPPENINGS: list[Callable[[History, str], None]] = [
    History.edit,
    History.edit,
    History.split,
    History.put_on_account,
    History.apply,
    History.journal,
    History.expense,
    History.void,
    History.delete,
]


@pytest.mark.parametrize("seed", range(8))
def test_any_history_told_in_any_way_ends_in_the_truth(world: World, seed: int) -> None:
    history = History(world, random.Random(seed))
    history.invoices = [world.invoice(f"INV-{number}", "5000.00", origin=None) for number in range(5)]
    for _ in range(PAYMENTS):
        amount = history.random.choice(AMOUNTS)
        world.pay(amount, (history.invoice(), amount))
    for _ in range(ROUNDS):
        world.clock.move(seconds=history.random.choice([0, 1, 30]))
        live = [payment.id for payment in world.quickbooks.payments() if not payment.voided]
        for payment in history.random.sample(live, k=len(live) // 3):
            history.random.choice(HAPPENINGS)(history, payment)
        history.remember()
        history.tell_some()
        hint(world, *history.random.sample(live, k=len(live) // 4), verb=history.random.choice(["created", "void"]))
    world.clock.move(seconds=30)
    catch_up(world.context, world.source_id)
    world.settle()
    for _ in range(8):
        world.later(minutes=2)
    assert differences(world) == []
    # What is old stays old, however late it comes again.
    for _ in range(5):
        history.tell_some()
    assert differences(world) == []
    with world.context.database.reading() as session:
        assert violations(session) == []


OUTCOMES: list[tuple[str, str]] = [
    ("a credit memo applied", "credit_applied"),
    ("the memo itself", "credit_memo"),
    ("a journal entry", "journal_entry"),
    ("an expense", "refund"),
    ("money on account", "unapplied"),
]


@pytest.mark.parametrize(("what", "reason"), OUTCOMES)
def test_what_is_no_money_for_an_invoice_ends_with_its_reason(world: World, what: str, reason: str) -> None:
    invoice = world.invoice("INV-1")
    if what in ("a credit memo applied", "the memo itself"):
        payment = world.quickbooks.apply_credit_memo(invoice.quickbooks_id, "50.00")
        kind = "invoice" if what == "a credit memo applied" else "credit_memo"
    else:
        payment = world.pay("50.00")
        kind = {"a journal entry": "journal_entry", "an expense": "refund", "money on account": "unapplied"}[what]
        if kind == "journal_entry":
            world.quickbooks.link_to_journal_entry(payment, "20.00")
        if kind == "refund":
            world.quickbooks.link_to_expense(payment, "20.00")
    world.notice()
    assert world.reason(payment, kind=kind) == reason
    assert world.on(invoice) == []


def test_an_overpayment_that_is_applied_later_is_synced_then(world: World) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("150.00", (first, "100.00"))
    world.notice()
    assert world.reason(payment, kind="unapplied") == "unapplied"
    world.clock.move(minutes=1)
    world.quickbooks.apply_payment(payment, second.quickbooks_id, "50.00")
    world.notice()
    assert (world.amounts_on(first), world.amounts_on(second)) == (["100.00"], ["50.00"])
