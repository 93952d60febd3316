"""Which alarms the facts of an organization give rise to, and what each of them finds. Pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.expiry import Expiry, expiry_of
from domain.notices.kinds import NoticeKind
from domain.reasons import Reason
from domain.reconciliation.breaks import FOR_INFORMATION, BreakKind

SOURCE, TARGET = "source", "target"
# The codes that stand behind the side of a finding about a connection.
STOPPED, SWITCHED_OFF, RECORDS_BROKEN = "stopped", "switched_off", "records_broken"


@dataclass(frozen=True, slots=True)
class SideFacts:
    """One connection.

    Attributes:
        is_lost: the system no longer accepts our access; a connection that a person ended is not lost.
        is_stopped: we write nothing there until a person has looked.
        consent_ends_at: as far as the system tells us.
        is_silent: changes came that its webhooks should have told and did not.
        pause: why it is paused now, if a person can end that sooner (`domain/pauses.py`).
    """

    side: str
    is_active: bool = True
    is_lost: bool = False
    is_stopped: bool = False
    consent_ends_at: datetime | None = None
    is_silent: bool = False
    pause: Reason | None = None


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """What is stored about an organization.

    Attributes:
        records_broken: we write nothing anywhere, because our own records broke a rule.
        attention: how many payments need a person, by reason; "" while the reason is not known.
        differences: how many differences of the reconciliation are open, by kind.
    """

    sync_enabled: bool = True
    records_broken: bool = False
    sides: Sequence[SideFacts] = ()
    attention: Mapping[str, int] = field(default_factory=dict)
    differences: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an alarm is about.

    Attributes:
        code: names it, the same each time: a reason, a side, a kind of difference.
        number: how many there are.
        detail: a day, where one belongs to it.
    """

    code: str
    number: int = 1
    detail: str = ""


def findings(facts: AlarmFacts, now: datetime) -> Mapping[NoticeKind, Sequence[Finding]]:
    """What each kind of alarm finds; nothing where all is well."""
    return {
        NoticeKind.ALARM_ATTENTION: [Finding(*one) for one in sorted(facts.attention.items()) if one[1] > 0],
        NoticeKind.ALARM_CONNECTION_LOST: [Finding(one.side) for one in facts.sides if one.is_lost],
        NoticeKind.ALARM_SYNC_STOPPED: list(_stops(facts)),
        NoticeKind.ALARM_CONSENT_ENDING: list(_endings(facts, now)),
        NoticeKind.ALARM_WEBHOOKS_SILENT: [Finding(one.side) for one in facts.sides if one.is_active and one.is_silent],
        NoticeKind.ALARM_DIFFERENCE_FOUND: [
            Finding(*one) for one in sorted(facts.differences.items()) if one[1] > 0 and _is_about_money(one[0])
        ],
    }


def _stops(facts: AlarmFacts) -> Iterator[Finding]:
    if facts.records_broken:
        yield Finding(RECORDS_BROKEN)
    for one in facts.sides:
        if one.is_stopped:
            yield Finding(f"{one.side}.{STOPPED}")
        elif one.is_active and one.pause is not None:
            yield Finding(f"{one.side}.{one.pause.value}")
    # Whoever is still setting up has not stopped anything.
    if not facts.sync_enabled and {one.side for one in facts.sides} == {SOURCE, TARGET}:
        yield Finding(SWITCHED_OFF)


def _endings(facts: AlarmFacts, now: datetime) -> Iterator[Finding]:
    for one in facts.sides:
        expiry = expiry_of(one.consent_ends_at, now)
        if one.is_active and one.consent_ends_at is not None and expiry is not Expiry.FAR:
            yield Finding(f"{one.side}.{expiry.value}", detail=one.consent_ends_at.date().isoformat())


def _is_about_money(kind: str) -> bool:
    return BreakKind(kind) not in FOR_INFORMATION
