"""What a connector asks of whoever keeps its secrets; connectors know no database, `tasks/secrets.py` does."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
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
