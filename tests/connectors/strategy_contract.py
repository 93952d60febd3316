"""What a target has to do under a payment strategy: after any correction the invoice says the sum that the source says.

The choice of the change is the product's own (`domain.push.strategy`); what is tested is that the target, set up as the
connection says it is, makes of each change what the strategy relies on.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from connectors.base import Changed, Created, Got, Removed, Target, WriteOutcome
from domain.push.effect import EffectKind
from domain.push.strategy import (
    Change,
    CreatePayment,
    Entry,
    Occupied,
    PaymentStrategy,
    RemovePayment,
    SetPayment,
    Wanted,
    change_for,
)
from domain.records import TargetPayment
from tests.connectors.contract import PAID_ON, TargetContract, TargetWorld

TOTAL = "1000.00"


@dataclass
class Bookkeeper:
    """Keeps the allocations of one invoice true on a target, remembering which payment stands for which."""

    target: Target
    invoice_id: str
    strategy: PaymentStrategy
    entries: dict[int, Entry] = field(default_factory=dict)

    def pay(self, allocation_id: int, amount: str, on: date = PAID_ON) -> Change:
        return self._make_true(EffectKind.CREATE, allocation_id, Decimal(amount), on)

    def correct(self, allocation_id: int, amount: str, on: date = PAID_ON) -> Change:
        return self._make_true(EffectKind.ADJUST, allocation_id, Decimal(amount), on)

    def take_back(self, allocation_id: int) -> Change:
        entry = self.entries[allocation_id]
        return self._make_true(EffectKind.REVERSE, allocation_id, entry.amount, entry.paid_on)

    def listed(self) -> list[TargetPayment]:
        result = self.target.list_payments(self.invoice_id)
        assert isinstance(result, Got)
        return list(result.value)

    def _make_true(self, kind: EffectKind, allocation_id: int, amount: Decimal, on: date) -> Change:
        ours = {entry.payment_id for entry in self.entries.values()}
        strangers = any(payment.external_id not in ours for payment in self.listed())
        entry = self.entries.get(allocation_id)
        wanted = Wanted(kind, allocation_id, amount, on, entry.payment_id if entry else None)
        change = change_for(self.strategy, wanted, list(self.entries.values()), strangers)
        outcome = self.send(change)
        match outcome:
            case None:
                return change
            case Removed():
                payment_id = ""
            case Created(payment) | Changed(payment):
                assert change.is_answered_by(payment)
                payment_id = payment.external_id
            case _:
                raise AssertionError(f"{change} ended in {outcome}")
        if kind is EffectKind.REVERSE:
            del self.entries[allocation_id]
        else:
            self.entries[allocation_id] = Entry(allocation_id, payment_id, amount, on)
        return change

    def send(self, change: Change) -> WriteOutcome | None:
        match change:
            case CreatePayment(amount, paid_on):
                return self.target.create_payment(self.invoice_id, amount, paid_on)
            case SetPayment(payment_id, amount, paid_on):
                return self.target.change_payment(self.invoice_id, payment_id, amount, paid_on)
            case RemovePayment(payment_id):
                return self.target.remove_payment(self.invoice_id, payment_id)
            case Occupied():
                return None


class StrategyContract(TargetContract):
    """The contract of a target that is used under `strategy`, and everything that it has to do under any."""

    strategy: ClassVar[PaymentStrategy]

    @pytest.fixture
    def books(self, people: TargetWorld) -> Bookkeeper:
        return Bookkeeper(people.target, people.add_invoice("INV-1", TOTAL), self.strategy)

    def says(self, people: TargetWorld, books: Bookkeeper, *paid: tuple[str, date]) -> None:
        """The invoice shows exactly this money: one payment for each, or one payment for all, by strategy."""
        amounts, days = [Decimal(amount) for amount, _ in paid], [on for _, on in paid]
        if self.strategy is PaymentStrategy.SINGLE and paid:
            amounts, days = [sum(amounts, Decimal(0))], [max(days)]
        truth = people.truth(books.invoice_id)
        assert sorted((amount, on) for _, amount, on in truth) == sorted(zip(amounts, days, strict=True))
        result = people.target.find_invoices([books.invoice_id], [])
        assert isinstance(result, Got)
        assert result.value.invoices[0].balance == Decimal(TOTAL) - sum(amounts)

    def test_payments_of_several_days_are_all_on_the_invoice(self, people: TargetWorld, books: Bookkeeper) -> None:
        earlier = PAID_ON - timedelta(days=2)
        books.pay(1, "50.00")
        books.pay(2, "30.00", earlier)
        books.pay(3, "20.05")
        self.says(people, books, ("50.00", PAID_ON), ("30.00", earlier), ("20.05", PAID_ON))

    def test_three_identical_cheques_are_three_payments(self, people: TargetWorld, books: Bookkeeper) -> None:
        for allocation_id in (1, 2, 3):
            books.pay(allocation_id, "50.00")
        self.says(people, books, *[("50.00", PAID_ON)] * 3)

    def test_a_correction_changes_its_own_part_alone(self, people: TargetWorld, books: Bookkeeper) -> None:
        later = PAID_ON + timedelta(days=1)
        books.pay(1, "50.00")
        books.pay(2, "30.00")
        books.correct(2, "31.99", later)
        self.says(people, books, ("50.00", PAID_ON), ("31.99", later))

    @pytest.mark.parametrize("first", [1, 2])
    def test_taking_one_back_leaves_the_other(self, people: TargetWorld, books: Bookkeeper, first: int) -> None:
        paid = {1: "50.00", 2: "30.00"}
        for allocation_id, amount in paid.items():
            books.pay(allocation_id, amount)
        books.take_back(first)
        self.says(people, books, (paid[3 - first], PAID_ON))
        books.take_back(3 - first)
        self.says(people, books)

    def test_what_was_taken_back_can_be_paid_again(self, people: TargetWorld, books: Bookkeeper) -> None:
        books.pay(1, "50.00")
        books.take_back(1)
        books.pay(1, "60.00")
        self.says(people, books, ("60.00", PAID_ON))

    def test_a_correction_said_twice_is_made_once(self, people: TargetWorld, books: Bookkeeper) -> None:
        books.pay(1, "50.00")
        books.pay(2, "30.00")
        change = books.correct(2, "35.00")
        assert isinstance(books.send(change), Changed)
        self.says(people, books, ("50.00", PAID_ON), ("35.00", PAID_ON))

    def test_what_a_person_typed_is_never_changed(self, people: TargetWorld, books: Bookkeeper) -> None:
        typed = people.type_payment(books.invoice_id, "20.00", PAID_ON)
        change = books.pay(1, "50.00")
        assert isinstance(change, Occupied if self.strategy is PaymentStrategy.SINGLE else CreatePayment)
        if not isinstance(change, Occupied):
            books.correct(1, "55.00")
            books.take_back(1)
        assert people.truth(books.invoice_id) == [(typed, Decimal("20.00"), PAID_ON)]
