"""Works out what a run would do, invoice by invoice, before anything is written. The preview is its result."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.base import Failure
from domain.copying.afterwards import ChangeInvoice, DeleteInvoice, RemoveBatch, judge_taking_back, judge_update
from domain.copying.billed import LedgerEntry
from domain.copying.booked import DraftInvoice
from domain.copying.drafting import total_of
from domain.copying.reasons import CopyReason
from domain.copying.states import ALLOWED, CopyAction, ItemState
from domain.copying.verdict import CreateCustomer, CreateInvoice, HoldCopy, Linked, TakeAsCopy, judge_copy
from domain.money import plain_amount
from models.billed_invoices import BilledInvoiceRow
from models.copy_runs import Checked, CopyRunItem, checked_run, end_check, items_to_check, store_checked
from tasks.context import Context
from tasks.copying.decisions import UNREADABLE_BECAUSE
from tasks.copying.facts import Facts, gather
from tasks.copying.sides import AFTER_TROUBLE, Sides, Waits
from tasks.points import Point
from tasks.step import Lease

ITEMS_PER_BATCH = 50


def check_items(context: Context, lease: Lease, sides: Sides) -> bool | None:
    """Checks the next invoices of the oldest run. True if there are more right now; None if no run is being checked."""
    with context.database.reading() as session:
        run, items = items_to_check(session, sides.organization_id, context.clock.now(), ITEMS_PER_BATCH)
    if run is None:
        return None
    action, now = CopyAction(run.action), context.clock.now()
    checked = _check(context, lease, sides, action, items) if items else []
    with context.database.writing() as session:
        lease.guard(session)
        current = checked_run(session, run)
        if current is None:
            return True
        if isinstance(checked, Waits):
            current.waits_for = checked.why
            current.due_at = now if checked.is_paused else now + AFTER_TROUBLE
            return False
        store_checked(session, checked)
        current.waits_for = ""
        if len(items) < ITEMS_PER_BATCH and len(checked) == len(items):
            end_check(session, current, now)
    context.reached(Point.COPY_PREVIEWED)
    return True


def _check(
    context: Context,
    lease: Lease,
    sides: Sides,
    action: CopyAction,
    items: Sequence[tuple[CopyRunItem, BilledInvoiceRow]],
) -> list[Checked] | Waits:
    allowed = {state.value for state in ALLOWED[action]}
    checked = [
        Checked(item.id, ItemState.PROBLEM, CopyReason.CHANGED_MEANWHILE)
        for item, row in items
        if row.state not in allowed
    ]
    fitting = [(item, row) for item, row in items if row.state in allowed]
    if action in (CopyAction.MARK, CopyAction.LEAVE):
        # A batch, and nothing in the books: there is nothing to work out.
        return [*checked, *(_marking(item.id, action, row) for item, row in fitting)]
    facts = gather(context, lease, sides, [(row, action) for _, row in fitting])
    if isinstance(facts, Waits):
        return facts
    for item, row in fitting:
        if row.id not in facts:
            continue
        one = _checked(sides, item.id, action, facts[row.id])
        if isinstance(one, Waits):
            return one
        checked.append(one)
    return checked


def _marking(item_id: int, action: CopyAction, row: BilledInvoiceRow) -> Checked:
    if action is CopyAction.LEAVE and row.books_id is None:
        return Checked(item_id, ItemState.PROBLEM, CopyReason.GONE_FROM_BOOKS)
    return Checked(item_id, ItemState.READY)


def _checked(sides: Sides, item_id: int, action: CopyAction, facts: Facts) -> Checked | Waits:
    if action is CopyAction.TAKE_BACK:
        return _taking_back(item_id, facts)
    entries = _entries(sides, facts)
    if isinstance(entries, Waits):
        return entries
    if isinstance(entries, Failure):
        return Checked(item_id, ItemState.PROBLEM, UNREADABLE_BECAUSE[entries.kind], entries.detail)
    if action is CopyAction.UPDATE:
        return _updating(sides, item_id, facts, entries)
    return _copying(sides, item_id, facts, entries)


def _entries(sides: Sides, facts: Facts) -> tuple[LedgerEntry, ...] | Failure | Waits:
    """The export has only what is in no batch, so its ids stand for the list; without it, the list says why."""
    if facts.detail is not None and facts.detail.entry_ids:
        total = facts.detail.total
        return tuple(LedgerEntry(one, total, batched=False) for one in sorted(facts.detail.entry_ids))
    return sides.at_biller.ask_about_one(lambda: sides.biller.list_entries(facts.row.external_id))


def _copying(sides: Sides, item_id: int, facts: Facts, entries: tuple[LedgerEntry, ...]) -> Checked:
    if facts.copied is not None:
        # It is in the books already, and only the rest is left to do.
        return Checked(item_id, ItemState.READY, preview={"goes_on": facts.copied.external_id})
    match judge_copy(facts.billed(entries), facts.books, sides.terms, facts.mark):
        case CreateInvoice(draft):
            return Checked(item_id, ItemState.READY, preview=_preview(facts, draft))
        case CreateCustomer(name, _, draft):
            return Checked(item_id, ItemState.READY, preview={**_preview(facts, draft), "creates_customer": name})
        case TakeAsCopy(booked, _):
            return Checked(
                item_id,
                ItemState.READY,
                preview={"adopts": booked.external_id, "total": plain_amount(booked.total, facts.invoice.currency)},
            )
        case HoldCopy(reason, detail):
            return Checked(item_id, ItemState.PROBLEM, reason, detail)


def _updating(sides: Sides, item_id: int, facts: Facts, entries: tuple[LedgerEntry, ...]) -> Checked:
    if facts.copied is None:
        return Checked(item_id, ItemState.PROBLEM, CopyReason.GONE_FROM_BOOKS)
    match judge_update(facts.billed(entries), facts.booked, facts.books, sides.terms, facts.copied):
        case ChangeInvoice(booked, draft):
            return Checked(
                item_id,
                ItemState.READY,
                preview={**_preview(facts, draft), "from": plain_amount(booked.total, facts.invoice.currency)},
            )
        case HoldCopy(reason, detail):
            return Checked(item_id, ItemState.PROBLEM, reason, detail)


def _taking_back(item_id: int, facts: Facts) -> Checked:
    if facts.is_not_shown_yet:
        return _deleting(item_id, facts, facts.row.books_id, facts.row.books_total)
    match judge_taking_back(facts.copied, facts.booked):
        case DeleteInvoice(booked):
            return _deleting(item_id, facts, booked.external_id, booked.total)
        case RemoveBatch():
            return Checked(item_id, ItemState.READY, preview={"removes_batch": True})
        case HoldCopy(reason, detail):
            return Checked(item_id, ItemState.PROBLEM, reason, detail)


def _deleting(item_id: int, facts: Facts, books_id: str | None, total: Decimal | None) -> Checked:
    written = plain_amount(total, facts.invoice.currency) if total is not None else None
    return Checked(item_id, ItemState.READY, preview={"deletes": books_id, "total": written})


def _preview(facts: Facts, draft: DraftInvoice) -> dict[str, Any]:
    customer = facts.books.customer
    name = customer.customer.name if isinstance(customer, Linked) and customer.customer is not None else ""
    return {
        "customer": name,
        "currency": draft.currency,
        "date": draft.issued_on.isoformat(),
        "due": draft.due_on.isoformat() if draft.due_on is not None else None,
        "lines": [
            {
                "item": line.item_id,
                "description": line.description,
                "amount": plain_amount(line.amount, draft.currency),
                "tax_code": line.tax_code_id,
            }
            for line in draft.lines
        ],
        "tax": plain_amount(draft.tax, draft.currency) if draft.tax is not None else None,
        "total": plain_amount(total_of(draft), draft.currency),
        "billed": plain_amount(facts.invoice.total, draft.currency),
    }
