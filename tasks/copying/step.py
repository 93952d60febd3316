"""Copy: the Sync Tool copies the biller's closed invoices into the books, once each. The only step that writes there.

Called by: a nudge for an organization, when a person wants something done, or when something is due.
Does, in this order: puts creations in doubt whose process died; works on a batch of due invoices (*gather* -> *list
entries* -> *judge* -> *intend* -> *send* -> *record*); checks the invoices of a run for its preview; reads the books'
lists; reads a page of the biller's list; looks up the names of its new companies.
Leaves behind: invoices in the books, each in a batch of its own at the biller, and their links, so that match lets the
payments on them through; holds with a reason; previews; the list.
If it dies here: a creation that was intended is in doubt, and looked for by its number and its mark when the settle
time is over; its request id makes a second send safe meanwhile. Every other write is settled by the look with which the
work on its invoice begins.
"""

import structlog
from celery import shared_task

from domain.copying.booked import Item, TaxCode
from models.billed_invoices import abandoned_creations, due_copies, put_off
from models.billed_lists import put_off_lists
from models.books_lists import books_lists_of, keep_lists, want_lists
from models.copy_runs import put_off_runs
from models.customer_links import new_links
from tasks.context import Context, Step
from tasks.copying.checking import check_items
from tasks.copying.facts import look_up_names
from tasks.copying.listing import list_page
from tasks.copying.record import doubt_abandoned_creations
from tasks.copying.sides import AFTER_TROUBLE, Sides, Waits, sides_of
from tasks.copying.work import INVOICES_PER_BATCH, work_on
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# One question each to customers, vendors and employees.
NAMES_AT_A_TIME = 200


def copy(context: Context, organization_id: int) -> Drained:
    """Does what is due for the Sync Tool of one organization."""
    return drain(context, Step.COPY, organization_id, lambda lease: _copy_batch(context, lease))


def _copy_batch(context: Context, lease: Lease) -> bool:
    """Does one batch. True if more is waiting right now."""
    _doubt_abandoned(context, lease)
    sides = sides_of(context, lease)
    if isinstance(sides, Waits):
        log.info("copy.waits", organization_id=lease.owner_id, why=sides.why)
        return False
    with context.database.reading() as session:
        due = due_copies(session, lease.owner_id, context.clock.now(), INVOICES_PER_BATCH, only_begun=not sides.is_on)
    # Two invoices of one number one after the other: each sees what became of the other.
    rows = list({row.number: row for row in reversed(due)}.values())[::-1]
    if rows and not work_on(context, lease, sides, rows):
        return False
    if not sides.is_on:
        return bool(rows) or _wait_while_off(context, lease)
    steps = (
        check_items(context, lease, sides),
        _read_lists(context, lease, sides),
        list_page(context, lease, sides),
        _look_up_companies(context, lease, sides),
    )
    return bool(rows) or any(steps)


def _wait_while_off(context: Context, lease: Lease) -> bool:
    """Puts everything off that has not begun: the Sync Tool is switched off. False, as nothing more is to be done."""
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        put_off(session, lease.owner_id, now, now + AFTER_TROUBLE)
        put_off_runs(session, lease.owner_id, "The Sync Tool is switched off.", now + AFTER_TROUBLE)
        put_off_lists(session, lease.owner_id, now, now + AFTER_TROUBLE)
    return False


def _doubt_abandoned(context: Context, lease: Lease) -> None:
    # The holder may be alive and have lost its lease only to a clock that is ahead: any exchange that it begins ends
    # before its lease would have ended.
    with context.database.reading() as session:
        if not abandoned_creations(session, lease.owner_id, lease.fencing):
            return
    rest = max(context.timing.settle, context.timing.lease)
    with context.database.writing() as session:
        lease.guard(session)
        rows = abandoned_creations(session, lease.owner_id, lease.fencing)
        doubt_abandoned_creations(session, rows, context.clock.now() + rest)
    context.reached(Point.COPY_DOUBTED)
    log.warning("copy.abandoned_creations", organization_id=lease.owner_id, invoices=len(rows))


def _read_lists(context: Context, lease: Lease, sides: Sides) -> bool | None:
    """Reads the books' items and tax codes, if somebody wants them. None if nobody does."""
    connection_id, now = sides.at_books.connection.id, context.clock.now()
    with context.database.reading() as session:
        lists = books_lists_of(session, connection_id)
    if lists is None or lists.due_at is None or lists.due_at > now:
        return None
    read = _ask_for_lists(sides)
    with context.database.writing() as session:
        lease.guard(session)
        if isinstance(read, Waits):
            want_lists(session, sides.organization_id, connection_id, now + AFTER_TROUBLE, read.why)
        else:
            keep_lists(session, sides.organization_id, connection_id, *read, now)
    return False


def _look_up_companies(context: Context, lease: Lease, sides: Sides) -> bool:
    """Looks up the names of companies that the list has shown for the first time. True if there are more."""
    with context.database.reading() as session:
        links = new_links(session, sides.organization_id, NAMES_AT_A_TIME)
    if not links or look_up_names(context, lease, sides, links) is not None:
        return False
    return len(links) == NAMES_AT_A_TIME


def _ask_for_lists(sides: Sides) -> tuple[tuple[Item, ...], tuple[TaxCode, ...]] | Waits:
    items = sides.at_books.ask(sides.books.list_items)
    if isinstance(items, Waits):
        return items
    codes = sides.at_books.ask(sides.books.list_tax_codes)
    return codes if isinstance(codes, Waits) else (items, codes)


@shared_task(name="payments.copy")
def copy_task(organization_id: int) -> None:
    with database_may_be_away():
        copy(process_context(Step.COPY, organization_id), organization_id)
