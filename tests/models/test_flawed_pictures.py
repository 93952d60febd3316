"""Pictures of a payment that are not to be relied on: they never take the place of one that is."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reasons import Reason
from domain.records import PaymentState, SourcePayment
from models.database import Database
from models.payment_store import Stored
from tests.models.payments import Live, known, live, slugs, store
from tests.models.rows import Books, add_books, payment


def flawed(version: int, lines: list[tuple[str, str]] | None = None) -> SourcePayment:
    return replace(payment(version=version, lines=lines or []), total=Decimal(60), flaw=Reason.INCOMPLETE)


def held(database: Database, books: Books) -> tuple[Live, str | None]:
    with known(database, books) as row:
        assert row is not None
        flaw = row.flaw
    return live(database, books), flaw


@given(told=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_they_come_only_whole_pictures_say_what_is_applied(
    database: Database, told: list[tuple[int, bool]]
) -> None:
    books = add_books(database, f"books-{next(slugs)}")
    for version, is_whole in told:
        whole = payment(version=version, lines=[("70", str(10 + version))])
        store(database, books, whole if is_whole else flawed(version))
    whole_versions = [version for version, is_whole in told if is_whole]
    flawed_versions = [version for version, is_whole in told if not is_whole]
    applied, flaw = held(database, books)
    if whole_versions:
        assert applied == {("invoice", "70"): Decimal(10 + max(whole_versions))}
    assert (flaw is not None) == (max(flawed_versions, default=-1) > max(whole_versions, default=-1))


def test_a_picture_of_the_same_version_heals_it_and_an_older_one_does_not(database: Database, books: Books) -> None:
    store(database, books, payment(version=1, lines=[("70", "60")]))
    assert store(database, books, flawed(3)) == Stored(new=0, changed=1, stale=0)
    assert store(database, books, flawed(3)) == Stored(new=0, changed=0, stale=1)
    assert held(database, books) == ({("invoice", "70"): Decimal(60)}, "incomplete")
    store(database, books, payment(version=2, lines=[("71", "60")]))
    assert held(database, books) == ({("invoice", "71"): Decimal(60)}, "incomplete")
    store(database, books, payment(version=3, lines=[("70", "60")]))
    assert held(database, books) == ({("invoice", "70"): Decimal(60)}, None)


def test_what_could_not_be_found_is_there_again_however_little_is_shown(database: Database, books: Books) -> None:
    gone = replace(payment(version=-1, state=PaymentState.DELETED), inferred=True)
    store(database, books, payment(version=1, lines=[("70", "60")]), gone)
    with known(database, books) as row:
        assert row is not None
        assert row.state == "deleted"
    store(database, books, flawed(1))
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.deletion_inferred, row.flaw) == ("live", False, "incomplete")
    store(database, books, payment(version=-1, state=PaymentState.DELETED))
    with known(database, books) as row:
        assert row is not None
        assert (row.state, row.flaw) == ("deleted", None)
