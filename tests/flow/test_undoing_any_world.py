"""Any world: what was written in a span is taken back, and ConnectWise is as if the sync had not run in it."""

import random
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from models.undos import UndoItemState
from models.views.undos import Removal
from tests.few import few_of
from tests.flow.doing import type_in, with_strategy
from tests.flow.test_undoing import asked, confirmed, judged, removals
from tests.queries import violations
from tests.world import BothInvoices, World

DAYS = ["2026-11-02", "2026-11-10", "2026-11-20"]


class Story:
    """A random world, the money that people typed in it, and what the sync must leave where it is."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.invoices = [world.invoice(f"INV-{number}", "1000.00") for number in range(5)]
        self.typed: Counter[tuple[str, str]] = Counter()
        self.payments: list[str] = []
        self.amounts = iter(range(11, 900))

    def go_on(self, moves: int) -> None:
        for _ in range(moves):
            self.chance.choice([self._pay, self._pay, self._pay_two, self._type, self._void, self._edit, self._adopt])()
            if self.chance.random() < 0.5:
                self.world.notice()
            self.world.clock.move(minutes=1)
        self.world.notice()
        self.world.later(minutes=5)

    def _amount(self) -> str:
        """No amount twice, so that nothing is taken for something else."""
        return f"{next(self.amounts)}.{self.chance.randrange(100):02}"

    def _pay(self) -> None:
        amount = self._amount()
        self.payments.append(self.world.pay(amount, (self.chance.choice(self.invoices), amount), on=self._day()))

    def _pay_two(self) -> None:
        one, other = self.chance.sample(self.invoices, 2)
        first, second = self._amount(), self._amount()
        total = str(Decimal(first) + Decimal(second))
        self.payments.append(self.world.pay(total, (one, first), (other, second), on=self._day()))

    def _type(self) -> None:
        """A person types other money."""
        self._typed(self.chance.choice(self.invoices), self._amount(), "2026-10-05")

    def _adopt(self) -> None:
        """A person types the very payment that is then told."""
        invoice, amount, day = self.chance.choice(self.invoices), self._amount(), self._day()
        self.world.notice()
        self._typed(invoice, amount, day)
        self.payments.append(self.world.pay(amount, (invoice, amount), on=day))
        self.world.notice()

    def _typed(self, invoice: BothInvoices, amount: str, day: str) -> None:
        type_in(self.world, invoice.connectwise_id, amount, date.fromisoformat(day))
        self.typed[invoice.number, amount] += 1

    def _void(self) -> None:
        if self.payments:
            self.world.quickbooks.void_payment(self.payments.pop(self.chance.randrange(len(self.payments))))

    def _edit(self) -> None:
        if self.payments:
            invoice, amount = self.chance.choice(self.invoices), self._amount()
            line = (invoice.quickbooks_id, amount)
            self.world.quickbooks.edit_payment(self.chance.choice(self.payments), total=amount, lines=[line])

    def _day(self) -> str:
        return self.chance.choice(DAYS)

    def there(self) -> Counter[tuple[str, str]]:
        return Counter((one.number, amount) for one in self.invoices for amount in self.world.amounts_on(one))


@pytest.mark.parametrize(
    ("seed", "strategy"), few_of([(seed, one) for seed in range(4) for one in ("append", "single")], 1)
)
def test_afterwards_connectwise_is_as_if_the_sync_had_never_run(world: World, seed: int, strategy: str) -> None:
    with_strategy(world, strategy)
    world.choose(correction_policy="automatic")
    since = world.clock.now()
    story = Story(world, seed)
    story.go_on(14)
    assert story.there() != story.typed, "the sync has written something"
    undo_id = asked(world, since)
    previewed = Decimal(judged(world, undo_id)[UndoItemState.POSSIBLE])
    confirmed(world, undo_id)
    world.settle()
    world.later(hours=1)
    assert story.there() == story.typed
    assert {one: Decimal(total) for one, total in removals(world, undo_id).items()} == {Removal.REMOVED: previewed}
    world.notice()
    world.later(hours=3)
    assert story.there() == story.typed, "nothing is synced again"
    with world.context.database.reading() as session:
        assert violations(session) == []


@pytest.mark.parametrize("seed", few_of(range(3), 1))
def test_a_span_in_the_middle_leaves_what_was_there_before_and_what_came_after(world: World, seed: int) -> None:
    story = Story(world, 100 + seed)
    story.go_on(6)
    before = story.there()
    story.payments.clear()
    world.clock.move(minutes=1)
    since = world.clock.now()
    story.go_on(6)
    story.payments.clear()
    world.clock.move(minutes=1)
    until, typed, within = world.clock.now(), Counter(story.typed), story.there()
    story.go_on(6)
    after = story.there() - within
    undo_id = asked(world, since, until)
    if UndoItemState.POSSIBLE in judged(world, undo_id):
        confirmed(world, undo_id)
        world.settle()
    assert story.there() == (before | typed) + after
