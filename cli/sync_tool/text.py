"""The Sync Tool's invoices and runs as tables and sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.output import print_table, say
from domain.copying.reasons import CopyReason, copy_advice, copy_sentence
from domain.copying.states import CopyAction, ItemState
from domain.money import money_text, plain_amount
from workers.terminal import Column

if TYPE_CHECKING:
    from domain.words import Words
    from models.views.copies import ItemRow, SumOf

# What is done with an invoice, for a title, and for what has been done.
DOES: Mapping[CopyAction, str] = {
    CopyAction.COPY: "copy",
    CopyAction.MARK: "mark as present",
    CopyAction.TAKE_BACK: "take back",
    CopyAction.UPDATE: "update",
    CopyAction.LEAVE: "leave as it is",
}
DID: Mapping[CopyAction, str] = {
    CopyAction.COPY: "copied",
    CopyAction.MARK: "marked as present",
    CopyAction.TAKE_BACK: "taken back",
    CopyAction.UPDATE: "updated",
    CopyAction.LEAVE: "left as it is",
}
WITH_REASON = Column("why", wraps=True, place="below")


def reason_text(reason: str | None, detail: str, words: Words) -> str:
    """What has happened and what to do about it; with the words of the system that refused, if it said any."""
    if not reason:
        return detail
    known = CopyReason(reason)
    said = f" ({detail})" if detail else ""
    return f"{copy_sentence(words, known)}{said} {copy_advice(words, known)}"


def sums_text(sums: Iterable[SumOf]) -> str:
    """As in "2 (300.00 USD) and 1 (50.00 EUR)"."""
    return " and ".join(f"{one.count:,} ({money_text(one.total, one.currency)})" for one in sums) or "none"


def count_text(count: int, noun: str = "invoice") -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# --- a preview ---


def print_preview(action: CopyAction, items: Sequence[ItemRow], words: Words) -> None:
    """Invoice by invoice what would be written, the total there against the total here, and what is in the way."""
    books, biller = f"{words.source} total", f"{words.target} total"
    columns = [Column("invoice"), Column("customer", wraps=True)]
    if action in (CopyAction.COPY, CopyAction.UPDATE):
        columns += [Column("lines", right=True), Column("tax", right=True), Column(books, right=True)]
    columns += [Column(biller, right=True), Column("currency"), WITH_REASON]
    is_drafted = len(columns) > len(("invoice", "customer", "biller", "currency", "why"))
    rows = [_preview_cells(action, one, words, is_drafted=is_drafted) for one in items]
    print_table(columns, rows, "There is no invoice in this run.")


def _preview_cells(action: CopyAction, one: ItemRow, words: Words, *, is_drafted: bool) -> tuple[object, ...]:
    preview, invoice = one.item.preview or {}, one.invoice
    customer = preview.get("creates_customer") or preview.get("customer") or invoice.bill_to or invoice.company
    drafted = (_lines_sum(preview, invoice.currency), preview.get("tax") or "", preview.get("total", ""))
    return (
        invoice.number,
        customer,
        *(drafted if is_drafted else ()),
        plain_amount(invoice.total, invoice.currency),
        invoice.currency,
        _what(action, one, preview, words),
    )


def _lines_sum(preview: Mapping[str, Any], currency: str | None) -> str:
    lines = preview.get("lines")
    if lines is None:
        return ""
    return plain_amount(sum((Decimal(line["amount"]) for line in lines), Decimal(0)), currency)


def _what(action: CopyAction, one: ItemRow, preview: Mapping[str, Any], words: Words) -> str:
    if one.item.state == ItemState.PROBLEM.value:
        return reason_text(one.item.reason, one.item.detail, words)
    match preview:
        case {"goes_on": identity}:
            return f"The copy is in {words.source} already (id {identity}); the rest is done in {words.target}."
        case {"adopts": identity}:
            return f"It is in {words.source} already (id {identity}), identical: it is taken for the copy."
        case {"deletes": identity}:
            return f"The copy (id {identity}) is deleted in {words.source}, and its batch removed in {words.target}."
        case {"removes_batch": _}:
            return f"Its batch is removed in {words.target}; nothing is deleted in {words.source}."
        case {"creates_customer": name}:
            return f"The customer '{name}' is created in {words.source} first."
        case {"from": before}:
            return f"The copy in {words.source} comes to {before} at the moment."
    if action in (CopyAction.MARK, CopyAction.LEAVE):
        return f"It is put into a batch in {words.target}; nothing is written to {words.source}."
    return ""


# --- what became of it ---


def print_outcome(
    action: CopyAction, items: Sequence[ItemRow], words: Words, told: Collection[int] = frozenset()
) -> None:
    """How many are done; and what is held, with its reason.

    Args:
        told: ids of items whose problem the preview has told already.
    """
    counts = {state: sum(one.item.state == state.value for one in items) for state in ItemState}
    parts = [f"{counts[ItemState.DONE]:,} {DID[action]}"]
    parts += [f"{counts[state]:,} {name}" for state, name in _OTHERS.items() if counts[state]]
    say(f"{', '.join(parts)}.")
    _print_held([one for one in items if one.item.id not in told], words)


_OTHERS = {
    ItemState.HELD: "held",
    ItemState.PROBLEM: "with a problem",
    ItemState.LEFT_OUT: "left out",
    ItemState.QUEUED: "under way",
    ItemState.READY: "not begun",
    ItemState.CHECKING: "being checked",
}


def _print_held(items: Sequence[ItemRow], words: Words) -> None:
    held = [one for one in items if one.item.state in (ItemState.HELD.value, ItemState.PROBLEM.value)]
    if not held:
        return
    say()
    columns = [Column("held"), Column("customer", wraps=True), Column("total", right=True), WITH_REASON]
    rows = [
        (
            one.invoice.number,
            one.invoice.bill_to or one.invoice.company,
            money_text(one.invoice.total, one.invoice.currency),
            reason_text(one.item.reason, one.item.detail, words),
        )
        for one in held
    ]
    print_table(columns, rows, "")


def counts_text(counts: Mapping[ItemState, int], action: CopyAction) -> str:
    """How many invoices of a run are in which state, those done first."""
    names = {ItemState.DONE: DID[action], **_OTHERS}
    return ", ".join(f"{counts[state]:,} {name}" for state, name in names.items() if counts.get(state))
