"""Versions of a payment may come in any order and any number: the newest one is what is known in the end."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from domain.match.allocations import merge_allocations
from domain.records import AllocationKind, PaymentState, SourcePayment
from models.database import Database
from models.due import as_they_stand, due_allocations
from models.due_owners import owners
from models.payment_store import Stored, store_payments
from models.payments import (
    Allocation,
    Payment,
    match_again,
    organizations_with_due_allocations,
    register_own_payments,
    reschedule_matches,
)
from tests.models.payments import Live, known, live, store
from tests.models.rows import NOW, Books, add_books, payment


def test_a_new_payment_a_newer_and_an_older_version_are_counted(database: Database, books: Books) -> None:
    assert store(database, books, payment(version=1)) == Stored(new=1, changed=0, stale=0)
    assert store(database, books, payment(version=2)) == Stored(new=0, changed=1, stale=0)
    assert store(database, books, payment(version=2), payment(version=0)) == Stored(new=0, changed=0, stale=2)


def test_many_new_payments_at_once_keep_each_its_own_parts(database: Database, books: Books) -> None:
    """They come in one statement, and their parts in another one that names the ids of the first."""
    numbers = range(1200, 0, -1)
    store(database, books, *(payment(str(one), lines=[(f"{one}-a", "60"), (f"{one}-b", "40")]) for one in numbers))
    with database.reading() as session:
        parts = select(Payment.external_id, Allocation.document_id).join(Allocation.payment).order_by(Allocation.id)
        found = [(one, part) for one, part in session.execute(parts)]
    assert found == [(str(one), f"{one}-{part}") for one in numbers for part in "ab"]


def test_an_older_version_changes_nothing(database: Database, books: Books) -> None:
    store(database, books, payment(version=3, lines=[("70", "60")]))
    store(database, books, payment(version=2, lines=[("71", "100")]))
    assert live(database, books) == {("invoice", "70"): Decimal(60)}
    with known(database, books) as row:
        assert row is not None
        assert (row.version, row.total) == (3, Decimal(60))


def test_a_deletion_is_final_however_late_an_older_picture_comes(database: Database, books: Books) -> None:
    store(database, books, payment(version=3, lines=[("70", "60")]))
    store(database, books, payment(version=-1, state=PaymentState.DELETED))
    store(database, books, payment(version=9, lines=[("70", "60")]))
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.total, row.customer_name) == ("deleted", Decimal(60), "Cascade Dental")
        assert [(one.amount, one.removed) for one in row.allocations] == [(Decimal(60), False)]


def test_what_changed_is_due_for_match_also_where_only_the_date_did(database: Database, books: Books) -> None:
    store(database, books, payment(version=0, lines=[("70", "60"), ("71", "40")]))
    with database.writing() as session:
        match_again(
            session, [one.allocation.id for one in due_allocations(session, books.organization_id, NOW, 9)], None
        )  # type: ignore[arg-type]
    store(database, books, payment(version=1, lines=[("70", "60"), ("71", "40")]))
    with database.reading() as session:
        assert len(due_allocations(session, books.organization_id, NOW, 9)) == 2
        assert owners(session, NOW, organizations_with_due_allocations) == [books.organization_id]


def test_an_allocation_that_became_due_anew_is_told_from_what_was_read(database: Database, books: Books) -> None:
    store(database, books, payment(lines=[("70", "60")]))
    with database.reading() as session:
        [due] = due_allocations(session, books.organization_id, NOW, 9)
    later = NOW + timedelta(seconds=1)
    with database.writing() as session:
        match_again(session, [due.allocation.id], later)
    with database.writing() as session:
        [now] = as_they_stand(session, [due.allocation.id]).values()
        assert now.allocation.payment.versions == due.payment.versions
        assert now.allocation.match_due_at == later != due.due_at
        reschedule_matches(session, {due.allocation.id: None})
    with database.reading() as session:
        assert as_they_stand(session, [due.allocation.id])[due.allocation.id].allocation.match_due_at is None
        assert due_allocations(session, books.organization_id, NOW + timedelta(days=1), 9) == []


def test_two_companies_may_have_payments_of_the_same_id(database: Database, books: Books) -> None:
    other = add_books(database, "southwind")
    store(database, books, payment(lines=[("70", "60")]))
    assert store(database, other, payment(lines=[("70", "1")])).new == 1
    assert live(database, books) == {("invoice", "70"): Decimal(60)}


def test_own_payments_are_known_before_and_after_they_are_heard_of(database: Database, books: Books) -> None:
    with database.writing() as session:
        assert register_own_payments(session, books.source_id, ["163", "163", "164"], NOW) == 2
        assert register_own_payments(session, books.source_id, ["163"], NOW) == 0
    store(database, books, payment())
    with database.reading() as session:
        assert [one.is_own for one in due_allocations(session, books.organization_id, NOW, 9)] == [True]


def test_no_two_allocations_of_a_payment_are_for_the_same_document(database: Database, books: Books) -> None:
    for version in range(4):
        store(database, books, payment(version=version, lines=[("70", "1"), ("70", "2"), ("71", "3")], unapplied="1"))
    with known(database, books) as row:
        assert row is not None
        keys = [(one.kind, one.document_id) for one in row.allocations]
    assert len(keys) == len(set(keys)) == 3


# --- any sequence of versions, in any order, with duplicates, in any batches ---


class AnySequenceOfVersions(RuleBasedStateMachine):
    """An accountant changes a payment; what we hear of it comes late, twice, and in the wrong order."""

    database: Database
    books: Books
    versions = Bundle("versions")
    names = iter(range(10_000_000))

    def __init__(self) -> None:
        super().__init__()
        self.external_id = f"P{next(self.names)}"
        self.made: list[SourcePayment] = []
        self.heard: list[SourcePayment] = []

    @rule(
        target=versions,
        lines=st.lists(
            st.tuples(
                st.sampled_from(["70", "71", "72"]), st.integers(0, 500).map(lambda cents: str(cents / Decimal(100)))
            ),
            max_size=3,
        ),
        unapplied=st.sampled_from(["0", "0", "10.00"]),
    )
    def change(self, lines: list[tuple[str, str]], unapplied: str) -> SourcePayment:
        voided = not lines and unapplied == "0"
        state = PaymentState.VOIDED if voided else PaymentState.LIVE
        version = payment(self.external_id, len(self.made), lines, unapplied=unapplied, state=state)
        self.made.append(version)
        return version

    @rule(batch=st.lists(versions, min_size=1, max_size=4))
    def hear(self, batch: list[SourcePayment]) -> None:
        with self.database.writing() as session:
            store_payments(session, self.books.organization_id, self.books.source_id, batch, NOW)
        self.heard += batch

    @invariant()
    def the_newest_version_that_was_heard_of_is_what_is_known(self) -> None:
        if not self.heard:
            return
        newest = max(self.heard, key=lambda one: one.version)
        wanted = {(kind.value, document): one.amount for (kind, document), one in merge_allocations(newest).items()}
        with known(self.database, self.books, self.external_id) as row:
            assert row is not None
            assert (row.version, row.state, row.total) == (newest.version, newest.state.value, newest.total)
            self._check(row.allocations, wanted)

    def _check(self, allocations: list[Allocation], wanted: Live) -> None:
        nothing = AllocationKind.NOTHING.value
        found = {
            (one.kind, one.document_id): one.amount for one in allocations if not one.removed and one.kind != nothing
        }
        assert found == wanted
        assert allocations, "there is always something to decide about"
        assert all(one.match_due_at == NOW for one in allocations)


def test_any_sequence_of_versions_ends_in_the_newest(database: Database, books: Books) -> None:
    AnySequenceOfVersions.database, AnySequenceOfVersions.books = database, books
    run_state_machine_as_test(
        AnySequenceOfVersions,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


orders = st.permutations(range(5)).flatmap(
    lambda order: st.lists(st.sampled_from(order), max_size=4).map(lambda again: [*order, *again])
)
counter = iter(range(10_000_000))


@given(order=orders, deleted_at=st.integers(0, 8), in_one_batch=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_deletion_anywhere_in_the_sequence_is_what_is_known_in_the_end(
    database: Database, books: Books, order: list[int], deleted_at: int, in_one_batch: bool
) -> None:
    name = f"D{next(counter)}"
    heard = [payment(name, version, [("70", f"{version + 1}.00")]) for version in order]
    heard.insert(deleted_at, payment(name, -1, state=PaymentState.DELETED))
    if in_one_batch:
        store(database, books, *heard)
    else:
        for one in heard:
            store(database, books, one)
    with known(database, books, name) as row:
        assert row is not None
        assert row.state == "deleted"


def test_a_deletion_in_the_same_batch_leaves_what_is_known_of_the_payment(database: Database, books: Books) -> None:
    store(database, books, payment(version=3, lines=[("70", "60")]), payment(version=-1, state=PaymentState.DELETED))
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.total, [one.amount for one in row.allocations]) == (
            "deleted",
            Decimal(60),
            [Decimal(60)],
        )


def test_a_deletion_that_was_only_inferred_is_taken_back_by_a_live_picture(database: Database, books: Books) -> None:
    gone = replace(payment(version=-1, state=PaymentState.DELETED), inferred=True)
    store(database, books, payment(version=3, lines=[("70", "60")]), gone)
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.deletion_inferred) == ("deleted", True)
    store(database, books, payment(version=2, lines=[("71", "60")]))
    with known(database, books) as row:
        assert row is not None
        assert row.state == "deleted"
    assert store(database, books, payment(version=3, lines=[("70", "60")])).changed == 1
    assert live(database, books) == {("invoice", "70"): Decimal(60)}
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.deletion_inferred) == ("live", False)


def test_an_inferred_deletion_that_is_told_becomes_final_and_is_not_decided_again(
    database: Database, books: Books
) -> None:
    gone = replace(payment(version=-1, state=PaymentState.DELETED), inferred=True)
    store(database, books, payment(version=3, lines=[("70", "60")]), gone)
    with database.writing() as session:
        match_again(
            session, [one.allocation.id for one in due_allocations(session, books.organization_id, NOW, 9)], None
        )  # type: ignore[arg-type]
    store(database, books, payment(version=-1, state=PaymentState.DELETED))
    store(database, books, payment(version=9, lines=[("70", "60")]))
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.deletion_inferred) == ("deleted", False)
    with database.reading() as session:
        assert due_allocations(session, books.organization_id, NOW, 9) == []
