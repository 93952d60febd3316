"""What a message about an alarm says: as JSON for programs, and as a letter for people. Pure; nothing in it is secret.

No customer, no amount and no payment is named: a mailbox or a chat is read by more people than the dashboard.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from domain.alarms.states import Alarm, Cause, Phase, Told
from domain.alarms.words import ABOUT, Severity, told_cause
from domain.clocks import written
from domain.notices.kinds import NoticeKind
from domain.words import Words


@dataclass(frozen=True, slots=True)
class AlarmNews:
    """An alarm at the moment of a message; stored with the notice, because the alarm goes on changing.

    Attributes:
        ended_at: None while it is there.
        causes: what is there now; what had been there, once it is over.
        new: how many of each have come since the last message, by code.
    """

    phase: Phase
    began_at: datetime
    ended_at: datetime | None
    causes: Sequence[Cause]
    new: Mapping[str, int]

    def as_stored(self) -> dict[str, Any]:
        """As JSON; `alarm_from` reads it."""
        return {
            "phase": self.phase.value,
            "began_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "causes": [asdict(one) for one in self.causes],
            "new": dict(self.new),
        }


def alarm_from(stored: Mapping[str, Any]) -> AlarmNews:
    ended_at = stored["ended_at"]
    return AlarmNews(
        phase=Phase(stored["phase"]),
        began_at=datetime.fromisoformat(stored["began_at"]),
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
        causes=tuple(Cause(**one) for one in stored["causes"]),
        new=stored["new"],
    )


def news_of(alarm: Alarm, phase: Phase, told: Told) -> AlarmNews:
    """What is told of the alarm to an endpoint that has been told so much."""
    if phase is Phase.OVER:
        return AlarmNews(phase, alarm.began_at, alarm.gone_since, (), {})
    before = told.totals if told.is_on else {}
    new = {one.code: min(one.total - before.get(one.code, 0), one.number) for one in alarm.present}
    return AlarmNews(
        phase, alarm.began_at, None, tuple(alarm.present), {code: one for code, one in new.items() if one > 0}
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for people, before a channel gives it its form.

    Attributes:
        subject: one line.
        paragraphs: each is one line.
        link: where a person acts; "" if the installation does not know its address.
        severity: how much it matters.
        is_over: what it is about has gone away.
        is_test: it is about nothing.
        thread: the same for everything about the same alarm of the same organization.
        why: the last line: why this came, and where it can be ended.
        at: when it happened, UTC.
    """

    subject: str
    paragraphs: Sequence[str]
    link: str
    severity: Severity
    is_over: bool
    thread: str
    why: str
    at: datetime
    is_test: bool = False


def alarm_document(kind: NoticeKind, alarm: AlarmNews, words: Words, address: str) -> dict[str, Any]:
    """The part of the JSON that is about the alarm.

    Args:
        address: of the dashboard, the start of every link; "" if the installation does not know it.
    """
    about = ABOUT[kind]
    return {
        "phase": alarm.phase.value,
        "severity": about.severity.value,
        "title": _title(kind, alarm),
        "began_at": written(alarm.began_at),
        "ended_at": written(alarm.ended_at) if alarm.ended_at else None,
        "causes": [_cause(kind, one, alarm, words) for one in alarm.causes],
        "url": address + about.page if address else None,
    }


def alarm_letter(
    kind: NoticeKind, alarm: AlarmNews, organization: str, at: datetime, words: Words, address: str
) -> Letter:
    """The same for people.

    Args:
        organization: its name.
    """
    about = ABOUT[kind]
    return Letter(
        subject=f"{organization}: {_title(kind, alarm)}",
        paragraphs=tuple(_paragraphs(kind, alarm, words)),
        link=address + about.page if address else "",
        severity=about.severity,
        is_over=alarm.phase is Phase.OVER,
        thread=kind.value,
        why=_why(organization),
        at=at,
    )


def letter_of_test(organization: str, at: datetime, address: str) -> Letter:
    """What a person sends to see whether anything arrives."""
    return Letter(
        subject=f"{organization}: this is a test",
        paragraphs=("Somebody pressed 'Send a test'. Nothing has happened, and nothing has to be done.",),
        link=address,
        severity=Severity.INFO,
        is_over=False,
        thread=NoticeKind.TEST_PING.value,
        why=_why(organization),
        at=at,
        is_test=True,
    )


def _paragraphs(kind: NoticeKind, alarm: AlarmNews, words: Words) -> Iterator[str]:
    match alarm.phase:
        case Phase.OVER:
            until = f" until {_plain(alarm.ended_at)}" if alarm.ended_at else ""
            yield f"It had lasted from {_plain(alarm.began_at)}{until}. Nothing is left to do."
            return
        case Phase.MORE:
            yield f"There is more than you have been told. It began at {_plain(alarm.began_at)}."
        case Phase.BEGAN:
            pass
    for one in alarm.causes:
        told, new = told_cause(kind, one, words), alarm.new.get(one.code, 0)
        is_partly_new = alarm.phase is Phase.MORE and new > 0
        fresh = f" ({new:,} new)" if is_partly_new and one.number > 1 else " (new)" if is_partly_new else ""
        yield f"{told.sentence}{fresh} {told.advice}".strip()


def _title(kind: NoticeKind, alarm: AlarmNews) -> str:
    about = ABOUT[kind]
    if alarm.phase is Phase.OVER:
        return about.over
    number = sum(one.number for one in alarm.causes)
    is_counted = kind in (NoticeKind.ALARM_ATTENTION, NoticeKind.ALARM_DIFFERENCE_FOUND)
    return f"{about.began} ({number:,})" if is_counted else about.began


def _cause(kind: NoticeKind, cause: Cause, alarm: AlarmNews, words: Words) -> dict[str, Any]:
    told = told_cause(kind, cause, words)
    return {
        "code": cause.code,
        "number": cause.number,
        "new": alarm.new.get(cause.code, 0),
        "sentence": told.sentence,
        "advice": told.advice,
    }


def _why(organization: str) -> str:
    return f"You get this because somebody at {organization} asked for it, under Settings > Notifications."


def _plain(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
