"""What a connector needs stored: its secrets and the count of its calls. Connectors know no database; tasks do."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol


class Turn(Protocol):
    """The right to replace the secrets. It ends when it has lasted too long, and when a person disconnects."""

    def save(self, secrets: Mapping[str, Any]) -> bool:
        """True: the secrets are durable. False: the turn was over, and what others have saved meanwhile stands."""

    def reconnect_needed(self) -> bool:
        """Records that the outside system no longer accepts these secrets, and that a person has to connect again.

        False: the turn was over, so the refused secrets may have been replaced since.
        """


# Opens them only when they are needed.
Secrets = Callable[[], Mapping[str, Any]]


class SecretsKeeper(Protocol):
    def load(self) -> Mapping[str, Any]:
        """The secrets as they are on disk now."""

    def alone(self) -> AbstractContextManager[Turn | None]:
        """Gives one process at a time a turn; None means that another one holds it and did not let go in time."""


class ReadMeter(Protocol):
    """Counts the calls that cost money, and tells the two meanings of "too many calls" apart."""

    def count(self) -> None:
        """One metered call was answered."""

    def used_up(self) -> timedelta | None:
        """How long to wait because the month's reads are used up; None while they are not."""


@dataclass(slots=True)
class Tally:
    """Counts for a connection that may not exist yet; the code that creates it hands the number on."""

    reads: int = 0

    def count(self) -> None:
        self.reads += 1

    def used_up(self) -> timedelta | None:
        return None


class NoMeter:
    """A meter for calls that are not counted."""

    def count(self) -> None:
        pass

    def used_up(self) -> timedelta | None:
        return None
