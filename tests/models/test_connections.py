"""A connection's pauses: who sets them, what ends them, and that reading them never fails."""

from datetime import timedelta

import pytest

from domain.breaker import CallKind
from domain.reasons import Reason
from models.breakers import count_failure, note_answers
from models.connections import Connection, connection_by_id, pause
from models.database import Database
from tests.models.rows import NOW, Books

MINUTE = timedelta(minutes=1)


def target(database: Database, books: Books) -> Connection:
    with database.reading() as session:
        return connection_by_id(session, books.target_id)


def test_a_success_ends_the_row_of_failures_and_no_pause(database: Database, books: Books) -> None:
    with database.writing() as session:
        count_failure(session, books.target_id, CallKind.FIND)
        pause(session, books.target_id, NOW + MINUTE, Reason.TARGET_THROTTLED.value)
        note_answers(session, books.target_id, [CallKind.FIND])
    found = target(database, books)
    assert (found.not_before, found.why_paused) == (NOW + MINUTE, Reason.TARGET_THROTTLED)


def test_a_shorter_pause_does_not_replace_a_longer_one(database: Database, books: Books) -> None:
    with database.writing() as session:
        pause(session, books.target_id, NOW + MINUTE, Reason.TARGET_THROTTLED.value)
        pause(session, books.target_id, NOW + MINUTE / 2, Reason.PACED.value)
    found = target(database, books)
    assert (found.not_before, found.why_paused) == (NOW + MINUTE, Reason.TARGET_THROTTLED)


@pytest.mark.parametrize("text", ["", "a reason of an older version"])
def test_a_pause_whose_reason_nobody_knows_can_be_read(database: Database, books: Books, text: str) -> None:
    with database.writing() as session:
        connection_by_id(session, books.target_id).pause_reason = text
    assert target(database, books).why_paused is None
