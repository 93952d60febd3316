"""Lists the biller's closed invoices that no batch holds, a page at a time."""

from datetime import timedelta

import structlog

from domain.copying.states import CopyAction
from domain.copying.verdict import debtor_of
from models.billed_invoices import note_not_listed, store_listed, to_copy_by_itself
from models.billed_lists import billed_list_of
from models.copy_runs import AUTOMATICALLY, add_items, add_run
from models.customer_links import add_links
from tasks.context import Context
from tasks.copying.sides import AFTER_TROUBLE, Sides, Waits
from tasks.points import Point
from tasks.step import Lease

log = structlog.get_logger()

# How often to look for new invoices by ourselves where they are copied automatically; else a person asks.
AUTOMATIC_DISTANCE = timedelta(minutes=15)
# A list with more unreadable records than this is a matter for the operator; the rest is only counted.
_UNREADABLE_MAX = 200
# More at once would make one run that nobody can look through.
AUTOMATIC_MAX = 500


def list_page(context: Context, lease: Lease, sides: Sides) -> bool | None:
    """Reads and stores the next page, if one is wanted. True if there is another one right away; None if none is."""
    connection_id = sides.at_biller.connection.id
    with context.database.reading() as session:
        wanted = billed_list_of(session, connection_id)
    if wanted is None or wanted.due_at is None or wanted.due_at > context.clock.now():
        return None
    page = sides.at_biller.ask(lambda: sides.biller.list_unposted(wanted.after))
    context.reached(Point.COPY_LISTED)
    now = context.clock.now()
    is_more = not isinstance(page, Waits) and page.next_after is not None
    with context.database.writing() as session:
        lease.guard(session)
        current = billed_list_of(session, connection_id)
        assert current is not None
        if isinstance(page, Waits):
            current.failure, current.due_at = page.why, now + AFTER_TROUBLE
            return False
        if current.after is None:
            current.number, current.started_at = current.number + 1, now
            current.listed, current.unreadable = 0, []
        add_links(session, sides.organization_id, [debtor_of(one, sides.terms) for one in page.invoices])
        store_listed(session, sides.organization_id, connection_id, current.number, page.invoices, now)
        current.listed += len(page.invoices) + len(page.unreadable)
        # A new value: the column does not see that a list has grown.
        current.unreadable = [*current.unreadable, *map(list, page.unreadable)][:_UNREADABLE_MAX]
        current.after, current.failure = page.next_after, ""
        if page.next_after is None:
            note_not_listed(session, connection_id, current.number)
            current.finished_at = now
            current.due_at = now + AUTOMATIC_DISTANCE if sides.terms.automatic else None
            if sides.terms.automatic:
                ids = to_copy_by_itself(session, sides.organization_id, sides.terms.start_on, AUTOMATIC_MAX)
                if ids:
                    run = add_run(
                        session, sides.organization_id, CopyAction.COPY, AUTOMATICALLY, now, confirmed_beforehand=True
                    )
                    add_items(session, run, ids)
                    is_more = True
    context.reached(Point.COPY_LIST_STORED)
    log.info("copy.listed", organization_id=sides.organization_id, invoices=len(page.invoices))
    return is_more
