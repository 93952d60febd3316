"""Sales tax: what the taxable lines of an invoice owe, and how an invoice's tax is spread over its levels."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.connectwise.records import ZERO, TaxLevel, to_cents
from sandbox.connectwise.world import Invoice


@dataclass(frozen=True)
class LevelTax:
    number: int  # 1 to 6
    level: TaxLevel
    taxable: Decimal
    tax: Decimal


def tax_on_lines(invoice: Invoice) -> Decimal:
    """Each level is rounded by itself, half up."""
    levels = () if invoice.tax_code is None else invoice.tax_code.levels
    return sum((to_cents(level.rate * _taxable(invoice, level)) for level in levels if invoice.lines), ZERO)


def level_taxes(invoice: Invoice) -> list[LevelTax]:
    """The invoice's sales tax by level, in proportion to the rates; the first level takes what is left over.

    The tax of an invoice may have been typed: it need not be the rates' share of the taxable amounts.
    """
    if invoice.tax_code is None:
        level = TaxLevel(rate=Decimal(0))
        return [LevelTax(1, level, invoice.subtotal, invoice.sales_tax)] if invoice.sales_tax else []
    rate = invoice.tax_code.rate
    levels = invoice.tax_code.levels
    shares = [to_cents(invoice.sales_tax * level.rate / rate) if rate else ZERO for level in levels]
    shares[0] += invoice.sales_tax - sum(shares, ZERO)
    return [
        LevelTax(number, level, _taxable(invoice, level), share)
        for number, (level, share) in enumerate(zip(levels, shares, strict=True), start=1)
    ]


def _taxable(invoice: Invoice, level: TaxLevel) -> Decimal:
    if not invoice.lines:
        return invoice.subtotal if invoice.sales_tax else ZERO
    return sum((line.amount for line in invoice.lines if line.taxable and line.kind in level.applies_to), ZERO)
