"""TinyBooks as a vendor: everything that the product has to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from connectors.base import FailureKind, Source
from connectors.card import Card
from connectors.options import Options
from connectors.vendor import Account, SourceVendor, Surroundings, VendorSettings
from domain.reasons import Reason
from tests.tiny_vendor.card import TINYBOOKS
from tests.tiny_vendor.source import TinySource


class TinySettings(VendorSettings):
    shelf: str = ""


class TinyOptions(Options):
    suffix: str = "json"


@dataclass(frozen=True)
class TinyBooks(SourceVendor):
    card: ClassVar[Card] = TINYBOOKS
    form: ClassVar[type[VendorSettings]] = TinySettings
    options: ClassVar[type[Options]] = TinyOptions
    advice: ClassVar[Mapping[FailureKind, str]] = {
        FailureKind.NOT_FOUND: "Look whether the book is on TINYBOOKS_SHELF."
    }
    reason_advice: ClassVar[Mapping[Reason, str]] = {
        Reason.READS_USED_UP: "Let the shop rest for a while; then {source} continues automatically."
    }

    settings: TinySettings

    def missing_settings(self, secrets: Mapping[str, Any]) -> Sequence[str]:
        return () if self.settings.shelf else ("TINYBOOKS_SHELF",)

    def open_source(self, surroundings: Surroundings, account: Account) -> Source:
        options = TinyOptions.of(account.settings)
        book = Path(self.settings.shelf) / f"{account.account_id}.{options.suffix}"
        return TinySource(book, account.keeper.load()["pin"], options.home_currency, surroundings.now)
