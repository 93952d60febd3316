"""Signing a statement: who may, of which period, and that a closed one never changes."""

from datetime import date, timedelta

import pytest

from models.database import Session
from models.reconciliation_statements import ClosedPeriodChanged, ReconciliationStatement, statements_of
from tests.flow.tampering import type_in
from tests.reconciling import PREPARER, REVIEWER, add_signers, apart, as_person, reconciled, signed, today
from tests.world import World
from usecases.results import Rejected
from usecases.statements import Signed, review_statement, sign_statement, signed_statement


@pytest.fixture
def statement(world: World) -> int:
    apart(world)
    add_signers(world)
    return signed(world)


def refused(answer: object) -> str:
    assert isinstance(answer, Rejected)
    return answer.message


def sign(world: World, by: str, first: date, last: date) -> int | Rejected:
    return sign_statement(as_person(world, by), world.organization_id, first, last)


def review(world: World, by: str, statement: int) -> Rejected | None:
    return review_statement(as_person(world, by), world.organization_id, statement)


def read(world: World, statement: int) -> Signed:
    with world.context.database.reading() as session:
        found = signed_statement(session, world.organization_id, statement)
    assert found is not None
    return found


def test_two_people_close_a_period(world: World, statement: int) -> None:
    assert review(world, REVIEWER, statement) is None
    found = read(world, statement)
    assert (found.row.prepared_by, found.row.reviewed_by, found.row.is_closed) == (PREPARER, REVIEWER, True)
    assert found.attention == ()
    assert refused(review(world, REVIEWER, statement)) == "This period is closed already."


def test_nobody_reviews_what_they_signed_themselves(world: World, statement: int) -> None:
    assert "Somebody else has to review it" in refused(review(world, PREPARER, statement))


def test_a_program_signs_nothing(world: World, statement: int) -> None:
    period = read(world, statement).row.period
    for actor in ("command line", "API token 'billing'", ""):
        assert "a program is nobody's signature" in refused(sign(world, actor, period.first, period.last))
        assert "a program is nobody's signature" in refused(review(world, actor, statement))


def test_a_period_that_is_not_over_is_not_signed(world: World) -> None:
    apart(world)
    add_signers(world)
    assert "not over yet" in refused(sign(world, PREPARER, today(world), today(world)))
    assert "not over yet" in refused(sign(world, PREPARER, today(world), date.max))
    assert "after its last one" in refused(sign(world, PREPARER, today(world), today(world) - timedelta(days=1)))


def test_a_period_without_a_comparison_is_not_signed(world: World) -> None:
    add_signers(world)
    assert "were not compared in this period" in refused(sign(world, PREPARER, date(2026, 10, 1), date(2026, 10, 31)))


def test_a_period_whose_last_comparison_could_not_read_is_not_signed(world: World) -> None:
    apart(world)
    add_signers(world)
    world.quickbooks.switches.set(report_cells_max=2)
    reconciled(world)
    day = today(world)
    world.clock.move(days=1)
    assert "could not read both systems as a whole" in refused(sign(world, PREPARER, day, day))


def test_no_day_is_closed_twice(world: World, statement: int) -> None:
    period = read(world, statement).row.period
    assert review(world, REVIEWER, statement) is None
    assert "are closed already" in refused(sign(world, PREPARER, period.last, period.last))
    assert "are closed already" in refused(sign(world, PREPARER, period.first, period.last))


def test_a_statement_that_nobody_has_reviewed_is_signed_anew(world: World, statement: int) -> None:
    period = read(world, statement).row.period
    again = sign(world, REVIEWER, period.first, period.last)
    assert again == statement
    assert read(world, statement).row.prepared_by == REVIEWER


def test_what_changed_between_the_two_signatures_is_signed_again(world: World, statement: int) -> None:
    with world.context.database.writing() as session:
        row = session.get_one(ReconciliationStatement, statement)
        row.content = row.content.replace("7.00", "6.00")
    assert "Have it signed again" in refused(review(world, REVIEWER, statement))


def test_a_closed_period_is_never_changed_and_never_deleted(world: World, statement: int) -> None:
    assert review(world, REVIEWER, statement) is None
    with pytest.raises(ClosedPeriodChanged), world.context.database.writing() as session:
        session.get_one(ReconciliationStatement, statement).content = "{}"
    with pytest.raises(ClosedPeriodChanged), world.context.database.writing() as session:
        session.get_one(ReconciliationStatement, statement).reviewed_at = None
    with pytest.raises(ClosedPeriodChanged), world.context.database.writing() as session:
        session.delete(session.get_one(ReconciliationStatement, statement))

    def there(session: Session) -> int:
        return len(statements_of(session, world.organization_id))

    assert world.context.database.write(there) == 1


def test_a_difference_found_later_inside_a_closed_period_is_told(world: World) -> None:
    invoice, _ = apart(world)
    add_signers(world)
    statement = signed(world)
    assert review(world, REVIEWER, statement) is None
    type_in(world, invoice, "9.00")
    reconciled(world)
    (told,) = read(world, statement).attention
    assert "a difference of 9.00 USD was found that is dated inside this period" in told


def test_content_that_is_not_what_was_signed_is_told(world: World, statement: int) -> None:
    with world.context.database.writing() as session:
        row = session.get_one(ReconciliationStatement, statement)
        row.content = row.content.replace("7.00", "6.00")
    assert read(world, statement).attention == ("What is stored is not what was signed: its hash differs.",)
