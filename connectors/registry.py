"""The vendors by name, for code that opens a connection, and what is asked of whichever vendor it has."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from connectors.base import Source, Target
from connectors.cards import CARDS
from connectors.consent import Authorization
from connectors.copying import Biller, Books
from connectors.hints import WebhookReader
from connectors.options import Options
from connectors.reconciling import ReconciledSource, ReconciledTarget
from connectors.vendor import (
    Account,
    BillerVendor,
    BooksVendor,
    SourceVendor,
    Surroundings,
    TargetVendor,
    Vendor,
    VendorSettings,
)
from domain.words import Words

VENDORS: Sequence[type[Vendor]] = [import_module(f"connectors.{card.name}.vendor").VENDOR for card in CARDS]


def configured(
    read: Callable[[str, type[VendorSettings]], VendorSettings], vendors: Iterable[type[Vendor]] = VENDORS
) -> Mapping[str, Vendor]:
    """Every vendor with its settings, by name."""
    return {vendor.name: vendor(read(vendor.name, vendor.form)) for vendor in vendors}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Surroundings):
    """The parts that all connections share: the vendors with their settings, and the surroundings of each of them."""

    vendors: Mapping[str, Vendor]

    @property
    def sources(self) -> Mapping[str, SourceVendor]:
        return {name: one for name, one in self.vendors.items() if isinstance(one, SourceVendor)}

    @property
    def targets(self) -> Mapping[str, TargetVendor]:
        return {name: one for name, one in self.vendors.items() if isinstance(one, TargetVendor)}

    @property
    def asked_for_consent(self) -> Mapping[str, SourceVendor]:
        """The sources that people connect on the vendor's own consent page."""
        return {name: one for name, one in self.sources.items() if one.authorization(self) is not None}

    def words(self, connected: Collection[str]) -> Words:
        """How an organization that is connected to these vendors calls its two systems."""
        return words_for(connected, [type(one) for one in self.vendors.values()])


def words_for(connected: Collection[str], vendors: Iterable[type[Vendor]] = VENDORS) -> Words:
    """The words for an organization that is connected to these vendors.

    A side that is not connected yet is called by the name of the first vendor that could be.
    """
    # False comes first, so the connected ones do; the order within the vendors stays.
    known = sorted(vendors, key=lambda one: one.name not in connected)
    source = next(one for one in known if issubclass(one, SourceVendor))
    target = next(one for one in known if issubclass(one, TargetVendor))
    return Words(source.short_label, target.short_label, {**source.reason_advice, **target.reason_advice})


def open_source(platform: Platform, account: Account) -> Source:
    return platform.sources[account.vendor].open_source(platform, account)


def open_target(platform: Platform, account: Account) -> Target:
    return platform.targets[account.vendor].open_target(platform, account)


def open_reconciled_source(platform: Platform, account: Account) -> ReconciledSource | None:
    """The source as the reconciliation reads it; None if this vendor cannot be read as a whole."""
    return platform.sources[account.vendor].open_reconciled_source(platform, account)


def open_reconciled_target(platform: Platform, account: Account) -> ReconciledTarget | None:
    """The target as the reconciliation reads it; None if this vendor cannot be read as a whole."""
    return platform.targets[account.vendor].open_reconciled_target(platform, account)


def open_books(platform: Platform, account: Account) -> Books | None:
    """The books of this account; None if the Sync Tool cannot write to this vendor."""
    vendor = platform.vendors[account.vendor]
    return vendor.open_books(platform, account) if isinstance(vendor, BooksVendor) else None


def open_biller(platform: Platform, account: Account) -> Biller | None:
    """The account as a biller; None if the Sync Tool cannot read the invoices of this vendor."""
    vendor = platform.vendors[account.vendor]
    return vendor.open_biller(platform, account) if isinstance(vendor, BillerVendor) else None


def webhook_reader(platform: Platform, vendor: str) -> WebhookReader | None:
    """How this vendor signs its webhooks; None for one that sends none."""
    known = platform.sources.get(vendor)
    return known.webhook_reader() if known else None


def authorization(platform: Platform, vendor: str) -> Authorization | None:
    """How we ask for consent at this vendor; None for one that is connected with keys."""
    known = platform.vendors.get(vendor)
    return known.authorization(platform) if known else None


def options_of(platform: Platform, vendor: str, settings: Mapping[str, Any]) -> Options:
    """The options chosen for a connection."""
    return platform.vendors[vendor].options.of(settings)
