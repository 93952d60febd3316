"""One decision about an allocation is the current one, and the same again is no news."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from domain.match.decisions import Verdict
from domain.reasons import Reason
from models.database import Database
from models.decisions import (
    Action,
    DecisionRow,
    NewDecision,
    current_decisions,
    write_decision,
)
from tests.models.races import at_once
from tests.models.rows import NOW, Books, add_allocations
from tests.queries import current_decision, decisions_about

TOTAL = (Verdict("total", "100.00", "110.00", identical=False),)


@pytest.fixture
def allocations(database: Database, books: Books) -> list[int]:
    return add_allocations(database, books, 2)


def record(database: Database, books: Books, allocation_id: int, reason: Reason, **changes: Any) -> bool:
    values: dict[str, Any] = {
        "allocation_id": allocation_id,
        "action": Action.HOLD,
        "reason": reason,
    }
    now = changes.pop("now", NOW)
    with database.writing() as session:
        current = current_decisions(session, [allocation_id])
        return write_decision(session, current, NewDecision(**(values | changes)), now)


def test_the_newest_decision_is_the_current_one_and_the_others_stay(
    database: Database, books: Books, allocations: list[int]
) -> None:
    for reason in (Reason.TARGET_INVOICE_MISSING, Reason.ELIGIBLE, Reason.SYNCED):
        assert record(database, books, allocations[0], reason)
    record(database, books, allocations[1], Reason.UNAPPLIED)
    with database.reading() as session:
        current = current_decision(session, allocations[0])
        assert current is not None
        assert current.why is Reason.SYNCED
        assert {row.reason for row in current_decisions(session, allocations).values()} == {"synced", "unapplied"}
        assert [row.reason for row in decisions_about(session, allocations[0])] == [
            "target_invoice_missing",
            "eligible",
            "synced",
        ]


def test_the_same_again_is_no_news_and_keeps_the_moment_it_was_first_told(
    database: Database, books: Books, allocations: list[int]
) -> None:
    assert record(database, books, allocations[0], Reason.TOTAL_DIFFERS, verdicts=TOTAL)
    later = NOW + timedelta(hours=1)
    again = {"verdicts": TOTAL, "now": later}
    assert not record(database, books, allocations[0], Reason.TOTAL_DIFFERS, **again)
    with database.reading() as session:
        [row] = decisions_about(session, allocations[0])
    assert (row.decided_at, row.looked_at) == (NOW, later)


def test_another_detail_action_or_value_is_news(database: Database, books: Books, allocations: list[int]) -> None:
    changes: list[dict[str, Any]] = [
        {"detail": "HTTP 400"},
        {"action": Action.SKIP},
        {"verdicts": (Verdict("total", "100.00", "120.00", identical=False),)},
    ]
    record(database, books, allocations[0], Reason.TOTAL_DIFFERS, verdicts=TOTAL)
    for change in changes:
        assert record(database, books, allocations[0], Reason.TOTAL_DIFFERS, **({"verdicts": TOTAL} | change))


def test_the_outcome_of_a_delivery_keeps_the_verdicts_of_its_decision(
    database: Database, books: Books, allocations: list[int]
) -> None:
    record(database, books, allocations[0], Reason.ELIGIBLE, action=Action.PUSH, verdicts=TOTAL)
    record(database, books, allocations[0], Reason.SYNCED, action=Action.PUSH)
    with database.reading() as session:
        current = current_decision(session, allocations[0])
    assert current is not None
    assert current.verdicts == [{"field": "total", "source": "100.00", "target": "110.00", "identical": False}]


def test_two_current_decisions_are_impossible(database: Database, books: Books, allocations: list[int]) -> None:
    record(database, books, allocations[0], Reason.ELIGIBLE)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(
            DecisionRow(
                allocation_id=allocations[0],
                action="hold",
                reason="in_doubt",
                verdicts=[],
                decided_at=NOW,
            )
        )


def test_threads_that_decide_at_once_leave_one_current_decision(
    database: Database, books: Books, allocations: list[int]
) -> None:
    reasons = [Reason.ELIGIBLE, Reason.IN_DOUBT, Reason.SYNCED, Reason.TARGET_THROTTLED]
    record(database, books, allocations[0], Reason.TARGET_UNREACHABLE)
    results = at_once(4, lambda number: record(database, books, allocations[0], reasons[number]))
    assert True in results
    assert all(one is True or isinstance(one, IntegrityError) for one in results), "the loser keeps nothing"
    with database.reading() as session:
        current = select(func.count(DecisionRow.id)).where(DecisionRow.current)
        assert session.scalar(current) == 1
        assert session.scalar(select(func.count(DecisionRow.id))) == 1 + results.count(True)
