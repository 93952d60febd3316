"""Not to be found is not deleted: what takes the place of what, and how long we look."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.ingest.deletions import (
    LOOK_AGAIN_AFTER,
    Missing,
    Standing,
    is_a_later_look,
    next_look_after,
    replaces,
    what_of_missing,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def live(version: int, minutes: int = 0) -> Standing:
    return Standing(version, deleted=False, inferred=False, seen_at=NOON + timedelta(minutes=minutes))


def not_found(version: int = -1, minutes: int = 0) -> Standing:
    return Standing(version, deleted=True, inferred=True, seen_at=NOON + timedelta(minutes=minutes))


def tombstone(version: int = -1, minutes: int = 0) -> Standing:
    return Standing(version, deleted=True, inferred=False, seen_at=NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("told", "known", "expected"),
    [
        (live(2), live(1), True),
        (live(1), live(1), False),
        (live(1, minutes=9), live(2), False),
        (tombstone(), live(9), True),
        (tombstone(), live(9, minutes=9), True),
        (live(99, minutes=9), tombstone(3), False),
        (not_found(minutes=9), tombstone(3), False),
        (tombstone(), not_found(3), True),
        (not_found(minutes=1), live(3), True),
        (not_found(minutes=0), live(3), True),
        (not_found(minutes=0), live(3, minutes=1), False),
        (not_found(minutes=1), not_found(3), False),
        (live(0), not_found(-1), True),
        (live(3), not_found(3), True),
        (live(2, minutes=9), not_found(3), False),
        (live(-1, minutes=9), not_found(-1), False),
    ],
)
def test_what_takes_the_place_of_what(told: Standing, known: Standing, expected: bool) -> None:
    assert replaces(told, known) is expected


def test_a_picture_of_unknown_age_does_not_keep_a_deletion_away() -> None:
    assert replaces(not_found(), Standing(3, deleted=False, inferred=False, seen_at=None))


@pytest.mark.parametrize(
    ("told", "known", "expected"),
    [
        (live(1, minutes=1), live(1), True),
        (live(1), live(1), False),
        (live(1), live(1, minutes=1), False),
        (live(1), Standing(1, deleted=False, inferred=False, seen_at=None), True),
        (live(2, minutes=1), live(1), False),
        (live(1, minutes=1), live(2), False),
        (live(1, minutes=1), not_found(1), False),
        (live(1, minutes=1), tombstone(1), False),
        (not_found(1, minutes=1), live(1), False),
        (tombstone(1, minutes=1), live(1), False),
    ],
)
def test_what_is_the_same_version_seen_later(told: Standing, known: Standing, expected: bool) -> None:
    assert is_a_later_look(told, known) is expected


def test_a_told_deletion_counts_at_once_and_nothing_else_before_all_looks() -> None:
    looks = range(len(LOOK_AGAIN_AFTER) + 2)
    assert {what_of_missing(deletion_told=True, looks=look) for look in looks} == {Missing.GONE}
    assert [what_of_missing(deletion_told=False, looks=look) for look in looks] == [
        *([Missing.LOOK_AGAIN] * len(LOOK_AGAIN_AFTER)),
        Missing.GIVEN_UP,
        Missing.GIVEN_UP,
    ]
    assert [next_look_after(look) for look in looks] == [*LOOK_AGAIN_AFTER, LOOK_AGAIN_AFTER[-1], LOOK_AGAIN_AFTER[-1]]
