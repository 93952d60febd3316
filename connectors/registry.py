"""Which vendors there are. A third one is one folder and one line here; nobody else asks for a vendor's name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.addresses import AddressRules
from connectors.base import Failure, FailureKind, Got, ReadResult, Source, Target
from connectors.connectwise.client import Client as ConnectWiseClient
from connectors.connectwise.client import Keys
from connectors.connectwise.client import canonical_account as connectwise_account
from connectors.connectwise.target import ConnectWiseTarget
from connectors.connectwise.wire import PAYMENT_TYPE
from connectors.consent import Authorization
from connectors.hints import WebhookReader
from connectors.http import SizeLimits, TimeLimits, Wire
from connectors.json_reader import JsonLimits
from connectors.keeping import NoMeter, ReadMeter, SecretsKeeper
from connectors.limits import Limiter, Rate
from connectors.quickbooks.client import Client as QuickBooksClient
from connectors.quickbooks.oauth import QuickBooksAuthorization
from connectors.quickbooks.source import QuickBooksSource
from connectors.quickbooks.tokens import Application, Tokens
from connectors.quickbooks.webhooks import QuickBooksWebhooks

# Intuit allows 10 a second and 500 a minute per company; the rest is left to whoever else uses the company.
QUICKBOOKS_RATES = (Rate(8, 1, allowed=10), Rate(400, 60, allowed=500))
# ConnectWise "likely" throttles above 1,000 a minute, over all of the tenant's integrations (developer guide); it names
# no limit per second, and how much runs in parallel is bounded by the lease of push (docs/decisions/0012).
CONNECTWISE_REQUESTS_PER_MINUTE_MAX = 1000


def connectwise_rates(calls_per_minute: int) -> Sequence[Rate]:
    """What we count up to, and what the tenant allows: who lets us count further knows of a tenant that allows more."""
    return (Rate(calls_per_minute, 60, allowed=max(CONNECTWISE_REQUESTS_PER_MINUTE_MAX, calls_per_minute * 5 // 3)),)


CONNECTWISE_RATES = connectwise_rates(600)

# A thousand invoices with the fields that we ask for are half a megabyte and fifty values each. The server may be
# anybody's, and sixteen of its answers may be in memory at once.
CONNECTWISE_SIZES = SizeLimits(body_bytes=16 * 1024 * 1024, json=JsonLimits(values=500_000))
# Change data capture may bring a thousand payments and a thousand whole invoices, with all their lines.
QUICKBOOKS_SIZES = SizeLimits(body_bytes=64 * 1024 * 1024, json=JsonLimits(values=3_000_000, refuses_numbers=False))
# Tokens, and the one company that is asked for when somebody connects.
TOKEN_SIZES = SizeLimits(body_bytes=256 * 1024, json=JsonLimits(values=10_000))


@dataclass(frozen=True, slots=True)
class Platform:
    """What is the same for all connections: our registrations with the vendors, and where they live."""

    quickbooks_api_url: str
    quickbooks_application: Application
    quickbooks_verifier_tokens: tuple[str, ...]
    connectwise_client_id: str
    connectwise_version: str
    time_limits: TimeLimits
    limiter: Limiter
    now: Callable[[], datetime]
    # Metered reads of all companies together in a month; nought is no cap.
    monthly_reads_max: int = 0
    # Where partners' own addresses may lead; those in the settings are the operator's.
    addresses: AddressRules = field(default=AddressRules())
    quickbooks_rates: Sequence[Rate] = field(default=QUICKBOOKS_RATES)
    connectwise_rates: Sequence[Rate] = field(default=CONNECTWISE_RATES)


@dataclass(frozen=True, slots=True)
class Account:
    """One connection, as its row says."""

    connection_id: int
    vendor: str
    account_id: str
    settings: Mapping[str, Any]
    keeper: SecretsKeeper
    meter: ReadMeter = field(default_factory=NoMeter)


def open_source(platform: Platform, account: Account) -> Source:
    return _SOURCES[account.vendor](platform, account)


def open_target(platform: Platform, account: Account) -> Target:
    return _TARGETS[account.vendor](platform, account)


def account_identity(platform: Platform, vendor: str, account_id: str, settings: Mapping[str, Any]) -> ReadResult[str]:
    """The account as the vendor names it: asked for where people type it in several ways; a number is one already."""
    ask = _IDENTITIES.get(vendor)
    return ask(platform, settings) if ask else Got(account_id)


def canonical_account(vendor: str, account_id: str) -> str:
    """The account without what may be typed in several ways; asks nobody."""
    return connectwise_account(account_id) if vendor in _IDENTITIES else account_id


def missing_settings(platform: Platform, vendor: str, secrets: Mapping[str, Any]) -> Sequence[str]:
    """The settings without which no call to this vendor can succeed, whatever secrets the connection has."""
    application = platform.quickbooks_application
    needed = {
        "quickbooks": {
            "QUICKBOOKS_CLIENT_ID": application.client_id,
            "QUICKBOOKS_CLIENT_SECRET": application.client_secret,
        },
        "connectwise": {"CONNECTWISE_CLIENT_ID": secrets.get("client_id") or platform.connectwise_client_id},
    }
    return [name for name, value in needed.get(vendor, {}).items() if not value]


def webhook_reader(platform: Platform, vendor: str) -> WebhookReader | None:
    """How this vendor signs its webhooks; None for a vendor that sends none."""
    make = _WEBHOOKS.get(vendor)
    return make(platform) if make else None


def authorization(platform: Platform, vendor: str) -> Authorization | None:
    """How consent is asked for at this vendor; None for one that is connected with keys."""
    make = _AUTHORIZATIONS.get(vendor)
    return make(platform) if make else None


def _quickbooks(platform: Platform, account: Account) -> Source:
    wire = Wire(
        "quickbooks",
        platform.limiter,
        f"quickbooks:{account.account_id}",
        platform.quickbooks_rates,
        platform.time_limits,
        QUICKBOOKS_SIZES,
        _addresses_of(platform, account),
    )
    tokens = Tokens(platform.quickbooks_application, account.keeper, _token_wire(platform), platform.now)
    api_url = str(account.settings.get("api_url") or platform.quickbooks_api_url)
    client = QuickBooksClient(api_url, account.account_id, tokens, wire, platform.now, account.meter)
    return QuickBooksSource(client, account.settings.get("home_currency"))


def _addresses_of(platform: Platform, account: Account) -> AddressRules:
    """A connection's own address is its partner's; the address in the settings is the operator's, wherever it is."""
    return platform.addresses if account.settings.get("api_url") else AddressRules()


