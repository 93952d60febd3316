"""From what is stored about an organization to the messages that its endpoints are to be sent now. A pure function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from domain.alarms.findings import AlarmFacts, findings
from domain.alarms.hours import Hours
from domain.alarms.states import NOTHING_TOLD, Alarm, Phase, Told, advanced, what_to_tell
from domain.alarms.words import ABOUT
from domain.notices.kinds import NoticeKind


@dataclass(frozen=True, slots=True)
class Ear:
    """An endpoint that is told alarms.

    Attributes:
        kinds: those that it wants.
        told: what it has been told of each so far.
    """

    endpoint_id: int
    kinds: frozenset[NoticeKind]
    hours: Hours = field(default=Hours())
    told: Mapping[NoticeKind, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """An organization, its alarms as they were stored last, and who is to be told of them."""

    facts: AlarmFacts
    alarms: Mapping[NoticeKind, Alarm]
    ears: Sequence[Ear]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Message:
    """What an endpoint is to be sent.

    Attributes:
        due_at: now, or the end of its quiet hours.
    """

    endpoint_id: int
    kind: NoticeKind
    phase: Phase
    alarm: Alarm
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be stored; nothing if all is as it was.

    Attributes:
        alarms: those that are not as they were.
    """

    alarms: Mapping[NoticeKind, Alarm]
    messages: Sequence[Message]

    def __bool__(self) -> bool:
        return bool(self.alarms or self.messages)


def decide(situation: Situation, now: datetime) -> Decided:
    changed, messages = dict[NoticeKind, Alarm](), list[Message]()
    for kind, found in findings(situation.facts, now).items():
        before = situation.alarms.get(kind)
        alarm = advanced(before, found, now)
        if alarm is None:
            continue
        if alarm != before:
            changed[kind] = alarm
        is_urgent = ABOUT[kind].is_urgent
        for ear in situation.ears:
            told = ear.told.get(kind, NOTHING_TOLD)
            phase = what_to_tell(alarm, told, ear.hours.distance(is_urgent=is_urgent), now)
            if kind in ear.kinds and phase is not None:
                due_at = ear.hours.loud_at(now, situation.zone, is_urgent=is_urgent)
                messages.append(Message(ear.endpoint_id, kind, phase, alarm, due_at))
    return Decided(changed, messages)
