"""TinyBooks as a vendor: everything that the product has to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from connectors.base import FailureKind, Source
from connectors.entering import AskedSecret, AskedValue, ByHand, Entered
from connectors.options import Options
from connectors.vendor import Account, SourceVendor, Surroundings, VendorSettings
from domain.reasons import Reason
from tests.tiny_vendor.source import TinySource


class TinySettings(VendorSettings):
    shelf: str = ""


class TinyOptions(Options):
    suffix: str = "json"


@dataclass(frozen=True)
class TinyBooks(SourceVendor):
    name: ClassVar[str] = "tinybooks"
    label: ClassVar[str] = "TinyBooks for Shops"
    short_label: ClassVar[str] = "TinyBooks"
    form: ClassVar[type[VendorSettings]] = TinySettings
    options: ClassVar[type[Options]] = TinyOptions
    advice: ClassVar[Mapping[FailureKind, str]] = {
        FailureKind.NOT_FOUND: "Look whether the book is on TINYBOOKS_SHELF."
    }
    reason_advice: ClassVar[Mapping[Reason, str]] = {
        Reason.READS_USED_UP: "Let the shop rest for a while; then {source} continues automatically."
    }

    by_hand: ClassVar[ByHand | None] = ByHand(
        account="a TinyBooks shop",
        secrets_help="The pin comes from TINYBOOKS_PIN, from a file (pin), or from a prompt.",
        examples=("--book corner",),
        values=(AskedValue("book", "--book", "The name of the shop's book.", required=True),),
        secrets=(AskedSecret("pin", "TINYBOOKS_PIN", "Pin"),),
        read=lambda values: Entered(values["book"]),
        kept=dict,
    )

    settings: TinySettings

    def missing_settings(self, secrets: Mapping[str, Any]) -> Sequence[str]:
        return () if self.settings.shelf else ("TINYBOOKS_SHELF",)

    def open_source(self, surroundings: Surroundings, account: Account) -> Source:
        options = TinyOptions.of(account.settings)
        book = Path(self.settings.shelf) / f"{account.account_id}.{options.suffix}"
        return TinySource(book, account.keeper.load()["pin"], options.home_currency, surroundings.now)
