"""What every target has to do, whoever makes it. A new vendor's test subclasses these."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from connectors.base import Changed, Created, Failure, FailureKind, Got, InvoicesFound, Removed, Target
from domain.records import TargetPayment

PAID_ON = date(2026, 11, 19)


class TargetWorld(Protocol):
    """A target with people in it."""

    @property
    def target(self) -> Target: ...

    def add_invoice(self, number: str, total: str) -> str: ...

    def type_payment(self, invoice_id: str, amount: str, on: date) -> str: ...

    def truth(self, invoice_id: str) -> list[tuple[str, Decimal, date]]:
        """Id, amount and day of every payment on the invoice, as the target's own people see them."""


class TargetContract:
    """What push relies on."""

    @abstractmethod
    def open_world(self) -> AbstractContextManager[TargetWorld]:
        """A running target with nothing in it."""

    @pytest.fixture
    def people(self) -> Iterator[TargetWorld]:
        with self.open_world() as world:
            yield world

    def listed(self, people: TargetWorld, invoice_id: str) -> list[TargetPayment]:
        result = people.target.list_payments(invoice_id)
        assert isinstance(result, Got)
        return list(result.value)

    def created(self, people: TargetWorld, invoice_id: str, amount: str, on: date = PAID_ON) -> TargetPayment:
        outcome = people.target.create_payment(invoice_id, Decimal(amount), on)
        assert isinstance(outcome, Created)
        return outcome.payment

    def test_the_connection_can_be_checked(self, people: TargetWorld) -> None:
        assert isinstance(people.target.check(), Got)

    def test_invoices_are_found_by_exact_number_and_by_id(self, people: TargetWorld) -> None:
        ids = {number: people.add_invoice(number, "100.00") for number in ("INV-1", "INV-10", "INV-2")}
        result = people.target.find_invoices([ids["INV-2"]], ["INV-1", "INV-404"])
        assert isinstance(result, Got)
        assert {(one.external_id, one.number, one.total) for one in result.value.invoices} == {
            (ids[number], number, Decimal(100)) for number in ("INV-1", "INV-2")
        }

    def test_an_invoice_found_in_two_ways_is_told_once(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        result = people.target.find_invoices([invoice_id], ["INV-1"])
        assert isinstance(result, Got)
        assert len(result.value.invoices) == 1

    def test_two_invoices_of_one_number_are_both_told(self, people: TargetWorld) -> None:
        ids = {people.add_invoice("INV-1", "100.00") for _ in range(2)}
        result = people.target.find_invoices([], ["INV-1"])
        assert isinstance(result, Got)
        assert {one.external_id for one in result.value.invoices} == ids

    def test_asking_for_nothing_finds_nothing(self, people: TargetWorld) -> None:
        assert people.target.find_invoices([], []) == Got(InvoicesFound())

    @pytest.mark.parametrize(
        "number", ['a"b', "a' or '1'='1", "[a-z]", "%", "*", "a\\", "ä€", "a,b", "a) or (b", "#&+?"]
    )
    def test_a_number_is_a_text_and_never_a_part_of_the_question(self, people: TargetWorld, number: str) -> None:
        people.add_invoice("INV-1", "100.00")
        result = people.target.find_invoices([], [number])
        assert result == Got(InvoicesFound())

    @pytest.mark.parametrize(
        "typed", ["inv-1001", "INV-1001 ", " INV-1001", "INV-01001", "INV 1001", "INV1001", "#INV-1001", "Inv-1001"]
    )
    def test_an_invoice_of_nearly_the_number_is_found_nearby(self, people: TargetWorld, typed: str) -> None:
        invoice_id = people.add_invoice(typed, "100.00")
        people.add_invoice("INV-2", "100.00")
        result = people.target.find_nearby(["INV-1001", "INV-404"])
        assert isinstance(result, Got)
        assert [(one.external_id, one.number) for one in result.value] == [(invoice_id, typed)]

    @pytest.mark.parametrize(
        "number",
        ['a"b', "a' or '1'='1", "[a-z]", "%", "*", "a\\", "ä€", "a,b", "a) or (b", "#&+?", "", " ", '"', "1" * 50],
    )
    def test_nearby_a_number_is_a_text_as_well(self, people: TargetWorld, number: str) -> None:
        people.add_invoice("INV-2002", "100.00")
        assert people.target.find_nearby([number]) == Got(())

    def test_what_is_no_id_finds_nothing(self, people: TargetWorld) -> None:
        people.add_invoice("INV-1", "100.00")
        assert people.target.find_invoices(["1 or 1=1", "", "²", "-1", "999999"], []) == Got(InvoicesFound())

    def test_a_created_payment_is_on_the_invoice_once_with_amount_and_day(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        payment = self.created(people, invoice_id, "40.00")
        assert people.truth(invoice_id) == [(payment.external_id, Decimal("40.00"), PAID_ON)]

    def test_a_created_payment_lowers_the_open_balance(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        self.created(people, invoice_id, "40.00")
        result = people.target.find_invoices([invoice_id], [])
        assert isinstance(result, Got)
        assert result.value.invoices[0].balance == Decimal("60.00")

    def test_a_created_payment_can_be_recognized_in_the_list(self, people: TargetWorld) -> None:
        """After a lost answer, the list is all there is: what we made must look like what we made."""
        invoice_id = people.add_invoice("INV-1", "100.00")
        payment = self.created(people, invoice_id, "40.00")
        [listed] = self.listed(people, invoice_id)
        assert (listed.external_id, listed.amount, listed.paid_on) == (payment.external_id, Decimal(40), PAID_ON)
        assert not listed.foreign

    def test_a_payment_that_a_person_typed_can_be_seen(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        typed = people.type_payment(invoice_id, "40.00", PAID_ON)
        [listed] = self.listed(people, invoice_id)
        assert (listed.external_id, listed.amount, listed.paid_on) == (typed, Decimal(40), PAID_ON)
        assert not listed.foreign

    def test_a_payment_is_changed_in_amount_and_day(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        payment = self.created(people, invoice_id, "40.00")
        tomorrow = PAID_ON + timedelta(days=1)
        outcome = people.target.change_payment(invoice_id, payment.external_id, Decimal("70.00"), tomorrow)
        assert isinstance(outcome, Changed)
        assert people.truth(invoice_id) == [(payment.external_id, Decimal("70.00"), tomorrow)]

    def test_a_payment_is_removed_and_removing_it_again_is_no_failure(self, people: TargetWorld) -> None:
        invoice_id = people.add_invoice("INV-1", "100.00")
        payment = self.created(people, invoice_id, "40.00")
        for _ in range(2):
            assert people.target.remove_payment(invoice_id, payment.external_id) == Removed()
        assert people.truth(invoice_id) == []

    def test_a_payment_on_an_invoice_that_is_not_there_is_refused(self, people: TargetWorld) -> None:
        outcome = people.target.create_payment("999999", Decimal(1), PAID_ON)
        assert getattr(outcome, "kind", None) is FailureKind.NOT_FOUND

    def test_the_payments_of_an_invoice_that_is_not_there_are_a_failure_and_not_none(self, people: TargetWorld) -> None:
        result = people.target.list_payments("999999")
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.NOT_FOUND
