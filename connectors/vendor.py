"""What a vendor is to everybody else: one value that carries its names, settings, options, sentences and ways in.

A vendor's folder makes a class of its own from `SourceVendor` or `TargetVendor` (or both), and `registry` lists it.
What differs from vendor to vendor is asked of this value, never of its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

from connectors.addresses import AddressRules
from connectors.base import FailureKind, Got, ReadResult, Source, Target
from connectors.consent import Authorization
from connectors.hints import WebhookReader
from connectors.http import TimeLimits
from connectors.keeping import NoMeter, ReadMeter, SecretsKeeper
from connectors.limits import Limiter, Rate
from connectors.options import Options


def split_list(value: Any) -> Any:
    """How every list is written in the environment: with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


SecretList = Annotated[list[SecretStr], NoDecode, BeforeValidator(split_list)]


class VendorSettings(BaseModel):
    """The operator's settings for a vendor.

    `api_url` of a vendor named `acme` is the variable ACME_API_URL. Every `..._url` must be https in production.
    """

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is the same for all vendors and connections of a process."""

    time_limits: TimeLimits
    limiter: Limiter
    now: Callable[[], datetime]
    # Where partners' own addresses may lead; those in the settings are the operator's.
    addresses: AddressRules = field(default=AddressRules())


@dataclass(frozen=True, slots=True)
class Account:
    """One connection, as its row says."""

    connection_id: int
    vendor: str
    account_id: str
    settings: Mapping[str, Any]
    keeper: SecretsKeeper
    meter: ReadMeter = field(default_factory=NoMeter)


@dataclass(frozen=True)
class Vendor(ABC):
    """A vendor with its settings.

    Attributes:
        name: as it is stored, and as it stands in addresses, on the command line and before its variables.
        label: its product as a heading says it.
        short_label: as a sentence says it.
        form: its settings.
        options: what may be chosen for one of its connections.
        advice: what to do about a failed call, where more can be said than for any vendor.
        rates: how often one of its accounts may be called, where that is not left to the vendor; for measurements.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    short_label: ClassVar[str]
    form: ClassVar[type[VendorSettings]] = VendorSettings
    options: ClassVar[type[Options]] = Options
    advice: ClassVar[Mapping[FailureKind, str]] = {}

    settings: VendorSettings
    rates: Sequence[Rate] = ()

    @property
    def monthly_reads_max(self) -> int:
        """Metered reads of all its connections together in a month; zero is no cap."""
        return 0

    def missing_settings(self, secrets: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG002
        """The variables without which no call can succeed, whatever secrets the connection has."""
        return ()

    def account_identity(
        self,
        surroundings: Surroundings,  # noqa: ARG002
        account_id: str,
        settings: Mapping[str, Any],  # noqa: ARG002
    ) -> ReadResult[str]:
        """The account as the vendor names it: asked for where people type it in several ways."""
        return Got(account_id)

    def canonical_account(self, account_id: str) -> str:
        """The account in one spelling of the several that people type; makes no call."""
        return account_id

    def authorization(self, surroundings: Surroundings) -> Authorization | None:  # noqa: ARG002
        """How consent is asked for; None for a vendor that is connected with keys."""
        return None


class SourceVendor(Vendor):
    """A vendor in whose system payments are recorded.

    Attributes:
        silence_advice: what to look at when its webhooks are not heard any more.
    """

    silence_advice: ClassVar[str] = "check their address there"

    @abstractmethod
    def open_source(self, surroundings: Surroundings, account: Account) -> Source: ...

    def webhook_reader(self) -> WebhookReader | None:
        """How its webhooks are signed and written; None for a vendor that sends none."""
        return None


class TargetVendor(Vendor):
    """A vendor whose invoices get the payments."""

    @abstractmethod
    def open_target(self, surroundings: Surroundings, account: Account) -> Target: ...
