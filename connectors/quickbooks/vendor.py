"""QuickBooks Online as a vendor: a source that is connected by consent, signs its webhooks, and meters reads.

It is also the books that the Sync Tool writes invoices to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.addresses import AddressRules
from connectors.base import FailureKind, Source
from connectors.card import Card
from connectors.consent import Authorization
from connectors.copying import Books
from connectors.hints import WebhookReader
from connectors.http import SizeLimits, Wire
from connectors.json_reader import JsonLimits
from connectors.limits import Rate
from connectors.options import Address, Options
from connectors.quickbooks.books import QuickBooksBooks
from connectors.quickbooks.card import QUICKBOOKS
from connectors.quickbooks.client import Client
from connectors.quickbooks.oauth import QuickBooksAuthorization
from connectors.quickbooks.reconciled import QuickBooksReconciled
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.quickbooks.source import QuickBooksSource
from connectors.quickbooks.tokens import Tokens
from connectors.quickbooks.webhooks import QuickBooksWebhooks
from connectors.reconciling import ReconciledSource
from connectors.vendor import Account, BooksVendor, Surroundings, VendorSettings, link_of
from domain.reasons import Reason

# Intuit allows 10 a second and 500 a minute per company; we leave the rest to the company's other integrations.
RATES = (Rate(8, 1, allowed=10), Rate(400, 60, allowed=500))
_TOKEN_RATES = (Rate(50, 1),)
# Change data capture may bring a thousand payments and a thousand whole invoices, with all their lines.
_SIZES = SizeLimits(body_bytes=64 * 1024 * 1024, json=JsonLimits(values=3_000_000, refuses_numbers=False))
# Tokens, and the one company that we read while connecting.
_TOKEN_SIZES = SizeLimits(body_bytes=256 * 1024, json=JsonLimits(values=10_000))


class QuickBooksOptions(Options):
    # For a company at another address than the one in the settings.
    api_url: Address = ""


@dataclass(frozen=True)
class QuickBooks(BooksVendor):
    card: ClassVar[Card] = QUICKBOOKS
    form: ClassVar[type[VendorSettings]] = QuickBooksSettings
    options: ClassVar[type[Options]] = QuickBooksOptions
    advice: ClassVar[Mapping[FailureKind, str]] = {
        FailureKind.USED_UP: (
            "Upgrade the plan at Intuit and raise QUICKBOOKS_MONTHLY_READS_MAX, or wait for the next month."
        ),
        FailureKind.MISCONFIGURED: (
            "The operator of this platform has to correct its settings (QUICKBOOKS_CLIENT_ID and "
            "QUICKBOOKS_CLIENT_SECRET); the connection itself is fine."
        ),
    }
    reason_advice: ClassVar[Mapping[Reason, str]] = {
        Reason.READS_USED_UP: (
            "Upgrade the plan at Intuit and raise QUICKBOOKS_MONTHLY_READS_MAX, or wait: payments continue next "
            "month. Nothing is lost."
        ),
        Reason.APPLICATION_REFUSED: (
            "The operator of the platform corrects QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET; payments "
            "then continue automatically. The connection stays as it is, and nothing is lost."
        ),
        Reason.COMPANY_SUSPENDED: (
            "Renew the subscription at Intuit; we ask every hour and continue automatically. Nothing is lost."
        ),
    }
    silence_advice: ClassVar[str] = "check the webhook address at Intuit"

    settings: QuickBooksSettings

    @property
    def monthly_reads_max(self) -> int:
        return self.settings.monthly_reads_max

    def missing_settings(self, secrets: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG002
        needed = {
            "QUICKBOOKS_CLIENT_ID": self.settings.client_id,
            "QUICKBOOKS_CLIENT_SECRET": self.settings.client_secret.get_secret_value(),
        }
        return [name for name, value in needed.items() if not value]

    def invoice_link(self, account_id: str, settings: Mapping[str, Any], invoice_id: str) -> str | None:  # noqa: ARG002
        return link_of(self.settings.invoice_link, account=account_id, id=invoice_id)

    def open_source(self, surroundings: Surroundings, account: Account) -> Source:
        return QuickBooksSource(self._client(surroundings, account), _options_of(account).home_currency)

    def open_reconciled_source(self, surroundings: Surroundings, account: Account) -> ReconciledSource:
        return QuickBooksReconciled(
            self._client(surroundings.for_reconciling(), account), _options_of(account).home_currency
        )

    def open_books(self, surroundings: Surroundings, account: Account) -> Books:
        return QuickBooksBooks(self._client(surroundings.for_copying(), account))

    def _client(self, surroundings: Surroundings, account: Account) -> Client:
        options = _options_of(account)
        wire = Wire(
            "quickbooks",
            surroundings.limiter,
            f"quickbooks:{account.account_id}",
            self.rates or RATES,
            surroundings.time_limits,
            _SIZES,
            # A partner chose a connection's own address; the operator chose the one in the settings, wherever it leads.
            surroundings.addresses if options.api_url else AddressRules(),
        )
        tokens = Tokens(self.settings.application, account.keeper, _token_wire(surroundings), surroundings.now)
        api_url = options.api_url or self.settings.api_url
        return Client(api_url, account.account_id, tokens, wire, surroundings.now, account.meter)

    def webhook_reader(self) -> WebhookReader:
        return QuickBooksWebhooks(tuple(token.get_secret_value() for token in self.settings.verifier_tokens))

    def authorization(self, surroundings: Surroundings) -> Authorization:
        wire = _token_wire(surroundings)
        return QuickBooksAuthorization(self.settings.application, self.settings.api_url, wire, surroundings.now)


def _options_of(account: Account) -> QuickBooksOptions:
    return QuickBooksOptions.of(account.settings)


def _token_wire(surroundings: Surroundings) -> Wire:
    return Wire(
        "quickbooks", surroundings.limiter, "quickbooks-tokens", _TOKEN_RATES, surroundings.time_limits, _TOKEN_SIZES
    )


VENDOR = QuickBooks
