"""What an alarm means for a bookkeeper: its weight, and a sentence and an advice for each thing that it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.alarms.findings import RECORDS_BROKEN, SOURCE, STOPPED, SWITCHED_OFF
from domain.alarms.states import Cause
from domain.expiry import Expiry
from domain.notices.kinds import NoticeKind
from domain.reasons import Reason
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.words import break_label
from domain.words import Words


class Severity(StrEnum):
    """How much it matters; the words that pagers know as well."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class About:
    """What stands fast about a kind of alarm.

    Attributes:
        began, over: the first line of a message that it is there, and that it has gone away.
        page: where a person acts on it.
    """

    severity: Severity
    began: str
    over: str
    page: str

    @property
    def is_urgent(self) -> bool:
        return self.severity is Severity.CRITICAL


ABOUT: Mapping[NoticeKind, About] = MappingProxyType(
    {
        NoticeKind.ALARM_ATTENTION: About(
            Severity.WARNING,
            "Payments need attention",
            "No payment needs attention any more",
            "/payments?status=needs_attention",
        ),
        NoticeKind.ALARM_CONNECTION_LOST: About(
            Severity.CRITICAL, "A connection is lost", "The connections work again", "/integrations"
        ),
        NoticeKind.ALARM_SYNC_STOPPED: About(
            Severity.CRITICAL, "Payments are not synced", "Payments are synced again", "/integrations"
        ),
        NoticeKind.ALARM_CONSENT_ENDING: About(
            Severity.WARNING, "A consent is ending", "The consent is renewed", "/integrations"
        ),
        NoticeKind.ALARM_WEBHOOKS_SILENT: About(
            Severity.WARNING, "Webhooks do not arrive", "Webhooks arrive again", "/integrations"
        ),
        NoticeKind.ALARM_DIFFERENCE_FOUND: About(
            Severity.WARNING,
            "The two systems differ",
            "Every difference is settled or explained",
            "/reconciliation",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """A cause as a person reads it."""

    sentence: str
    advice: str


def told_cause(kind: NoticeKind, cause: Cause, words: Words) -> Told:
    """One thing that the alarm has found.

    Raises:
        ValueError: an alarm of this kind finds no such thing.
    """
    match kind:
        case NoticeKind.ALARM_ATTENTION:
            return _attention(cause, words)
        case NoticeKind.ALARM_CONNECTION_LOST:
            system = _system(cause.code, words)
            return Told(
                f"{system} no longer accepts our access.", f"Connect {system} again; nothing is lost meanwhile."
            )
        case NoticeKind.ALARM_SYNC_STOPPED:
            return _stop(cause, words)
        case NoticeKind.ALARM_CONSENT_ENDING:
            return _ending(cause, words)
        case NoticeKind.ALARM_WEBHOOKS_SILENT:
            system = _system(cause.code, words)
            return Told(
                f"Changes in {system} were found only by asking, and no webhook has told us of them.",
                f"Check the webhook address at {system}; payments arrive meanwhile, only later.",
            )
        case NoticeKind.ALARM_DIFFERENCE_FOUND:
            return Told(
                f"{break_label(BreakKind(cause.code), words)}: {_counted(cause.number, 'difference')}.",
                "Open the reconciliation; each difference says what ends it.",
            )
        case _:
            raise ValueError(f"{kind} is no alarm")


def _attention(cause: Cause, words: Words) -> Told:
    counted = _counted(cause.number, "payment")
    if not cause.code:
        return Told(f"{counted}.", "Open the payments; each says what to do.")
    reason = Reason(cause.code)
    return Told(f"{counted}: {words.sentence(reason)}", words.advice(reason))


def _stop(cause: Cause, words: Words) -> Told:
    if cause.code == SWITCHED_OFF:
        return Told("The sync is switched off.", "Switch it on in the preferences when payments are to be synced.")
    if cause.code == RECORDS_BROKEN:
        return Told(words.sentence(Reason.WRITES_STOPPED), words.advice(Reason.WRITES_STOPPED))
    side, _, why = cause.code.partition(".")
    system = _system(side, words)
    if why == STOPPED:
        return Told(
            f"We have stopped writing to {system}, because it behaved in a way that could harm payments.",
            "Open the connection; it says what has happened and how it goes on.",
        )
    return Told(words.sentence(Reason(why)), words.advice(Reason(why)))


def _ending(cause: Cause, words: Words) -> Told:
    side, _, expiry = cause.code.partition(".")
    system, day = _system(side, words), cause.detail
    match Expiry(expiry):
        case Expiry.OVER:
            return Told(f"The consent at {system} ended on {day}.", f"Connect {system} again.")
        case Expiry.URGENT:
            return Told(
                f"Urgent: the consent at {system} ends on {day}, in less than 8 days.",
                f"Connect {system} again now; after that day we no longer hear of any payments.",
            )
        case _:
            return Told(f"The consent at {system} ends on {day}.", f"Connect {system} again before that day.")


def _system(side: str, words: Words) -> str:
    return words.source if side == SOURCE else words.target


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
