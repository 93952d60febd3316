"""The bridge between the receivables of both systems: from the one total to the other, each line with its documents.

    invoices at the source - those without a counterpart - differences + those of the target without one
        = open balance at the target

What a customer is owed (unapplied payments, credit memos, journal entries) belongs to the receivables of the source and
to no invoice, so it is shown and is no difference.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.reconciliation.documents import DocumentKind, OpenDocument, SourceStanding, TargetStanding
from domain.reconciliation.pairing import Pair

_NOTHING = Decimal(0)


class BridgeLine(StrEnum):
    """In the order in which they are read."""

    INVOICES = "invoices"
    UNAPPLIED_PAYMENTS = "unapplied_payments"
    CREDIT_MEMOS = "credit_memos"
    JOURNAL_ENTRIES = "journal_entries"
    OTHER_DOCUMENTS = "other_documents"
    # The sum of the lines above: what the source calls its accounts receivable.
    RECEIVABLES = "receivables"
    WITHOUT_TARGET = "without_target"
    DIFFERENCES = "differences"
    WITHOUT_SOURCE = "without_source"
    TARGET = "target"


_OF_KIND = {
    DocumentKind.INVOICE: BridgeLine.INVOICES,
    DocumentKind.PAYMENT: BridgeLine.UNAPPLIED_PAYMENTS,
    DocumentKind.CREDIT_MEMO: BridgeLine.CREDIT_MEMOS,
    DocumentKind.JOURNAL_ENTRY: BridgeLine.JOURNAL_ENTRIES,
    DocumentKind.OTHER: BridgeLine.OTHER_DOCUMENTS,
}


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """One line in one currency (None: neither system names one)."""

    line: BridgeLine
    currency: str | None
    documents: int
    amount: Decimal


def bridge(
    documents: Iterable[OpenDocument], targets: Iterable[TargetStanding], pairs: Iterable[Pair]
) -> tuple[BridgeRow, ...]:
    """All lines of all currencies.

    Args:
        pairs: of everything that is open on either side; the counterpart may be paid.
    """
    sums: dict[tuple[str, BridgeLine], list[Decimal]] = defaultdict(list)
    documents, targets = list(documents), list(targets)
    open_sources = {one.entity_id for one in documents if one.kind is DocumentKind.INVOICE}
    open_targets = {one.external_id for one in targets}
    for document in documents:
        sums[document.currency or "", _OF_KIND[document.kind]].append(document.open_balance)
        sums[document.currency or "", BridgeLine.RECEIVABLES].append(document.open_balance)
    for one in targets:
        if not one.is_credit_memo:
            sums[one.currency or "", BridgeLine.TARGET].append(one.balance)
    for pair in pairs:
        # A side that was read later than the list, and is open since, is not in the total.
        at_source = pair.source if pair.source is not None and pair.source.external_id in open_sources else None
        at_target = pair.target if pair.target is not None and pair.target.external_id in open_targets else None
        _add_pair(sums, pair, at_source, at_target)
    currencies = sorted({currency for currency, _ in sums})
    return tuple(
        BridgeRow(line, currency or None, len(amounts), sum(amounts, _NOTHING))
        for currency in currencies
        for line in BridgeLine
        for amounts in [sums[currency, line]]
    )


def _add_pair(
    sums: dict[tuple[str, BridgeLine], list[Decimal]],
    pair: Pair,
    at_source: SourceStanding | None,
    at_target: TargetStanding | None,
) -> None:
    source, target = pair.source, pair.target
    if source is not None and target is not None and (source.currency or "") == (target.currency or ""):
        difference = (at_source.balance if at_source else _NOTHING) - (at_target.balance if at_target else _NOTHING)
        if difference:
            sums[source.currency or "", BridgeLine.DIFFERENCES].append(difference)
        return
    # Two currencies have no difference; each side stands in its own.
    if at_source is not None:
        sums[at_source.currency or "", BridgeLine.WITHOUT_TARGET].append(at_source.balance)
    if at_target is not None:
        sums[at_target.currency or "", BridgeLine.WITHOUT_SOURCE].append(at_target.balance)


def adds_up(rows: Iterable[BridgeRow]) -> bool:
    """Whether the lines lead from one total to the other, in each currency."""
    by_currency: dict[str | None, dict[BridgeLine, Decimal]] = defaultdict(dict)
    for row in rows:
        by_currency[row.currency][row.line] = row.amount
    return all(
        lines[BridgeLine.INVOICES]
        - lines[BridgeLine.WITHOUT_TARGET]
        - lines[BridgeLine.DIFFERENCES]
        + lines[BridgeLine.WITHOUT_SOURCE]
        == lines[BridgeLine.TARGET]
        for lines in by_currency.values()
    )
