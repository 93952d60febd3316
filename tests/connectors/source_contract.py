"""What every source has to do, whoever makes it. A new vendor's test subclasses these."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from connectors.base import Change, ChangedEntity, Failure, FailureKind, Got, Source
from domain.records import AllocationKind, PaymentState


class SourceWorld(Protocol):
    """A source with an accountant in it."""

    @property
    def source(self) -> Source: ...

    def now(self) -> datetime: ...

    def pass_time(self, seconds: float) -> None: ...

    def add_invoice(self, number: str | None, total: str) -> str: ...

    def pay(self, total: str, *lines: tuple[str, str]) -> str: ...

    def void(self, payment_id: str) -> None: ...

    def delete(self, payment_id: str) -> None: ...

    def move(self, payment_id: str, from_invoice_id: str, to_invoice_id: str) -> None: ...


class SourceContract:
    """What ingest and catch-up rely on."""

    @abstractmethod
    def open_world(self) -> AbstractContextManager[SourceWorld]:
        """A running source with nothing in it."""

    @pytest.fixture
    def books(self) -> Iterator[SourceWorld]:
        with self.open_world() as world:
            yield world

    def test_the_connection_can_be_checked(self, books: SourceWorld) -> None:
        assert isinstance(books.source.check(), Got)

    def test_a_payment_is_read_with_its_allocations(self, books: SourceWorld) -> None:
        invoices = [books.add_invoice(f"INV-{number}", "100.00") for number in (1, 2)]
        payment_id = books.pay("130.00", (invoices[0], "100.00"), (invoices[1], "20.00"))
        result = books.source.read_payments([payment_id])
        assert isinstance(result, Got)
        [payment] = result.value.payments
        assert (payment.external_id, payment.state) == (payment_id, PaymentState.LIVE)
        assert (payment.total, payment.unapplied, payment.currency) == (Decimal(130), Decimal(10), "USD")
        assert {(one.kind, one.document_id, one.amount) for one in payment.allocations} == {
            (AllocationKind.INVOICE, invoices[0], Decimal(100)),
            (AllocationKind.INVOICE, invoices[1], Decimal(20)),
        }

    def test_many_payments_are_read_in_few_calls_and_none_is_lost(self, books: SourceWorld) -> None:
        ids = {books.pay("1.00") for _ in range(230)}
        result = books.source.read_payments(ids)
        assert isinstance(result, Got)
        assert {payment.external_id for payment in result.value.payments} == ids

    def test_what_does_not_exist_is_told_as_missing(self, books: SourceWorld) -> None:
        live, deleted = books.pay("1.00"), books.pay("2.00")
        books.delete(deleted)
        result = books.source.read_payments([live, deleted, "999999"])
        assert isinstance(result, Got)
        assert [payment.external_id for payment in result.value.payments] == [live]
        assert result.value.missing_ids == {deleted, "999999"}

    def test_asking_for_nothing_reads_nothing(self, books: SourceWorld) -> None:
        result = books.source.read_payments([])
        assert isinstance(result, Got)
        assert (result.value.payments, result.value.missing_ids) == ((), frozenset())

    @pytest.mark.parametrize("strange", ["' OR '1'='1", "1') ORDERBY Id --", "\\", "../companyinfo/1", "1?x=1", "ä"])
    def test_an_id_is_a_text_and_never_a_part_of_the_question(self, books: SourceWorld, strange: str) -> None:
        books.pay("1.00")
        result = books.source.read_payments([strange])
        assert isinstance(result, Failure) or result.value.payments == ()

    def test_a_voided_payment_has_no_money_left(self, books: SourceWorld) -> None:
        invoice = books.add_invoice("INV-1", "100.00")
        payment_id = books.pay("100.00", (invoice, "100.00"))
        books.void(payment_id)
        result = books.source.read_payments([payment_id])
        assert isinstance(result, Got)
        [payment] = result.value.payments
        assert (payment.state, payment.total, payment.allocations) == (PaymentState.VOIDED, 0, ())

    def test_a_statement_has_the_invoice_and_what_is_paid_on_it(self, books: SourceWorld) -> None:
        invoice, other = (books.add_invoice(f"INV-{number}", "100.00") for number in (1, 2))
        split = books.pay("50.00", (invoice, "30.00"), (other, "20.00"))
        gone = books.pay("10.00", (invoice, "10.00"))
        books.pay("5.00", (other, "5.00"))
        books.void(gone)
        result = books.source.read_statement(invoice)
        assert isinstance(result, Got)
        statement = result.value
        assert (statement.invoice.external_id, statement.invoice.number) == (invoice, "INV-1")
        assert (statement.invoice.total, statement.invoice.balance) == (Decimal(100), Decimal(70))
        assert [payment.external_id for payment in statement.payments] == [split]
        assert (statement.deposit, statement.unread_ids) == (0, ())

    @pytest.mark.parametrize("strange", ["999999", "' OR '1'='1", "../companyinfo/1", "1?x=1"])
    def test_a_statement_of_no_invoice_is_told_as_not_found(self, books: SourceWorld, strange: str) -> None:
        books.add_invoice("INV-1", "100.00")
        result = books.source.read_statement(strange)
        assert isinstance(result, Failure)
        assert result.kind in (FailureKind.NOT_FOUND, FailureKind.REFUSED)

    def test_every_change_raises_the_version(self, books: SourceWorld) -> None:
        first, second = books.add_invoice("INV-1", "100.00"), books.add_invoice("INV-2", "100.00")
        payment_id = books.pay("100.00", (first, "100.00"))
        versions = []
        for change in (lambda: books.move(payment_id, first, second), lambda: books.void(payment_id)):
            result = books.source.read_payments([payment_id])
            assert isinstance(result, Got)
            versions.append(result.value.payments[0].version)
            change()
        result = books.source.read_payments([payment_id])
        assert isinstance(result, Got)
        assert versions[0] < versions[1] < result.value.payments[0].version

    def test_an_invoice_is_read_with_what_identifies_it(self, books: SourceWorld) -> None:
        invoice_id = books.add_invoice("INV-1", "1234.56")
        result = books.source.read_invoices([invoice_id])
        assert isinstance(result, Got)
        [invoice] = result.value.invoices
        assert (invoice.number, invoice.total, invoice.currency) == ("INV-1", Decimal("1234.56"), "USD")
        assert invoice.customer_name

    def test_changes_tell_what_was_made_changed_voided_and_deleted(self, books: SourceWorld) -> None:
        since = books.now() - timedelta(minutes=1)
        invoice = books.add_invoice("INV-1", "100.00")
        made, voided, deleted = (books.pay("10.00", (invoice, "10.00")) for _ in range(3))
        books.void(voided)
        books.delete(deleted)
        result = books.source.changes_since(since)
        assert isinstance(result, Got)
        assert result.value.complete
        assert result.value.until >= since
        told = {change.entity_id: change for change in result.value.changes if change.entity is ChangedEntity.PAYMENT}
        states = {one: books.source.parse_payment(told[one].payload).state for one in told}
        assert states == {
            made: PaymentState.LIVE,
            voided: PaymentState.VOIDED,
            deleted: PaymentState.DELETED,
        }
        assert invoice in {one.entity_id for one in result.value.changes if one.entity is ChangedEntity.INVOICE}

    def test_the_same_change_told_twice_has_the_same_event_id_and_a_new_one_another(self, books: SourceWorld) -> None:
        since = books.now() - timedelta(minutes=1)
        payment_id = books.pay("10.00")
        first, again = (books.source.changes_since(since) for _ in range(2))
        assert isinstance(first, Got)
        assert isinstance(again, Got)
        assert [one.event_id for one in first.value.changes] == [one.event_id for one in again.value.changes]
        books.void(payment_id)
        later = books.source.changes_since(since)
        assert isinstance(later, Got)
        assert not {one.event_id for one in later.value.changes} & {one.event_id for one in first.value.changes}

    def test_what_is_told_as_a_change_is_what_a_read_tells(self, books: SourceWorld) -> None:
        since = books.now() - timedelta(minutes=1)
        payment_id = books.pay("33.33", (books.add_invoice("INV-1", "100.00"), "33.33"))
        changes, read = books.source.changes_since(since), books.source.read_payments([payment_id])
        assert isinstance(changes, Got)
        assert isinstance(read, Got)
        [change] = [one for one in changes.value.changes if one.entity_id == payment_id]
        assert books.source.parse_payment(change.payload) == read.value.payments[0]

    @pytest.mark.parametrize("payload", ["{}", "[]", "null", "1", '"x"', '{"Id": null}', "no json"])
    def test_a_payload_that_is_nothing_is_a_value_error(self, books: SourceWorld, payload: str) -> None:
        for parse in (books.source.parse_payment, books.source.parse_invoice):
            with pytest.raises(ValueError):
                parse(payload)

    # --- a stretch of time, and what is not there any more ---

    def test_a_stretch_of_time_tells_what_changed_last_in_it_and_still_exists(self, books: SourceWorld) -> None:
        before = books.pay("1.00")
        books.pass_time(60)
        since = books.now()
        kept, voided, deleted = (books.pay("2.00") for _ in range(3))
        books.pass_time(60)
        books.void(voided)
        books.delete(deleted)
        until = books.now()
        books.pass_time(60)
        after = books.pay("3.00")
        told = self.listed(books, ChangedEntity.PAYMENT, since, until)
        assert [change.entity_id for change in told] == [kept, voided]
        assert {before, deleted, after}.isdisjoint(change.entity_id for change in told)
        assert all(change.changed_at and since <= change.changed_at <= until for change in told)
        assert books.source.parse_payment(told[1].payload).state is PaymentState.VOIDED

    def test_a_stretch_with_more_than_a_page_is_told_to_its_end(self, books: SourceWorld) -> None:
        since, ids = books.now(), set()
        for _ in range(11):
            ids |= {books.pay("1.00") for _ in range(100)}
            books.pass_time(1)
        told = self.listed(books, ChangedEntity.PAYMENT, since, books.now())
        assert {change.entity_id for change in told} == ids

    def test_what_a_stretch_tells_has_the_event_ids_of_the_changes(self, books: SourceWorld) -> None:
        since = books.now() - timedelta(minutes=1)
        books.pay("1.00", (books.add_invoice("INV-1", "100.00"), "1.00"))
        changes = books.source.changes_since(since)
        assert isinstance(changes, Got)
        told = [one for entity in ChangedEntity for one in self.listed(books, entity, since, books.now())]
        assert {one.event_id for one in told} == {one.event_id for one in changes.value.changes}

    def test_a_count_is_as_many_as_the_stretch_tells(self, books: SourceWorld) -> None:
        since = books.now()
        payments = [books.pay("1.00") for _ in range(5)]
        books.pass_time(60)
        until = books.now() - timedelta(seconds=1)
        books.delete(payments[0])
        books.void(payments[1])
        result = books.source.count_changed(ChangedEntity.PAYMENT, since, until)
        assert isinstance(result, Got)
        assert result.value == 3 == len(self.listed(books, ChangedEntity.PAYMENT, since, until))

    def test_of_what_we_know_exactly_what_is_not_there_is_found_gone_and_as_inferred(self, books: SourceWorld) -> None:
        kept, deleted, voided = (books.pay("1.00") for _ in range(3))
        books.delete(deleted)
        books.void(voided)
        result = books.source.find_gone(ChangedEntity.PAYMENT, [kept, deleted, voided, "999999"])
        assert isinstance(result, Got)
        assert [change.entity_id for change in result.value.deletions] == [deleted, "999999"]
        assert (result.value.unchecked_ids, result.value.failure) == (frozenset(), None)
        for change in result.value.deletions:
            record = books.source.parse_payment(change.payload)
            assert (record.state, record.inferred) == (PaymentState.DELETED, True)

    def test_a_told_deletion_is_not_an_inferred_one(self, books: SourceWorld) -> None:
        since = books.now() - timedelta(minutes=1)
        payment_id = books.pay("1.00")
        books.delete(payment_id)
        result = books.source.changes_since(since)
        assert isinstance(result, Got)
        [change] = [one for one in result.value.changes if one.entity_id == payment_id]
        record = books.source.parse_payment(change.payload)
        assert (change.verb, record.state, record.inferred) == ("deleted", PaymentState.DELETED, False)

    def test_many_that_are_gone_are_found_step_by_step_and_none_is_asked_for_twice(self, books: SourceWorld) -> None:
        ids = [books.pay("1.00") for _ in range(70)]
        for one in ids[::2]:
            books.delete(one)
        waiting, found = list(ids), []
        for _ in range(10):
            result = books.source.find_gone(ChangedEntity.PAYMENT, waiting)
            assert isinstance(result, Got)
            found += [change.entity_id for change in result.value.deletions]
            waiting = [one for one in waiting if one in result.value.unchecked_ids]
            if not waiting:
                break
        assert found == ids[::2]

    def test_an_invoice_that_does_not_exist_is_told_as_missing(self, books: SourceWorld) -> None:
        invoice_id = books.add_invoice("INV-1", "100.00")
        result = books.source.read_invoices([invoice_id, "999999"])
        assert isinstance(result, Got)
        assert [one.external_id for one in result.value.invoices] == [invoice_id]
        assert result.value.missing_ids == {"999999"}

    def listed(self, books: SourceWorld, entity: ChangedEntity, since: datetime, until: datetime) -> list[Change]:
        told: list[Change] = []
        at: datetime | None = since
        while at is not None:
            page = books.source.list_changed(entity, at, until)
            assert isinstance(page, Got)
            told += [change for change in page.value.changes if change not in told]
            at = page.value.next_since
        return told
