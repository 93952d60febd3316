"""What a connector needs kept: its secrets and the count of its calls. Connectors know no database; tasks do."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol


class Turn(Protocol):
    """The right to replace the secrets. It ends when it has lasted too long, and when a person disconnects."""

    def save(self, secrets: Mapping[str, Any]) -> bool:
        """Durable when this says True. False: the turn was over, others have decided meanwhile, and theirs stands."""

    def reconnect_needed(self) -> bool:
        """The outside system will not accept these secrets any more, and a person has to connect again.

        False: the turn was over, so what was refused may have been replaced since.
        """


class SecretsKeeper(Protocol):
    def load(self) -> Mapping[str, Any]:
        """The secrets as they are on disk now."""

    def alone(self) -> AbstractContextManager[Turn | None]:
        """Only one process at a time gets a turn; None means that another one holds it and did not let go in time."""


class ReadMeter(Protocol):
    """Counts what costs money, and tells the two meanings of "too many calls" apart."""

    def count(self) -> None:
        """One metered call was answered."""

    def used_up(self) -> timedelta | None:
        """How long reading is of no use because the month's reads are used up; None while they are not."""


@dataclass(slots=True)
class Tally:
    """Counts for a connection that may not exist yet; the code that creates it hands the number on."""

    reads: int = 0

    def count(self) -> None:
        self.reads += 1

    def used_up(self) -> timedelta | None:
        return None


class NoMeter:
    """For calls that are not counted."""

    def count(self) -> None:
        pass

    def used_up(self) -> timedelta | None:
        return None