def _quickbooks_authorization(platform: Platform) -> Authorization:
    wire = _token_wire(platform)
    return QuickBooksAuthorization(platform.quickbooks_application, platform.quickbooks_api_url, wire, platform.now)


def _token_wire(platform: Platform) -> Wire:
    return Wire("quickbooks", platform.limiter, "quickbooks-tokens", (Rate(50, 1),), platform.time_limits, TOKEN_SIZES)


def _connectwise(platform: Platform, account: Account) -> Target:
    secrets = account.keeper.load()
    keys = Keys(
        company=str(account.settings["company"]),
        public_key=str(secrets["public_key"]),
        private_key=str(secrets["private_key"]),
        client_id=str(secrets.get("client_id") or platform.connectwise_client_id),
    )
    wire = Wire(
        "connectwise",
        platform.limiter,
        f"connectwise:{account.account_id}",
        _connectwise_rates(platform, account),
        platform.time_limits,
        CONNECTWISE_SIZES,
        platform.addresses,
    )
    client = ConnectWiseClient(
        str(account.settings["site_url"]),
        keys,
        platform.connectwise_version,
        wire,
        platform.now,
        platform.addresses,
    )
    hour = int(account.settings.get("payment_hour_utc", 0))
    payment_type = str(account.settings.get("payment_type") or PAYMENT_TYPE)
    return ConnectWiseTarget(client, account.settings.get("home_currency"), hour, payment_type)


def _connectwise_identity(platform: Platform, settings: Mapping[str, Any]) -> ReadResult[str]:
    site, company = str(settings.get("site_url", "")), str(settings.get("company", ""))
    if not site or not company:
        return Failure(FailureKind.REFUSED, "the site or the company is missing")
    wire = Wire(
        "connectwise",
        platform.limiter,
        f"connectwise:{connectwise_account(f'{site}/{company}')}",
        platform.connectwise_rates,
        platform.time_limits,
        CONNECTWISE_SIZES,
        platform.addresses,
    )
    keys = Keys(company=company, public_key="", private_key="", client_id=platform.connectwise_client_id)
    client = ConnectWiseClient(site, keys, platform.connectwise_version, wire, platform.now, platform.addresses)
    return client.identity()


def _connectwise_rates(platform: Platform, account: Account) -> Sequence[Rate]:
    """The limit is over all of a tenant's integrations, so a tenant may leave us less or more of it."""
    chosen = account.settings.get("requests_per_minute")
    return (
        platform.connectwise_rates if chosen is None else (Rate(int(chosen), 60, CONNECTWISE_REQUESTS_PER_MINUTE_MAX),)
    )


_SOURCES: dict[str, Callable[[Platform, Account], Source]] = {"quickbooks": _quickbooks}
_TARGETS: dict[str, Callable[[Platform, Account], Target]] = {"connectwise": _connectwise}
_IDENTITIES: dict[str, Callable[[Platform, Mapping[str, Any]], ReadResult[str]]] = {
    "connectwise": _connectwise_identity
}
_WEBHOOKS: dict[str, Callable[[Platform], WebhookReader]] = {
    "quickbooks": lambda platform: QuickBooksWebhooks(platform.quickbooks_verifier_tokens)
}
_AUTHORIZATIONS: dict[str, Callable[[Platform], Authorization]] = {"quickbooks": _quickbooks_authorization}
SOURCE_VENDORS = tuple(_SOURCES)
TARGET_VENDORS = tuple(_TARGETS)
