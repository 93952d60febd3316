"""A partner's choices for the Sync Tool, as they are stored with the organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from domain.copying.billed import LineKind

DEFAULT_ROUNDING_MAX = Decimal("0.05")
E = TypeVar("E", bound=StrEnum)


class LineDetail(StrEnum):
    """How many lines a copy has."""

    EVERY_LINE = "every_line"
    # One line for each kind: services, products, expenses, agreement.
    TOTALS = "totals"


class TaxAs(StrEnum):
    """Where the tax goes that the biller charged."""

    # As the invoice's tax, in the books' own place for it.
    TAX = "tax"
    # As a line of its own: no tax report of the books counts it.
    LINE = "line"


class DebtorChoice(StrEnum):
    BILL_TO = "bill_to"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class CopyTerms:
    """The choices; whatever is not chosen yet holds an invoice that needs it, with a reason of its own.

    Attributes:
        start_on: invoices of earlier days are not copied; None copies all.
        items: the books' item for each kind of line, by id. ADJUSTMENT is also the item of the rounding line.
        tax_item_id: the item of the line that carries the tax.
        taxable_code_id, exempt_code_id: the books' tax codes for lines that are taxable, and for those that are not.
        tax_codes: the books' tax code for a tax code of the biller, by id; in place of `taxable_code_id`.
        rounding_max: the most, in the invoice's currency, that a rounding line may carry; zero allows none.
        adopt: an invoice that is in the books already, and identical, is taken for the copy.
        zero_totals: also copies invoices of nothing.
        automatic: copies what is listed by itself.
        prefix: begins the name of each batch.
    """

    start_on: date | None = None
    line_detail: LineDetail = LineDetail.EVERY_LINE
    tax_as: TaxAs = TaxAs.TAX
    debtor: DebtorChoice = DebtorChoice.BILL_TO
    items: Mapping[LineKind, str] = field(default_factory=dict)
    tax_item_id: str = ""
    taxable_code_id: str = ""
    exempt_code_id: str = ""
    tax_codes: Mapping[str, str] = field(default_factory=dict)
    rounding_max: Decimal = DEFAULT_ROUNDING_MAX
    adopt: bool = True
    zero_totals: bool = False
    online_payment: bool = False
    automatic: bool = False
    prefix: str = "EPS"

    def as_stored(self) -> dict[str, Any]:
        """The choices as JSON."""
        return {
            "start_on": self.start_on.isoformat() if self.start_on else None,
            "line_detail": self.line_detail.value,
            "tax_as": self.tax_as.value,
            "debtor": self.debtor.value,
            "items": {kind.value: item for kind, item in self.items.items() if item},
            "tax_item_id": self.tax_item_id,
            "taxable_code_id": self.taxable_code_id,
            "exempt_code_id": self.exempt_code_id,
            "tax_codes": dict(self.tax_codes),
            "rounding_max": str(self.rounding_max),
            "adopt": self.adopt,
            "zero_totals": self.zero_totals,
            "online_payment": self.online_payment,
            "automatic": self.automatic,
            "prefix": self.prefix,
        }


def terms_from(stored: Mapping[str, Any]) -> CopyTerms:
    """The choices from JSON. One that is missing, or that another version wrote, has its default."""
    default = CopyTerms()
    kinds = {kind.value: kind for kind in LineKind}
    items = stored.get("items") or {}
    return CopyTerms(
        start_on=_day(stored.get("start_on")),
        line_detail=_one_of(LineDetail, stored.get("line_detail"), default.line_detail),
        tax_as=_one_of(TaxAs, stored.get("tax_as"), default.tax_as),
        debtor=_one_of(DebtorChoice, stored.get("debtor"), default.debtor),
        items={kinds[kind]: str(item) for kind, item in items.items() if kind in kinds},
        tax_item_id=str(stored.get("tax_item_id") or ""),
        taxable_code_id=str(stored.get("taxable_code_id") or ""),
        exempt_code_id=str(stored.get("exempt_code_id") or ""),
        tax_codes={str(code): str(identity) for code, identity in (stored.get("tax_codes") or {}).items()},
        rounding_max=_amount(stored.get("rounding_max"), default.rounding_max),
        adopt=bool(stored.get("adopt", default.adopt)),
        zero_totals=bool(stored.get("zero_totals", default.zero_totals)),
        online_payment=bool(stored.get("online_payment", default.online_payment)),
        automatic=bool(stored.get("automatic", default.automatic)),
        prefix=str(stored.get("prefix") or default.prefix),
    )


def _one_of(kind: type[E], value: Any, default: E) -> E:
    return kind(value) if value in set(kind) else default


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _amount(value: Any, default: Decimal) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return default
    return amount if amount.is_finite() and amount >= 0 else default
