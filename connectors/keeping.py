"""What a connector asks of whoever keeps its secrets and counts its calls; connectors know no database, tasks do."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol


class SecretsKeeper(Protocol):
    def load(self) -> Mapping[str, Any]:
        """The secrets as they are on disk now."""

    def save(self, secrets: Mapping[str, Any]) -> None:
        """Durable when this returns."""

    def alone(self) -> AbstractContextManager[bool]:
        """Only one process at a time gets True; False means that another one holds it and did not let go in time."""

    def reconnect_needed(self) -> None:
        """The outside system will not accept these secrets any more; a person has to connect again."""


class ReadMeter(Protocol):
    """Counts what costs money, and tells the two meanings of "too many calls" apart."""

    def count(self) -> None:
        """One metered call was answered."""

    def used_up(self) -> timedelta | None:
        """How long reading is of no use because the month's reads are used up; None while they are not."""


class NoMeter:
    """For calls that nobody counts."""

    def count(self) -> None:
        pass

    def used_up(self) -> timedelta | None:
        return None
