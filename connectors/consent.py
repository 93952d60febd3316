"""How a vendor's consent page is asked and answered, and how a consent becomes the secrets of a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.base import Failure, ReadResult
from connectors.keeping import ReadMeter


@dataclass(frozen=True, slots=True)
class Consent:
    """What a consent page sent back: a code that becomes secrets once, and the account that it claims to be for."""

    code: str
    account_id: str


class Authorization(Protocol):
    """How a vendor's consent page is asked and answered; needs no connection."""

    @property
    def is_configured(self) -> bool: ...

    def authorize_url(self, redirect_uri: str, state: str) -> str: ...

    def consent_in(self, parameters: Mapping[str, str]) -> Consent | str:
        """The consent in the answer's parameters, or a sentence that says why there is none."""

    def exchange(self, consent: Consent, redirect_uri: str, meter: ReadMeter) -> ReadResult[Mapping[str, Any]]:
        """The secrets, proved to open the account that the consent names; the proof may cost a metered read."""

    def revoke(self, secrets: Mapping[str, Any]) -> Failure | None:
        """Ends the consent at the vendor; None when it is ended."""
