"""Creates the customers that a person asked for, before the invoices that need them. One after the other."""

from collections.abc import Mapping

import structlog

from connectors.base import FailureKind, NotSent, Paced, Refused, Throttled, Unknown
from connectors.copying import CustomerMade, NameTaken
from domain.copying.booked import NamedParty, NameOwner
from domain.reasons import Reason
from models.customer_links import CustomerLink, link_to, links_of, take_back_creation
from models.organizations import organization_by_id
from tasks.context import Context
from tasks.copying.facts import Facts, look_up_names
from tasks.copying.results import NeedsCustomer
from tasks.copying.sides import Sides, Waits
from tasks.points import Point
from tasks.step import Lease

log = structlog.get_logger()


def create_customers(
    context: Context, lease: Lease, sides: Sides, facts: Mapping[int, Facts], wanted: Mapping[int, NeedsCustomer]
) -> Waits | None:
    """Creates the customers of these rows. Their invoices stay due, and are judged again with the customer.

    Names are unique in the books, so a customer that is there by this name is the one: after a lost answer, or because
    somebody was faster.
    """
    asked: dict[int, tuple[CustomerLink, NeedsCustomer]] = {}
    for row_id, wish in wanted.items():
        link = facts[row_id].link
        if link is not None:
            asked[link.id] = (link, wish)
    if not asked:
        return None
    links = {link.company_id: link for link, _ in asked.values()}
    trouble = look_up_names(context, lease, sides, links, again=True)
    if trouble is not None:
        return trouble
    with context.database.reading() as session:
        links = links_of(session, sides.organization_id, links)
    for link_id, (link, wish) in asked.items():
        now_link = links[link.company_id]
        found = now_link.proposal
        if now_link.create_as != wish.name or now_link.customer_id is not None:
            # A person has chosen anew since the invoice was judged.
            continue
        if found is not None and found.owner is NameOwner.CUSTOMER and found.active:
            _link(context, lease, link_id, found)
        elif found is None:
            trouble = _create(context, lease, sides, now_link, wish)
            if trouble is not None:
                return trouble
        # Else somebody else has the name by now; the invoice is held with that reason when it is judged again.
    return None


def _create(context: Context, lease: Lease, sides: Sides, link: CustomerLink, wish: NeedsCustomer) -> Waits | None:
    with context.database.reading() as session:
        may_write = organization_by_id(session, sides.organization_id).may_be_written_for
    if not may_write:
        return Waits(sides.words.sentence(Reason.WRITES_STOPPED))
    request_id = f"EPS-C{link.token}-{link.generation}"
    while True:
        lease.keep()
        denied = sides.at_books.begin()
        if denied is not None:
            return denied
        if not lease.may_send():
            return None
        outcome = sides.books.create_customer(wish.name, wish.currency, request_id)
        if not sides.at_books.waited_out(outcome):
            break
    context.reached(Point.COPY_CUSTOMER_ANSWERED)
    match outcome:
        case CustomerMade(customer):
            _link(context, lease, link.id, customer)
            log.info("copy.customer_created", organization_id=sides.organization_id, link_id=link.id)
            return None
        case NameTaken(detail) | Refused(FailureKind.REFUSED | FailureKind.NOT_FOUND, detail):
            # What the books refuse once they refuse again: a person chooses anew.
            with context.database.writing() as session:
                lease.guard(session)
                take_back_creation(session, link.id)
            log.warning("copy.customer_refused", link_id=link.id, detail=detail)
            return None
        case Throttled() | Paced() | NotSent() | Unknown() | Refused():
            return sides.at_books.note_not_done(outcome) or Waits(f"{sides.words.source}: {outcome.detail}")


def _link(context: Context, lease: Lease, link_id: int, customer: NamedParty) -> None:
    with context.database.writing() as session:
        lease.guard(session)
        link_to(session, link_id, customer, context.clock.now())
    context.reached(Point.COPY_CUSTOMER_STORED)
