"""ConnectWise PSA as a vendor: target and biller, connected with keys at an address typed in several ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from connectors.base import Failure, FailureKind, ReadResult, Target
from connectors.card import Card
from connectors.connectwise.biller import ConnectWiseBiller
from connectors.connectwise.card import CONNECTWISE
from connectors.connectwise.client import Client, Keys, canonical_account
from connectors.connectwise.reconciled import ConnectWiseReconciled
from connectors.connectwise.settings import ConnectWiseSettings
from connectors.connectwise.target import ConnectWiseTarget
from connectors.connectwise.wire import PAYMENT_TYPE
from connectors.copying import Biller
from connectors.http import SizeLimits, Wire
from connectors.json_reader import JsonLimits
from connectors.limits import Rate
from connectors.options import Address, Options, a_number_up_to
from connectors.reconciling import ReconciledTarget
from connectors.vendor import Account, BillerVendor, Surroundings, VendorSettings, link_of
from domain.reasons import Reason

# ConnectWise "likely" throttles above 1,000 a minute, over all of the tenant's integrations (developer guide); it names
# no limit per second, and the lease of push bounds how many calls run in parallel (docs/decisions/0012).
REQUESTS_PER_MINUTE_MAX = 1000
PAYMENT_TYPE_CHARACTERS_MAX = 30
_HOURS = range(24)
# A thousand invoices with the fields that we ask for are half a megabyte and fifty values each. We do not know who runs
# the server, and sixteen of its answers may be in memory at once.
_SIZES = SizeLimits(body_bytes=16 * 1024 * 1024, json=JsonLimits(values=500_000))


def _an_hour(value: Any) -> Any:
    if isinstance(value, bool) or value not in _HOURS:
        raise ValueError(f"'{value}' is not an hour of the day; write a whole number from 0 to 23.")
    return value


def _a_payment_type(value: Any) -> Any:
    if not (isinstance(value, str) and value.isalnum() and len(value) <= PAYMENT_TYPE_CHARACTERS_MAX):
        raise ValueError(f"'{value}' is not a payment type; write its code, such as P.")
    return value


class ConnectWiseOptions(Options):
    """A tenant, and how we write payments there.

    Attributes:
        payment_hour_utc: the hour (UTC) of a payment's day, so that screens in far time zones keep the date.
        requests_per_minute: our part of the calls of all the tenant's integrations; None: as the settings say.
    """

    site_url: Address = ""
    company: str = ""
    payment_hour_utc: Annotated[int, BeforeValidator(_an_hour)] = 0
    payment_type: Annotated[str, BeforeValidator(_a_payment_type)] = PAYMENT_TYPE
    requests_per_minute: (
        Annotated[int, BeforeValidator(a_number_up_to(REQUESTS_PER_MINUTE_MAX, "requests per minute"))] | None
    ) = None


@dataclass(frozen=True)
class ConnectWise(BillerVendor):
    card: ClassVar[Card] = CONNECTWISE
    form: ClassVar[type[VendorSettings]] = ConnectWiseSettings
    options: ClassVar[type[Options]] = ConnectWiseOptions
    advice: ClassVar[Mapping[FailureKind, str]] = {
        FailureKind.MISCONFIGURED: (
            "The operator of this platform has to correct its settings (CONNECTWISE_CLIENT_ID); "
            "the connection itself is fine."
        ),
    }
    reason_advice: ClassVar[Mapping[Reason, str]] = {
        Reason.TARGET_INVOICE_MISSING: (
            "Look for the invoice in {target}. If it is not there, create it with the same number. If it is, check "
            "that the number is exactly the same, and that the API member's security role (Finance > Invoicing: "
            "Inquire All) and its restrictions to companies, locations or departments do not hide it. We check again "
            "automatically."
        ),
        Reason.TARGET_INVOICE_GONE: (
            "Check the invoice in {target} and the permissions of the API member: we check again automatically. If it "
            "was created again with the same number, retry."
        ),
        Reason.TARGET_FORBIDDEN: (
            "Give the security role of the API member 'Finance > Invoicing: Edit All, Inquire All, Delete All'; we try "
            "again automatically, or at once if you test the connection and retry."
        ),
        Reason.CLIENT_ID_REFUSED: (
            "The operator of the platform registers a client id at developer.connectwise.com, sets "
            "CONNECTWISE_CLIENT_ID (or enters the connection's own one again) and restarts; payments then continue "
            "automatically. Nothing is lost."
        ),
    }

    settings: ConnectWiseSettings

    def missing_settings(self, secrets: Mapping[str, Any]) -> Sequence[str]:
        return () if secrets.get("client_id") or self.settings.client_id else ("CONNECTWISE_CLIENT_ID",)

    def account_identity(
        self,
        surroundings: Surroundings,
        account_id: str,  # noqa: ARG002 - the name is asked for
        settings: Mapping[str, Any],
    ) -> ReadResult[str]:
        options = ConnectWiseOptions.of(settings)
        if not options.site_url or not options.company:
            return Failure(FailureKind.REFUSED, "the site or the company is missing")
        keys = Keys(company=options.company, public_key="", private_key="", client_id=self.settings.client_id)
        account = canonical_account(f"{options.site_url}/{options.company}")
        return self._client(surroundings, account, options.site_url, keys, self._platform_rates()).identity()

    def canonical_account(self, account_id: str) -> str:
        return canonical_account(account_id)

    def invoice_link(self, account_id: str, settings: Mapping[str, Any], invoice_id: str) -> str | None:  # noqa: ARG002
        options = ConnectWiseOptions.of(settings)
        values = {"site": options.site_url, "company": options.company, "id": invoice_id}
        return link_of(self.settings.invoice_link, **values)

    def open_target(self, surroundings: Surroundings, account: Account) -> Target:
        options = ConnectWiseOptions.of(account.settings)
        client = self._client_of(surroundings, account, options)
        return ConnectWiseTarget(client, options.home_currency, options.payment_hour_utc, options.payment_type)

    def open_reconciled_target(self, surroundings: Surroundings, account: Account) -> ReconciledTarget:
        options = ConnectWiseOptions.of(account.settings)
        client = self._client_of(surroundings.for_reconciling(), account, options)
        target = ConnectWiseTarget(client, options.home_currency, options.payment_hour_utc, options.payment_type)
        return ConnectWiseReconciled(client, target, options.home_currency)

    def open_biller(self, surroundings: Surroundings, account: Account) -> Biller:
        options = ConnectWiseOptions.of(account.settings)
        return ConnectWiseBiller(self._client_of(surroundings.for_copying(), account, options))

    def _client_of(self, surroundings: Surroundings, account: Account, options: ConnectWiseOptions) -> Client:
        secrets = account.keeper.load()
        keys = Keys(
            company=options.company,
            public_key=str(secrets["public_key"]),
            private_key=str(secrets["private_key"]),
            client_id=str(secrets.get("client_id") or self.settings.client_id),
        )
        chosen = options.requests_per_minute
        # The limit is over all of a tenant's integrations, so a tenant may leave us less or more of it.
        rates = self._platform_rates() if chosen is None else (Rate(chosen, 60, REQUESTS_PER_MINUTE_MAX),)
        return self._client(surroundings, account.account_id, options.site_url, keys, rates)

    def _client(
        self, surroundings: Surroundings, account: str, site_url: str, keys: Keys, rates: Sequence[Rate]
    ) -> Client:
        wire = Wire(
            "connectwise",
            surroundings.limiter,
            f"connectwise:{account}",
            rates,
            surroundings.time_limits,
            _SIZES,
            surroundings.addresses,
        )
        version = self.settings.api_version
        return Client(site_url, keys, version, wire, surroundings.now, surroundings.addresses)

    def _platform_rates(self) -> Sequence[Rate]:
        """Our own limit, and the tenant's: an operator who raises ours knows of a tenant that allows more."""
        if self.rates:
            return self.rates
        calls = self.settings.calls_per_minute
        return (Rate(calls, 60, allowed=max(REQUESTS_PER_MINUTE_MAX, calls * 5 // 3)),)


VENDOR = ConnectWise
