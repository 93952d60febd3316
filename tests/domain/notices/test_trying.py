"""When a notice is tried again, when we give up, and when its endpoint is switched off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.notices.trying import (
    FAILED_FOR_LONG,
    GONE,
    PAUSE_MAX,
    REST_MAX,
    Delivered,
    GiveUp,
    Postponed,
    Reply,
    Tried,
    TryAgain,
    judge,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST = Tried(tries=1, first_at=NOW, failing_since=None, failures=0, now=NOW)
BROKEN = Reply(500)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_status_of_success_is_a_delivery(status: int) -> None:
    assert judge(Reply(status), FIRST) == Delivered()


@pytest.mark.parametrize("status", [None, 100, 199, 300, 301, 307, 400, 401, 404, 409, 429, 500, 503])
def test_everything_else_is_tried_again(status: int | None) -> None:
    assert judge(Reply(status), FIRST) == TryAgain(NOW + timedelta(seconds=5), NOW + timedelta(seconds=5))


def test_the_pauses_grow_until_three_days_are_over() -> None:
    tried, pauses, verdict = FIRST, [], judge(BROKEN, FIRST)
    while isinstance(verdict, TryAgain):
        pauses.append(verdict.at - tried.now)
        tried = replace(tried, tries=tried.tries + 1, failures=tried.failures + 1, failing_since=NOW, now=verdict.at)
        verdict = judge(BROKEN, tried)
    seconds, minutes, hours = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
    assert pauses[:7] == [5 * seconds, minutes, 5 * minutes, 30 * minutes, 2 * hours, 6 * hours, 12 * hours]
    assert set(pauses[7:-1]) == {12 * hours}
    # The last try is at the very end of the three days.
    assert tried.now == NOW + timedelta(days=3)
    assert verdict == GiveUp(FAILED_FOR_LONG)


def test_chance_makes_a_pause_longer_and_never_shorter() -> None:
    verdicts = [judge(BROKEN, replace(FIRST, tries=7, jitter=jitter)) for jitter in (0, 0.5, 1)]
    pauses = [one.at - NOW for one in verdicts if isinstance(one, TryAgain)]
    assert pauses == [timedelta(hours=12), timedelta(hours=13.2), PAUSE_MAX]


def test_an_endpoint_rests_for_minutes_while_its_notices_wait_for_hours() -> None:
    late = replace(FIRST, tries=6, failures=40)
    assert judge(BROKEN, late) == TryAgain(NOW + timedelta(hours=6), NOW + REST_MAX)


def test_who_says_gone_is_told_nothing_more() -> None:
    assert judge(Reply(410), FIRST) == GiveUp(GONE)


def test_a_notice_that_is_over_leaves_an_endpoint_on_that_takes_others() -> None:
    """It answers 500 to this one document, and has taken another one an hour ago."""
    over = Tried(12, NOW - timedelta(days=3), NOW - timedelta(hours=1), 1, NOW)
    assert judge(BROKEN, over) == GiveUp()


def test_what_our_own_limit_refused_was_no_try() -> None:
    assert judge(Reply(None, pause=timedelta(seconds=2)), FIRST) == Postponed(NOW + timedelta(seconds=2))
