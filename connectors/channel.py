"""A channel: a way in which an organization's endpoints are told news. One folder each; `channels.py` lists them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.alarms.message import Letter
from domain.notices.trying import Reply


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice, ready to be sent.

    Attributes:
        endpoint_id: whose rate limit counts.
        address: where it goes, as a person has entered it.
        uid: the same in every try.
        body: the document as bytes, exactly as they are signed and sent.
        secrets: the endpoint's signing secrets that are in force, the newest first; or its whole address, where that is
            secret.
        sent_at: of this try.
        letter: the same for people; None for news that is for programs alone.
    """

    endpoint_id: int
    address: str
    uid: str
    body: bytes
    secrets: Sequence[str] = field(repr=False)
    sent_at: datetime
    letter: Letter | None = None


# A channel for people has no form for the news of a payment.
FOR_PROGRAMS_ALONE = Reply(None, "this news is for programs alone")


class Channel(Protocol):
    @property
    def label(self) -> str:
        """What a person calls it."""

    @property
    def address_label(self) -> str:
        """What a person calls an address of this channel."""

    @property
    def is_address_secret(self) -> bool:
        """Whether everybody who knows the address may write there."""

    def problem_with(self, address: str) -> str | None:
        """Why nothing may be sent to this address, as a sentence; None if it may. May ask the name servers."""

    def shown(self, address: str) -> str:
        """The part of the address that everybody may see who may see the endpoint."""

    def new_secret(self) -> str:
        """A signing secret, fit to be shown to a person once; "" for a channel that signs nothing."""

    def send(self, parcel: Parcel) -> Reply:
        """Sends once. Whatever goes wrong outside is a reply as well."""
