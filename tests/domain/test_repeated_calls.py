"""A key that comes again: the table of what is done with it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.repeated_calls import (
    CALL_LASTS_MAX,
    KEPT_FOR,
    Answer,
    AnswerAgain,
    DoIt,
    Earlier,
    OtherRequest,
    OutcomeUnknown,
    UnderWay,
    Verdict,
    judge,
)

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=1)
ANSWER = Answer(200, "application/json", '{"registered":1}')


@pytest.mark.parametrize(
    ("later", "answer", "repeatable", "verdict"),
    [
        (MOMENT, ANSWER, False, AnswerAgain(ANSWER)),
        (KEPT_FOR - MOMENT, ANSWER, True, AnswerAgain(ANSWER)),
        (KEPT_FOR, ANSWER, False, DoIt()),
        (MOMENT, None, False, UnderWay()),
        (MOMENT, None, True, UnderWay()),
        (CALL_LASTS_MAX - MOMENT, None, True, UnderWay()),
        (CALL_LASTS_MAX, None, True, DoIt()),
        (CALL_LASTS_MAX, None, False, OutcomeUnknown()),
        (KEPT_FOR - MOMENT, None, False, OutcomeUnknown()),
        (KEPT_FOR, None, False, DoIt()),
        (-timedelta(days=1), None, False, OutcomeUnknown()),
        (-timedelta(days=1), None, True, DoIt()),
    ],
)
def test_what_is_done_with_the_same_request(
    later: timedelta, answer: Answer | None, repeatable: bool, verdict: Verdict
) -> None:
    assert judge(Earlier("a", BEGAN, answer), "a", repeatable=repeatable, now=BEGAN + later) == verdict


@pytest.mark.parametrize("answer", [None, ANSWER])
@pytest.mark.parametrize("repeatable", [True, False])
def test_another_request_needs_another_key_for_a_day(answer: Answer | None, repeatable: bool) -> None:
    earlier = Earlier("a", BEGAN, answer)
    assert judge(earlier, "b", repeatable=repeatable, now=BEGAN + KEPT_FOR - MOMENT) == OtherRequest()
    assert judge(earlier, "b", repeatable=repeatable, now=BEGAN + KEPT_FOR) == DoIt()
