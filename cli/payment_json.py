"""Payments as JSON, with the names that the JSON API uses."""

from typing import Any

from cli.output import amount_text
from domain.explanations import explain
from domain.reasons import Reason
from models.views.payment_rows import AllocationRow, PaymentRow
from models.views.story import AllocationStory, DecisionLine, EffectLine, LedgerLine, PaymentStory


def payment_as_json(row: PaymentRow) -> dict[str, Any]:
    return {
        "id": row.external_id,
        "paid_on": row.paid_on,
        "customer": row.customer,
        "total": amount_text(row.total, row.currency),
        "currency": row.currency,
        "state": row.state,
        "status": row.status,
        "reason": _reason(row.reason),
        "reference": row.reference,
        "updated_at": row.updated_at,
        "allocations": [_allocation(part, row.currency) for part in row.allocations],
    }


def story_as_json(story: PaymentStory) -> dict[str, Any]:
    currency = story.payment.currency
    return {
        "payment": payment_as_json(story.payment),
        "first_seen_at": story.first_seen_at,
        "version": story.version,
        "unapplied": amount_text(story.unapplied, currency),
        "note": story.note,
        "events": [
            {
                "source": event.source,
                "verb": event.verb,
                "occurred_at": event.occurred_at,
                "received_at": event.received_at,
                "done_at": event.done_at,
            }
            for event in story.events
        ],
        "allocations": [_part(part, currency) for part in story.allocations],
        "next": story.next,
    }


def _part(part: AllocationStory, currency: str | None) -> dict[str, Any]:
    return {
        "allocation": _allocation(part.row, currency),
        "decisions": [_decision(line, currency) for line in part.decisions],
        "deliveries": [_delivery(line) for line in part.effects],
        "ledger": _ledger(part.ledger, currency) if part.ledger else None,
        "next": part.next,
    }


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    told = explain(reason)
    return {
        "code": reason,
        "sentence": told.sentence,
        "advice": told.advice,
        "clears_itself": told.clears_itself,
        "needs_person": told.needs_person,
    }


def _allocation(row: AllocationRow, currency: str | None) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "document_id": row.document_id,
        "invoice_number": row.invoice_number,
        "amount": amount_text(row.amount, currency),
        "status": row.status,
        "action": row.action,
        "reason": _reason(row.reason),
        "effect_state": row.effect_state,
        "target_payment_id": row.target_payment_id,
        "synced_seconds": row.synced_seconds,
        "removed": row.removed,
    }


def _decision(line: DecisionLine, currency: str | None) -> dict[str, Any]:
    return {
        "decided_at": line.decided_at,
        "action": line.action,
        "reason": _reason(line.reason),
        "verdicts": [
            {"field": one.field, "source": one.source, "target": one.target, "identical": one.identical}
            for one in line.verdicts
        ],
        "detail": line.detail,
        "current": line.current,
        "looked_at": line.looked_at,
        "seen": [
            {
                "id": one.external_id,
                "amount": amount_text(one.amount, currency),
                "paid_on": one.paid_on,
                "entered_by": one.entered_by,
            }
            for one in line.seen
        ],
    }


def _delivery(line: EffectLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "state": line.state,
        "target_invoice_id": line.target_invoice_id,
        "target_payment_id": line.target_payment_id,
        "amount": amount_text(line.amount, line.currency or None),
        "currency": line.currency,
        "paid_on": line.paid_on,
        "due_at": line.due_at,
        "delivered_at": line.delivered_at,
        "attempts": [
            {
                "number": one.number,
                "started_at": one.started_at,
                "finished_at": one.finished_at,
                "outcome": one.outcome,
                "detail": one.detail,
            }
            for one in line.attempts
        ],
    }


def _ledger(line: LedgerLine, currency: str | None) -> dict[str, Any]:
    return {
        "target_invoice_id": line.target_invoice_id,
        "target_payment_id": line.target_payment_id,
        "amount": amount_text(line.amount, currency),
        "paid_on": line.paid_on,
        "ours": line.ours,
        "created_at": line.created_at,
        "removed_at": line.removed_at,
        "looked_at": line.looked_at,
    }
