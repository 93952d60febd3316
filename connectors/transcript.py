"""Notes what outside systems answered during one reading, so that it can be shown later what a figure was made of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectors.http import Answer
from domain.reconciliation.documents import Evidence, RawAnswer


class Hears(Protocol):
    def __call__(self, route: str, answer: Answer, *, metered: bool) -> None:
        """An answer came, whatever it says."""


def hear_nothing(route: str, answer: Answer, *, metered: bool) -> None:
    """For a call that nobody has to account for."""


@dataclass(slots=True)
class Transcript:
    """The answers of one reading, from its first call on."""

    began_at: datetime
    answers: list[RawAnswer] = field(default_factory=list)
    metered_reads: int = 0

    def hear(self, route: str, answer: Answer, *, metered: bool) -> None:
        self.answers.append(RawAnswer(route, hashlib.sha256(answer.body).hexdigest(), len(answer.body)))
        self.metered_reads += metered

    def evidence(self, ended_at: datetime, asked: Mapping[str, str]) -> Evidence:
        return Evidence(
            read_at=self.began_at,
            ended_at=ended_at,
            asked=dict(asked),
            calls=len(self.answers),
            metered_reads=self.metered_reads,
            answers=tuple(self.answers),
        )
