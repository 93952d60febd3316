"""What a source's webhooks bring: hints that something may have changed, and never more than that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.base import ChangedEntity


@dataclass(frozen=True, slots=True)
class Hint:
    """One event of a webhook: something about this object may have changed. Never more than a hint.

    Attributes:
        account_id: the account of the object; one delivery may carry several accounts.
    """

    account_id: str
    event_id: str
    entity: ChangedEntity
    entity_id: str
    verb: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The content of a webhook delivery.

    Attributes:
        ignored: how many of its events are no hints, by reason.
        accounts_in_doubt: the accounts whose events we could not read; we have to ask them what changed.
    """

    hints: tuple[Hint, ...]
    ignored: dict[str, int]
    accounts_in_doubt: frozenset[str] = frozenset()


class SignatureCheck(Protocol):
    """Checks a body while it arrives."""

    def update(self, part: bytes) -> None: ...

    def fits(self) -> bool:
        """Whether the parts so far were signed with one of our verifier tokens; compares in constant time."""


class WebhookReader(Protocol):
    """How a source signs and writes its webhooks; needs no connection."""

    @property
    def signature_header(self) -> str: ...

    def is_authentic(self, body: bytes, signature: str) -> bool:
        """Whether the raw body was signed with one of our verifier tokens; compares in constant time."""

    def check_of(self, signature: str) -> SignatureCheck | None:
        """The check for a body that comes with this signature; None if no body at all would fit it."""

    def read(self, body: bytes) -> Delivery:
        """All readable hints in an authentic body, whatever stands beside them.

        Raises:
            ValueError: the body has nothing that this source would write.
        """
