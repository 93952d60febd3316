"""What a message about an alarm says."""

from datetime import UTC, datetime, timedelta

import pytest
import simplejson

from domain.alarms.findings import Finding
from domain.alarms.message import AlarmNews, alarm_document, alarm_from, alarm_letter, news_of
from domain.alarms.states import NOTHING_TOLD, Alarm, Cause, Phase, Told, advanced
from domain.alarms.words import ABOUT, told_cause
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.reasons import Reason
from domain.reconciliation.breaks import BreakKind
from domain.words import Words

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = Words("QuickBooks", "ConnectWise")
ATTENTION = NoticeKind.ALARM_ATTENTION


def _alarm(*found: Finding) -> Alarm:
    alarm = advanced(None, found, NOW)
    assert alarm is not None
    return alarm


def _letter(kind: NoticeKind, news: AlarmNews, address: str = "https://pay.example.com") -> tuple[str, list[str], str]:
    letter = alarm_letter(kind, news, "Northwind", NOW, WORDS, address)
    return letter.subject, list(letter.paragraphs), letter.link


def test_attention_is_grouped_by_reason_with_what_to_do() -> None:
    news = news_of(_alarm(Finding("total_differs", 3)), Phase.BEGAN, NOTHING_TOLD)
    assert _letter(ATTENTION, news) == (
        "Northwind: Payments need attention (3)",
        [f"3 payments: {WORDS.sentence(Reason.TOTAL_DIFFERS)} {WORDS.advice(Reason.TOTAL_DIFFERS)}"],
        "https://pay.example.com/payments?status=needs_attention",
    )


def test_a_digest_says_what_is_new() -> None:
    told = Told(is_on=True, at=NOW, totals={"total_differs": 2})
    news = news_of(_alarm(Finding("total_differs", 5), Finding("customer_differs", 1)), Phase.MORE, told)
    _, paragraphs, _ = _letter(ATTENTION, news)
    assert paragraphs[0] == "There is more than you have been told. It began at 2026-11-20 12:00 UTC."
    assert "(3 new)" in paragraphs[1]
    assert "(new)" in paragraphs[2]


def test_the_end_says_how_long_it_lasted() -> None:
    gone = advanced(_alarm(Finding("source")), [], NOW + timedelta(hours=1))
    over = advanced(gone, [], NOW + timedelta(hours=2))
    assert over is not None
    assert _letter(NoticeKind.ALARM_CONNECTION_LOST, news_of(over, Phase.OVER, NOTHING_TOLD), "") == (
        "Northwind: The connections work again",
        ["It had lasted from 2026-11-20 12:00 UTC until 2026-11-20 13:00 UTC. Nothing is left to do."],
        "",
    )


def test_a_program_reads_the_same() -> None:
    news = news_of(_alarm(Finding("target")), Phase.BEGAN, NOTHING_TOLD)
    assert alarm_document(NoticeKind.ALARM_CONNECTION_LOST, news, WORDS, "") == {
        "phase": "began",
        "severity": "critical",
        "title": "A connection is lost",
        "began_at": "2026-11-20T12:00:00Z",
        "ended_at": None,
        "causes": [
            {
                "code": "target",
                "number": 1,
                "new": 1,
                "sentence": "ConnectWise no longer accepts our access.",
                "advice": "Connect ConnectWise again; nothing is lost meanwhile.",
            }
        ],
        "url": None,
    }


def test_a_message_is_stored_and_read_again() -> None:
    news = news_of(_alarm(Finding("source.soon", detail="2026-12-20")), Phase.BEGAN, NOTHING_TOLD)
    assert alarm_from(simplejson.loads(simplejson.dumps(news.as_stored()))) == news


def test_every_kind_of_alarm_has_its_words() -> None:
    assert set(ABOUT) == set(ALARM_KINDS)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        *((ATTENTION, one.value) for one in Reason),
        (ATTENTION, ""),
        *((NoticeKind.ALARM_DIFFERENCE_FOUND, one.value) for one in BreakKind),
        *(
            (NoticeKind.ALARM_SYNC_STOPPED, one)
            for one in ("switched_off", "records_broken", "target.stopped", "source.reads_used_up")
        ),
        *((NoticeKind.ALARM_CONSENT_ENDING, f"source.{one}") for one in ("soon", "urgent", "over")),
        *((NoticeKind.ALARM_WEBHOOKS_SILENT, one) for one in ("source", "target")),
        *((NoticeKind.ALARM_CONNECTION_LOST, one) for one in ("source", "target")),
    ],
)
def test_whatever_is_found_has_a_sentence_and_an_advice(kind: NoticeKind, code: str) -> None:
    told = told_cause(kind, Cause(code, 2, 2, "2026-12-20"), WORDS)
    assert told.sentence.endswith((".", "?"))
    assert told.advice
    assert "{" not in told.sentence + told.advice
