"""The sales tax of an invoice that an application wrote: what it sent, or what QuickBooks makes of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.quickbooks.world.company import TAXED, UNTAXED, Company
from sandbox.quickbooks.world.records import NOTHING, InvoiceLine

CENT = Decimal("0.01")
INCLUSIVE, EXCLUSIVE, NOT_APPLICABLE = TAX_MODES = ("TaxInclusive", "TaxExcluded", "NotApplicable")


@dataclass(frozen=True)
class Sum:
    tax: Decimal
    total: Decimal


def to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def sum_of(company: Company, lines: tuple[InvoiceLine, ...], sent: Decimal | None, mode: str) -> Sum:
    """Tax and total of the lines; `sent` is the tax that the application gave, None if it gave none."""
    amounts = sum((line.counted for line in lines), NOTHING)
    if company.preferences.country == "US":
        tax = _us_tax(company, lines, sent)
        return Sum(tax, amounts + tax)
    if mode == NOT_APPLICABLE:
        return Sum(NOTHING, amounts)
    tax = sent if sent is not None else _coded_tax(company, lines, inclusive=mode == INCLUSIVE)
    return Sum(tax, amounts if mode == INCLUSIVE else amounts + tax)


def _us_tax(company: Company, lines: Iterable[InvoiceLine], sent: Decimal | None) -> Decimal:
    if not company.preferences.uses_sales_tax:
        return NOTHING
    computed = to_cents(_taxable(company, lines) * company.preferences.automatic_rate)
    match company.switches.ast:
        case "off":
            return NOTHING if sent is None else sent
        case "honour":
            return computed if sent is None else sent
        case "cent_off":
            return (computed if sent is None else sent) + CENT
        case "recalc_zero":
            return NOTHING
        case _:
            return computed


def _taxable(company: Company, lines: Iterable[InvoiceLine]) -> Decimal:
    """A line is taxed as its code says; without one the item decides."""
    taxed = (
        line.counted
        for line in lines
        if line.tax_code != UNTAXED
        and line.item_id
        and (line.tax_code == TAXED or company.items.records[line.item_id].taxable)
    )
    return sum(taxed, NOTHING)


def _coded_tax(company: Company, lines: Iterable[InvoiceLine], *, inclusive: bool) -> Decimal:
    """The tax of each rate on all its lines together, rounded once."""
    by_code: dict[str, Decimal] = {}
    for line in lines:
        if line.item_id:
            by_code[line.tax_code] = by_code.get(line.tax_code, NOTHING) + line.counted
    tax = NOTHING
    for code, amount in by_code.items():
        rates = [company.tax_rates.records[one].rate for one in company.tax_codes.records[code].rate_ids]
        net = amount / (1 + sum(rates, NOTHING)) if inclusive else amount
        tax += sum((to_cents(net * rate) for rate in rates), NOTHING)
    return tax
