"""How we use a vendor's consent page, and how a consent becomes the secrets of a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.base import Failure, ReadResult
from connectors.keeping import ReadMeter


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent page's answer: a code that can be exchanged for secrets once, and the account it claims to be for."""

    code: str
    account_id: str


class Authorization(Protocol):
    """How we use a vendor's consent page; needs no connection."""

    @property
    def is_configured(self) -> bool: ...

    def authorize_url(self, redirect_uri: str, state: str) -> str: ...

    def consent_in(self, parameters: Mapping[str, str]) -> Consent | str:
        """The consent in the answer's parameters, or a sentence with the reason why there is none."""

    def exchange(self, consent: Consent, redirect_uri: str, meter: ReadMeter) -> ReadResult[Mapping[str, Any]]:
        """The secrets, proved to open the account that the consent names; the proof may cost a metered read."""

    def revoke(self, secrets: Mapping[str, Any]) -> Failure | None:
        """Ends the consent at the vendor; None if it has ended."""
