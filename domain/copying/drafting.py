"""The draft of a copy: the biller's lines and tax, with the books' items, tax codes and customer.

Lines and tax of a draft add up to the biller's total exactly. What the lines leave out is a rounding line, if the
partner allows one of that size. What the books make of it is compared afterwards (`afterwards.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from domain.copying.billed import BilledDetail, BilledInvoice, BilledLine, LineKind
from domain.copying.booked import BooksRules, DraftInvoice, DraftLine, TaxMode
from domain.copying.reasons import CopyReason
from domain.copying.terms import CopyTerms, LineDetail, TaxAs
from domain.money import minor_digits, money_text

# What QuickBooks takes (Intuit's Invoice reference): with tax, an invoice has at most this many lines.
LINES_MAX = 750
# The two codes of lines under QuickBooks' sales tax in the United States.
TAXABLE, EXEMPT = "TAX", "NON"

KIND_WORDS = {
    LineKind.SERVICE: "Services",
    LineKind.PRODUCT: "Products",
    LineKind.EXPENSE: "Expenses",
    LineKind.AGREEMENT: "Agreement",
    LineKind.ADJUSTMENT: "Adjustment",
}


@dataclass(frozen=True, slots=True)
class NoDraft:
    """There is no right draft as things are chosen."""

    reason: CopyReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """What a draft is made of, beside the terms.

    Attributes:
        mark: what our copies carry in their note, so that we know them again.
    """

    invoice: BilledInvoice
    detail: BilledDetail
    rules: BooksRules
    customer_id: str
    issued_on: date
    currency: str
    mark: str


def draft_of(source: Source, terms: CopyTerms) -> DraftInvoice | NoDraft:
    """The invoice as the books shall have it."""
    detail = source.detail
    lines: list[DraftLine] = []
    for line in _rounded(_chosen(detail.lines, terms.line_detail), source.currency):
        drafted = _line(line, source.rules.tax_mode, terms)
        if isinstance(drafted, NoDraft):
            return drafted
        lines.append(drafted)
    tax, tax_line = _tax(detail, source.rules.tax_mode, terms)
    if isinstance(tax_line, NoDraft):
        return tax_line
    if tax_line is not None:
        lines.append(tax_line)
    missing = detail.total - sum((line.amount for line in lines), tax or Decimal(0))
    if missing:
        rounding = rounding_line(missing, source.currency, source.rules.tax_mode, terms)
        if rounding is None:
            says = f"the total is {_money(detail.total, source)}, lines and tax add up to "
            return NoDraft(CopyReason.LINES_DIFFER, says + _money(detail.total - missing, source))
        lines.append(rounding)
    if len(lines) > LINES_MAX:
        return NoDraft(CopyReason.TOO_MANY_LINES, f"{len(lines)} lines, {LINES_MAX} are allowed")
    return DraftInvoice(
        number=source.invoice.number,
        customer_id=source.customer_id,
        issued_on=source.issued_on,
        due_on=source.invoice.due_on,
        currency=source.currency,
        lines=tuple(lines),
        tax=tax,
        tax_mode=source.rules.tax_mode,
        # A long note is cut at its end.
        note=f"{source.mark}\n{detail.memo}" if detail.memo else source.mark,
        online_payment=terms.online_payment,
    )


def total_of(draft: DraftInvoice) -> Decimal:
    """What the draft comes to, in its currency."""
    return sum((line.amount for line in draft.lines), draft.tax or Decimal(0))


def rounding_line(amount: Decimal, currency: str, tax_mode: TaxMode, terms: CopyTerms) -> DraftLine | None:
    """A line that makes up for a difference; None if the partner allows none of this size, or chose no item for it."""
    item = terms.items.get(LineKind.ADJUSTMENT, "")
    if not item or not _is_whole(amount, currency) or abs(amount) > terms.rounding_max:
        return None
    code = _code(tax_mode, terms, taxable=False, tax_code="")
    return DraftLine(item, "Rounding", amount, tax_code_id=code) if code is not None else None


def _chosen(lines: Sequence[BilledLine], detail: LineDetail) -> Iterable[BilledLine]:
    if detail is LineDetail.EVERY_LINE:
        # A line of nothing is a remark to the customer; it needs an item all the same.
        return lines
    sums: dict[tuple[LineKind, bool, str], Decimal] = {}
    for line in lines:
        key = line.kind, line.taxable, line.tax_code
        sums[key] = sums.get(key, Decimal(0)) + line.amount
    return [
        BilledLine(kind, KIND_WORDS[kind], amount, taxable=taxable, tax_code=code)
        for (kind, taxable, code), amount in sums.items()
    ]


def _rounded(lines: Iterable[BilledLine], currency: str) -> Iterable[tuple[BilledLine, Decimal]]:
    """Each line with its amount in whole coins; what rounding takes from one line, the next one gets."""
    carried = Decimal(0)
    quantum = Decimal(1).scaleb(-minor_digits(currency))
    for line in lines:
        amount = (line.amount + carried).quantize(quantum, ROUND_HALF_UP)
        carried += line.amount - amount
        yield line, amount


def _line(rounded: tuple[BilledLine, Decimal], tax_mode: TaxMode, terms: CopyTerms) -> DraftLine | NoDraft:
    line, amount = rounded
    item = terms.items.get(line.kind, "")
    if not item:
        return NoDraft(CopyReason.ITEM_NOT_CHOSEN, KIND_WORDS[line.kind])
    code = _code(tax_mode, terms, taxable=line.taxable and terms.tax_as is TaxAs.TAX, tax_code=line.tax_code)
    if code is None:
        return NoDraft(CopyReason.TAX_NOT_CHOSEN, line.tax_code)
    return DraftLine(item, line.description, amount, line.quantity, line.unit_price, code)


def _code(tax_mode: TaxMode, terms: CopyTerms, *, taxable: bool, tax_code: str) -> str | None:
    """The books' tax code of a line; "" where lines have none, None if it has not been chosen."""
    match tax_mode:
        case TaxMode.NONE:
            return ""
        case TaxMode.CODES | TaxMode.AUTOMATED:
            return TAXABLE if taxable else EXEMPT
        case TaxMode.EVERY_LINE:
            chosen = terms.tax_codes.get(tax_code) or terms.taxable_code_id if taxable else terms.exempt_code_id
            return chosen or None


def _tax(
    detail: BilledDetail, tax_mode: TaxMode, terms: CopyTerms
) -> tuple[Decimal | None, DraftLine | NoDraft | None]:
    """The tax as the invoice's own, or as a line; at most one of the two."""
    if tax_mode is not TaxMode.NONE and terms.tax_as is TaxAs.TAX:
        return detail.tax, None
    if not detail.tax:
        return None, None
    code = _code(tax_mode, terms, taxable=False, tax_code="")
    if not terms.tax_item_id or code is None:
        return None, NoDraft(CopyReason.TAX_NOT_CHOSEN, "an item for the tax")
    return None, DraftLine(terms.tax_item_id, "Sales tax", detail.tax, tax_code_id=code)


def _is_whole(amount: Decimal, currency: str) -> bool:
    return amount == amount.quantize(Decimal(1).scaleb(-minor_digits(currency)))


def _money(amount: Decimal, source: Source) -> str:
    return money_text(amount, source.currency)
