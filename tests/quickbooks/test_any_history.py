"""Whatever happened to payments, and however incompletely and out of order it was told: it ends in the truth."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from connectors.base import Change, Got
from models.inbox import Entity, EventSource, NewEvent, store_events
from tasks.catch_up.step import catch_up
from tests.queries import violations
from tests.quickbooks.books_held import disagreements
from tests.quickbooks.story import hint, no_catch_up, source
from tests.world import BothInvoices, World

pytestmark = pytest.mark.both_databases

AMOUNTS = ("10.00", "12.50", "20.00")
VERBS = ("created", "updated", "void", "voided", "emailed", "create", "update", "something new")
DELETIONS = ("deleted", "delete")
numbers = count(1)


@dataclass
class History:
    """A few payments on a few invoices of their own, in books that have many others already."""

    world: World
    invoices: list[BothInvoices]
    payments: list[str] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)

    # --- what happens; `which` and `what` are any numbers ---

    def create(self, which: int, what: int) -> None:
        amount = AMOUNTS[what % len(AMOUNTS)]
        self.payments.append(self.world.pay(amount, (self._invoice(which), amount)))

    def create_and_tell(self, which: int, what: int) -> None:
        """As it is most of the time: a webhook or two at once, in whatever words."""
        self.create(which, what)
        for number in range(1 + which % 2):
            hint(self.world, self.payments[-1], verb=VERBS[(what + number) % len(VERBS)])
        self.world.settle()

    def overpay(self, which: int, what: int) -> None:
        self.payments.append(self.world.pay("40.00", (self._invoice(which), AMOUNTS[what % len(AMOUNTS)])))

    def apply_credit(self, which: int, what: int) -> None:
        memo = self.world.quickbooks.apply_credit_memo(self._invoice(which).quickbooks_id, AMOUNTS[what % 3])
        self.payments.append(memo)

    def edit(self, which: int, what: int) -> None:
        amount = AMOUNTS[what % len(AMOUNTS)]
        lines = [(self._invoice(what).quickbooks_id, amount)]
        self._with(which, lambda one: self.world.quickbooks.edit_payment(one, total=amount, lines=lines))

    def split(self, which: int, what: int) -> None:
        lines = [(one.quickbooks_id, AMOUNTS[what % len(AMOUNTS)]) for one in self.invoices[:2]]
        self._with(which, lambda one: self.world.quickbooks.edit_payment(one, total="60.00", lines=lines))

    def put_on_account(self, which: int, _what: int) -> None:
        self._with(which, lambda one: self.world.quickbooks.edit_payment(one, total="30.00", lines=[]))

    def apply(self, which: int, what: int) -> None:
        invoice = self._invoice(what).quickbooks_id
        self._with(which, lambda one: self.world.quickbooks.apply_payment(one, invoice, "5.00"))

    def journal(self, which: int, _what: int) -> None:
        self._with(which, lambda one: self.world.quickbooks.link_to_journal_entry(one, "3.00"))

    def expense(self, which: int, _what: int) -> None:
        self._with(which, lambda one: self.world.quickbooks.link_to_expense(one, "2.00"))

    def void(self, which: int, _what: int) -> None:
        self._with(which, self.world.quickbooks.void_payment)

    def delete(self, which: int, _what: int) -> None:
        self._with(which, self.world.quickbooks.delete_payment)

    def _invoice(self, which: int) -> BothInvoices:
        return self.invoices[which % len(self.invoices)]

    def _with(self, which: int, change: Callable[[str], None]) -> None:
        live = [one.id for one in self.world.quickbooks.payments() if one.id in self.payments and not one.voided]
        if live:
            change(live[which % len(live)])

    # --- how it is told ---

    def webhook(self, which: int, what: int) -> None:
        """Any verb about any payment; only of a deleted one may it be said that it was deleted."""
        if not self.payments:
            return
        payment = self.payments[which % len(self.payments)]
        exists = payment in {one.id for one in self.world.quickbooks.payments()}
        verbs = VERBS if exists else VERBS + DELETIONS
        hint(self.world, payment, verb=verbs[what % len(verbs)])
        if what % 2:
            self.world.settle()

    def webhook_of_invoice(self, which: int, what: int) -> None:
        hint(self.world, self._invoice(which).quickbooks_id, verb=VERBS[what % len(VERBS)], entity=Entity.INVOICE)

    def poll(self, _which: int, _what: int) -> None:
        catch_up(self.world.context, self.world.source_id)

    def work(self, _which: int, _what: int) -> None:
        self.world.settle()

    def remember(self, _which: int, _what: int) -> None:
        """Everything as change data capture shows it now."""
        result = self.world.context.source(source(self.world)).changes_since(source(self.world).connected_at)
        assert isinstance(result, Got)
        ours = {*self.payments, *(one.quickbooks_id for one in self.invoices)}
        self.told += [change for change in result.value.changes if change.entity_id in ours]

    def tell_again(self, which: int, what: int) -> None:
        """An old picture, long after newer ones."""
        if not self.told:
            return
        change = self.told[which % len(self.told)]
        event = NewEvent(
            connection_id=self.world.source_id,
            source=EventSource.BACKFILL,
            event_id=f"again-{next(numbers)}",
            entity=Entity(change.entity.value),
            entity_id=change.entity_id,
            verb=change.verb,
            occurred_at=change.changed_at,
            payload=change.payload,
        )
        with self.world.context.database.writing() as session:
            store_events(session, [event], self.world.clock.now())
        if what % 2:
            self.work(0, 0)

    def wait(self, which: int, what: int) -> None:
        self.world.later(seconds=(0.2, 1, 6, 31, 61, 301)[(which + what) % 6])


HAPPENINGS = [
    History.create,
    History.create_and_tell,
    History.create_and_tell,
    History.create_and_tell,
    History.overpay,
    History.apply_credit,
    History.edit,
    History.split,
    History.put_on_account,
    History.apply,
    History.journal,
    History.expense,
    History.void,
    History.delete,
]
TELLINGS = [
    History.webhook,
    History.webhook,
    History.webhook,
    History.webhook_of_invoice,
    History.poll,
    History.work,
    History.remember,
    History.tell_again,
    History.wait,
    History.wait,
    History.wait,
]
Action = Callable[[History, int, int], None]
any_number = st.integers(0, 11)
actions: st.SearchStrategy[list[tuple[Action, int, int]]] = st.lists(
    st.tuples(st.sampled_from([*HAPPENINGS, *TELLINGS]), any_number, any_number), min_size=4, max_size=24
)


@pytest.fixture
def history_world(world: World) -> Iterator[World]:
    world.notice()
    yield world
    with world.context.database.reading() as session:
        assert violations(session) == []


def histories(how_many: int) -> settings:
    """The same every time where a failure stops everybody, new ones on everybody's own machine."""
    return settings(
        max_examples=how_many,
        deadline=None,
        derandomize="CI" in os.environ,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


TOLD: dict[str, Any] = {
    "actions": actions,
    "readable_after": st.sampled_from([0, 20, 400, 1000]),
    "shown_after": st.sampled_from([0, 0, 45]),
    "silent_seconds": st.sampled_from([0, 200, 3600]),
}


@histories(3)
@given(**TOLD)
def test_a_history_told_in_any_way_ends_in_the_truth(history_world: World, **told: Any) -> None:
    ends_in_the_truth(history_world, **told)


@pytest.mark.proof
@histories(int(os.environ.get("HISTORIES", "20")))
@given(**TOLD)
def test_any_history_told_in_any_way_ends_in_the_truth(history_world: World, **told: Any) -> None:
    ends_in_the_truth(history_world, **told)


def ends_in_the_truth(
    world: World,
    actions: list[tuple[Action, int, int]],
    readable_after: int,
    shown_after: int,
    silent_seconds: int,
) -> None:
    world.quickbooks.set_switches(readable_after_seconds=0, cdc_after_seconds=0)
    history = History(world, [world.invoice(f"INV-{next(numbers)}", "5000.00", origin=None) for _ in range(3)])
    world.quickbooks.set_switches(readable_after_seconds=readable_after, cdc_after_seconds=shown_after)
    no_catch_up(world, seconds=silent_seconds)
    for action, which, what in actions:
        note(f"{action.__name__}({which}, {what})")
        action(history, which, what)
    # Every hint comes to its end, whether change data capture tells something meanwhile or not.
    world.settle()
    for seconds in (61, 31, 301):
        world.later(seconds=seconds)
    catch_up(world.context, world.source_id)
    world.settle()
    for seconds in (6, 31, 301):
        world.later(seconds=seconds)
    assert disagreements(world, history.payments) == []
    # What is old stays old, however late it comes again.
    for number in range(3):
        history.tell_again(number, 1)
    assert disagreements(world, history.payments) == []


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
