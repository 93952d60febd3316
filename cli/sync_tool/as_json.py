"""The Sync Tool's invoices and runs as JSON documents: the same names in every command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from domain.copying.reasons import CopyReason, copy_advice, copy_sentence, explain_copy
from domain.money import plain_amount

if TYPE_CHECKING:
    from domain.copying.states import ItemState
    from domain.words import Words
    from models.billed_invoices import BilledInvoiceRow
    from models.copy_runs import CopyRun
    from models.views.copies import ItemRow, SumOf


def invoice_as_json(row: BilledInvoiceRow, words: Words) -> dict[str, Any]:
    return {
        "number": row.number,
        "connectwise_id": row.external_id,
        "quickbooks_id": row.books_id,
        "kind": row.kind,
        "date": row.issued_on,
        "due": row.due_on,
        "currency": row.currency,
        "subtotal": plain_amount(row.subtotal, row.currency),
        "tax": plain_amount(row.tax, row.currency),
        "total": plain_amount(row.total, row.currency),
        "quickbooks_total": plain_amount(row.books_total, row.currency) if row.books_total is not None else None,
        "company_id": row.company_id,
        "company": row.company,
        "bill_to_id": row.bill_to_id,
        "bill_to": row.bill_to,
        "location": row.location,
        "state": row.state,
        "reason": reason_as_json(row.reason, words),
        "detail": row.detail,
        "batch": row.batch_identifier,
        "copied_at": row.copied_at,
    }


def run_as_json(run: CopyRun, counts: Mapping[ItemState, int]) -> dict[str, Any]:
    return {
        "run": run.id,
        "action": run.action,
        "state": run.state,
        "counts": {state.value: count for state, count in counts.items() if count},
        "waits_for": run.waits_for,
        "started_by": run.started_by,
        "started_at": run.started_at,
        "confirmed_by": run.confirmed_by,
        "confirmed_at": run.confirmed_at,
        "ended_at": run.ended_at,
    }


def items_as_json(items: Iterable[ItemRow], words: Words) -> Sequence[dict[str, Any]]:
    """The invoices of a run, with what the preview says about each."""
    return [
        {
            "number": one.invoice.number,
            "connectwise_id": one.invoice.external_id,
            "quickbooks_id": one.item.books_id or one.invoice.books_id,
            "customer": one.invoice.bill_to or one.invoice.company,
            "date": one.invoice.issued_on,
            "currency": one.invoice.currency,
            "total": plain_amount(one.invoice.total, one.invoice.currency),
            "state": one.item.state,
            "reason": reason_as_json(one.item.reason, words),
            "detail": one.item.detail,
            "preview": one.item.preview,
            "ended_at": one.item.ended_at,
        }
        for one in items
    ]


def sums_as_json(sums: Iterable[SumOf]) -> Sequence[dict[str, Any]]:
    return [
        {"currency": one.currency, "count": one.count, "total": plain_amount(one.total, one.currency)} for one in sums
    ]


def reason_as_json(reason: str | None, words: Words) -> dict[str, Any] | None:
    if not reason:
        return None
    known = CopyReason(reason)
    return {
        "code": known.value,
        "sentence": copy_sentence(words, known),
        "advice": copy_advice(words, known),
        "is_choice": explain_copy(known).is_choice,
    }
