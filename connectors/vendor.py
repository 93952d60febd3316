"""A vendor for the rest of the code: one value with its names, settings, options, sentences and ways in.

A vendor's folder derives a class of its own from `SourceVendor` or `TargetVendor` (or both), and `cards` lists it.
Code asks this value for whatever differs between vendors, and never looks at a vendor's name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

from connectors.addresses import AddressRules
from connectors.base import FailureKind, Got, ReadResult, Source, Target
from connectors.card import Card
from connectors.consent import Authorization
from connectors.copying import Biller, Books
from connectors.hints import WebhookReader
from connectors.http import TimeLimits
from connectors.keeping import NoMeter, ReadMeter, SecretsKeeper
from connectors.limits import HalfOf, Pacer, Rate
from connectors.mail_server import MailServer
from connectors.options import Options
from connectors.reconciling import ReconciledSource, ReconciledTarget
from domain.reasons import Reason


def split_list(value: Any) -> Any:
    """Splits a list at its commas, as lists are written in the environment, and at the ends of lines, as in files."""
    if not isinstance(value, str):
        return value
    return [part.strip() for line in value.splitlines() for part in line.split(",") if part.strip()]


def _usable_link(template: str) -> str:
    try:
        filled = template.format(account="1", id="1", site="https://example.com", company="1")
    except (LookupError, ValueError) as error:
        raise ValueError("it may hold {account}, {id}, {site} and {company}, and no other braces") from error
    if template and not filled.startswith(("https://", "http://")):
        raise ValueError("it is no address of a page")
    return template


LinkTemplate = Annotated[str, AfterValidator(_usable_link)]


def link_of(template: str, **values: str) -> str | None:
    """The address of a page, made of the operator's template; None for an empty one. Values are quoted."""
    if not template:
        return None
    quoted = {name: quote(value, safe="") for name, value in values.items() if name != "site"}
    return template.format(**quoted, site=values.get("site", "").rstrip("/"))


SecretList = Annotated[list[SecretStr], NoDecode, BeforeValidator(split_list)]


class SecretScope(Enum):
    """What a vendor's secret is needed for; a process that does not do it is not given the secret."""

    DOOR = auto()  # to tell whether a webhook is the vendor's
    CALLS = auto()  # to call the vendor in the name of our application


class VendorSettings(BaseModel):
    """The operator's settings for a vendor.

    `api_url` of a vendor named `acme` is the variable ACME_API_URL. Every `..._url` must be https in production.

    Attributes:
        secrets: the settings that are secret, with what each is needed for.
        registered_as: the setting that names our application at the vendor; once it is set, its secrets must be too.
    """

    model_config = ConfigDict(frozen=True)

    secrets: ClassVar[Mapping[str, SecretScope]] = {}
    registered_as: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The parts that all vendors and connections of a process share."""

    time_limits: TimeLimits
    limiter: Pacer
    now: Callable[[], datetime]
    # Where partners' own addresses may lead; those in the settings are the operator's.
    addresses: AddressRules = field(default=AddressRules())
    # By which we send e-mail; None if the operator has not named one.
    mail: MailServer | None = None

    def for_copying(self) -> Self:
        """The same for the Sync Tool, which leaves half of an account's calls to the payments."""
        return replace(self, limiter=HalfOf(self.limiter, "copy"))

    def for_reconciling(self) -> Self:
        """The same for reading whole systems, which may take many calls and leaves half of them to the payments."""
        return replace(self, limiter=HalfOf(self.limiter, "reconcile"))


@dataclass(frozen=True, slots=True)
class Account:
    """One connection, with the values of its row."""

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
        card: its names, and how a person connects an account.
        name, label, short_label: those of its card.
        form: the class of its settings.
        options: the class of the options for one of its connections.
        advice: what to do about a failed call, if there is better advice than for any vendor.
        reason_advice: what to do about a reason, if there is better advice than for any vendor; written as in
            `domain/explanations.py`.
        rates: how often we may call one of its accounts, in place of the vendor's own rates; for measurements.
    """

    card: ClassVar[Card]
    name: ClassVar[str]
    label: ClassVar[str]
    short_label: ClassVar[str]
    form: ClassVar[type[VendorSettings]] = VendorSettings
    options: ClassVar[type[Options]] = Options
    advice: ClassVar[Mapping[FailureKind, str]] = {}
    reason_advice: ClassVar[Mapping[Reason, str]] = {}

    settings: VendorSettings
    rates: Sequence[Rate] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Sources and targets as such have no card.
        if hasattr(cls, "card"):
            cls.name, cls.label, cls.short_label = cls.card.name, cls.card.label, cls.card.short_label

    @property
    def monthly_reads_max(self) -> int:
        """The most metered reads in a month for all its connections together; zero means no cap."""
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
        """The account as the vendor names it; calls the vendor if people type the name in several ways."""
        return Got(account_id)

    def invoice_link(self, account_id: str, settings: Mapping[str, Any], invoice_id: str) -> str | None:  # noqa: ARG002
        """Where a person sees the invoice in the vendor's own pages; None if nobody knows."""
        return None

    def canonical_account(self, account_id: str) -> str:
        """The account in one spelling out of the several that people type; makes no call."""
        return account_id

    def authorization(self, surroundings: Surroundings) -> Authorization | None:  # noqa: ARG002
        """How we ask for consent; None for a vendor that is connected with keys."""
        return None


class SourceVendor(Vendor):
    """A vendor in whose system payments are recorded.

    Attributes:
        silence_advice: what to check if its webhooks no longer arrive.
    """

    silence_advice: ClassVar[str] = "check the webhook address there"

    @abstractmethod
    def open_source(self, surroundings: Surroundings, account: Account) -> Source: ...

    def open_reconciled_source(self, surroundings: Surroundings, account: Account) -> ReconciledSource | None:  # noqa: ARG002
        """The source as the reconciliation reads it; None for a vendor that cannot be read as a whole."""
        return None

    def webhook_reader(self) -> WebhookReader | None:
        """How the vendor signs and writes its webhooks; None for a vendor that sends none."""
        return None


class BooksVendor(SourceVendor):
    """A source in whose books the Sync Tool writes the invoices."""

    @abstractmethod
    def open_books(self, surroundings: Surroundings, account: Account) -> Books: ...


class TargetVendor(Vendor):
    """A vendor whose invoices get the payments."""

    @abstractmethod
    def open_target(self, surroundings: Surroundings, account: Account) -> Target: ...

    def open_reconciled_target(self, surroundings: Surroundings, account: Account) -> ReconciledTarget | None:  # noqa: ARG002
        """The target as the reconciliation reads it; as for a source."""
        return None


class BillerVendor(TargetVendor):
    """A target that also makes the invoices, which the Sync Tool copies into the books."""

    @abstractmethod
    def open_biller(self, surroundings: Surroundings, account: Account) -> Biller: ...
