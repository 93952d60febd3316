"""What a source's webhook tells: hints that something may have changed, and never more than that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.base import ChangedEntity


@dataclass(frozen=True, slots=True)
class Hint:
    """One event of a webhook: something about this object may have changed. Never more than a hint.

    Attributes:
        account_id: whose object; one delivery may carry several accounts.
    """

    account_id: str
    event_id: str
    entity: ChangedEntity
    entity_id: str
    verb: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery, read.

    Attributes:
        ignored: how many of its events are no hints, by why.
        accounts_in_doubt: whose events could not be read; what they told of has to be asked for.
    """

    hints: tuple[Hint, ...]
    ignored: dict[str, int]
    accounts_in_doubt: frozenset[str] = frozenset()


class SignatureCheck(Protocol):
    """Checks a body while it arrives."""

    def update(self, part: bytes) -> None: ...

    def fits(self) -> bool:
        """Whether all that came so far was signed with one of our verifier tokens; compares in constant time."""


class WebhookReader(Protocol):
    """How a source signs and writes its webhooks; needs no connection."""

    @property
    def signature_header(self) -> str: ...

    def is_authentic(self, body: bytes, signature: str) -> bool:
        """Whether the raw body was signed with one of our verifier tokens; compares in constant time."""

    def check_of(self, signature: str) -> SignatureCheck | None:
        """What checks a body that comes with this signature; None if no body at all would fit it."""

    def read(self, body: bytes) -> Delivery:
        """The hints in an authentic body: all that can be read, whatever stands beside them.

        Raises:
            ValueError: nothing in it is what this source writes.
        """
