"""Gathers what is known about the invoices of a batch, in few calls for all of them. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.copying import DetailsRead
from domain.copying.afterwards import Copied
from domain.copying.billed import BilledDetail, BilledInvoice, Debtor, LedgerEntry
from domain.copying.booked import BookedInvoice, BooksRules, NamedParty, TaxMode
from domain.copying.states import CopyAction
from domain.copying.verdict import Billed, InBooks, NotChosen, debtor_of, mark_of
from models.billed_invoices import BilledInvoiceRow, copies_among
from models.books_lists import books_lists_of, keep_rules
from models.customer_links import CustomerLink, add_links, links_of, note_found
from tasks.context import Context
from tasks.copying.sides import Sides, Waits
from tasks.points import Point
from tasks.step import Lease

# A change of the books' preferences is seen after this time at the latest; asking for each batch would cost reads.
RULES_KEPT = timedelta(minutes=10)
# A name in the books may be given away or changed; it only proposes.
NAMES_KEPT = timedelta(hours=1)
# These go by lines, customers and numbers; the others by ledger entries and batches alone.
_BOOK = frozenset({CopyAction.COPY, CopyAction.UPDATE})
_NOT_ASKED = BooksRules(custom_numbers=True, home_currency=None, many_currencies=True, tax_mode=TaxMode.NONE)


@dataclass(frozen=True, slots=True)
class Facts:
    """One invoice of a batch, as both systems and we know it; its ledger entries are asked for later.

    Attributes:
        booked: our copy as the books have it now; None without one, or if it is gone.
        may_appear: the books have just told us of the copy, and may show it only in a moment.
        mark: what its copy carries in its note.
    """

    row: BilledInvoiceRow
    action: CopyAction
    invoice: BilledInvoice
    detail: BilledDetail | None
    unreadable: str
    books: InBooks
    booked: BookedInvoice | None
    mark: str
    link: CustomerLink | None = None
    may_appear: bool = False

    @property
    def is_not_shown_yet(self) -> bool:
        """Whether our copy may be there although the books do not show it."""
        return self.copied is not None and self.booked is None and self.may_appear

    @property
    def copied(self) -> Copied | None:
        return None if self.row.books_id is None else self.copied_as(self.row.books_id, self.row.books_version)

    def copied_as(self, books_id: str, version: int | None, *, ours: bool | None = None) -> Copied:
        """What we know of our copy, if it has this version."""
        row = self.row
        is_same = row.books_id == books_id
        rounded = is_same and row.rounding_of_version is not None and row.rounding_of_version != version
        elsewhere = is_same and row.copied_at is not None and row.batch_identifier is None
        return Copied(books_id, row.ours if ours is None else ours, version, rounded, self.mark, elsewhere)

    def billed(self, entries: Iterable[LedgerEntry]) -> Billed:
        return Billed(self.invoice, self.detail, tuple(entries), self.unreadable)


@dataclass(slots=True)
class _Read:
    """What the two systems have answered."""

    rules: BooksRules
    details: DetailsRead = field(default_factory=DetailsRead)
    same_number: dict[str, list[BookedInvoice]] = field(default_factory=dict)
    booked: dict[str, BookedInvoice] = field(default_factory=dict)
    customers: dict[str, NamedParty] = field(default_factory=dict)
    links: dict[str, CustomerLink] = field(default_factory=dict)


def gather(
    context: Context, lease: Lease, sides: Sides, rows: Sequence[tuple[BilledInvoiceRow, CopyAction]]
) -> dict[int, Facts] | Waits:
    """The facts about these invoices, by row. Those that the biller did not get to are missing."""
    booking = [row for row, action in rows if action in _BOOK]
    rules = _rules(context, lease, sides) if booking else _NOT_ASKED
    if isinstance(rules, Waits):
        return rules
    read = _Read(rules)
    for ask in (_ask_for_details, _ask_for_customers, _ask_for_numbers, _ask_for_copies):
        trouble = ask(context, lease, sides, rows, read)
        if trouble is not None:
            return trouble
    found = {one.external_id for ones in read.same_number.values() for one in ones}
    now = context.clock.now()
    with context.database.reading() as session:
        copies = copies_among(session, sides.organization_id, found) if found else {}
    details = {one.invoice_id: one for one in read.details.details}
    unreadable = dict(read.details.unreadable)
    facts = {}
    for row, action in rows:
        if row.external_id in read.details.unread_ids:
            continue
        invoice = row.as_record()
        link = read.links.get(debtor_of(invoice, sides.terms).external_id)
        same_number = tuple(read.same_number.get(row.number, ()))
        books = InBooks(
            rules=read.rules,
            customer=link.choice(read.customers) if link is not None else NotChosen(),
            same_number=same_number,
            claimed=frozenset(one.external_id for one in same_number if copies.get(one.external_id, row.id) != row.id),
        )
        facts[row.id] = Facts(
            row=row,
            action=action,
            invoice=invoice,
            detail=details.get(row.external_id),
            unreadable=unreadable.get(row.external_id, f"{sides.words.target}'s export does not have it"),
            books=books,
            booked=read.booked.get(row.books_id) if row.books_id is not None else None,
            mark=mark_of(row.token, row.generation),
            link=link,
            may_appear=row.books_seen_at is not None and now - context.timing.settle < row.books_seen_at <= now,
        )
    context.reached(Point.COPY_GATHERED)
    return facts


def _rules(context: Context, lease: Lease, sides: Sides) -> BooksRules | Waits:
    connection_id, now = sides.at_books.connection.id, context.clock.now()
    with context.database.reading() as session:
        lists = books_lists_of(session, connection_id)
    known = lists.known_rules if lists is not None else None
    if known is not None and lists is not None and lists.rules_read_at is not None:
        is_fresh = now - RULES_KEPT < lists.rules_read_at <= now
        if is_fresh:
            return known
    rules = sides.at_books.ask(sides.books.read_rules)
    if isinstance(rules, Waits):
        return rules
    with context.database.writing() as session:
        lease.guard(session)
        keep_rules(session, sides.organization_id, connection_id, rules, now)
    return rules


def _ask_for_details(
    _context: Context, _lease: Lease, sides: Sides, rows: Sequence[tuple[BilledInvoiceRow, CopyAction]], read: _Read
) -> Waits | None:
    ids = {row.external_id for row, action in rows if action in _BOOK and not row.unwanted}
    if not ids:
        return None
    details = sides.at_biller.ask(lambda: sides.biller.read_details(ids))
    if isinstance(details, Waits):
        return details
    read.details = details
    if details.failure is not None:
        # What was read is used; the failure counts like any other.
        waits = sides.at_biller.note_failure(details.failure)
        return None if len(details.unread_ids) < len(ids) else waits
    return None


def _ask_for_customers(
    context: Context, lease: Lease, sides: Sides, rows: Sequence[tuple[BilledInvoiceRow, CopyAction]], read: _Read
) -> Waits | None:
    debtors = {debtor_of(row.as_record(), sides.terms) for row, action in rows if action in _BOOK and not row.unwanted}
    if not debtors:
        return None
    links = _links(context, lease, sides, debtors)
    trouble = look_up_names(context, lease, sides, links)
    if trouble is not None:
        return trouble
    read.links = _links(context, lease, sides, debtors)
    ids = {link.customer_id for link in read.links.values() if link.customer_id is not None}
    if not ids:
        return None
    customers = sides.at_books.ask(lambda: sides.books.read_customers(ids))
    if isinstance(customers, Waits):
        return customers
    now, settle = context.clock.now(), context.timing.settle
    # The name is looked up just before a customer is created, and the books may show a new one only in a moment.
    read.customers = {
        link.customer_id: NamedParty(link.customer_id, link.customer)
        for link in read.links.values()
        if link.customer_id is not None and link.looked_at is not None and now - settle < link.looked_at <= now
    }
    read.customers |= {one.external_id: one for one in customers}
    return None


def _links(context: Context, lease: Lease, sides: Sides, debtors: Iterable[Debtor]) -> dict[str, CustomerLink]:
    """The links of these companies; a company that has none gets one, without a choice."""
    wanted = {one.external_id: one for one in debtors}
    with context.database.reading() as session:
        links = links_of(session, sides.organization_id, wanted)
    if links.keys() == wanted.keys():
        return links
    with context.database.writing() as session:
        lease.guard(session)
        add_links(session, sides.organization_id, [wanted[one] for one in wanted.keys() - links.keys()])
        return links_of(session, sides.organization_id, wanted)


def look_up_names(
    context: Context, lease: Lease, sides: Sides, links: Mapping[str, CustomerLink], *, again: bool = False
) -> Waits | None:
    """Looks up who in the books has the names of companies without a customer, and keeps it with their links.

    Args:
        again: also where it was looked up a moment ago.
    """
    now = context.clock.now()
    open_links = [
        link
        for link in links.values()
        if link.customer_id is None
        and (again or link.looked_at is None or not now - NAMES_KEPT < link.looked_at <= now)
    ]
    if not open_links:
        return None
    names = {link.id: link.create_as or link.company for link in open_links}
    parties = sides.at_books.ask(lambda: sides.books.find_parties(set(names.values())))
    if isinstance(parties, Waits):
        return parties
    with context.database.writing() as session:
        lease.guard(session)
        note_found(session, names, parties, now)
    return None


def _ask_for_numbers(
    _context: Context, _lease: Lease, sides: Sides, rows: Sequence[tuple[BilledInvoiceRow, CopyAction]], read: _Read
) -> Waits | None:
    numbers = {row.number for row, action in rows if action in _BOOK and not row.unwanted}
    if not numbers:
        return None
    found = sides.at_books.ask(lambda: sides.books.find_by_numbers(numbers))
    if isinstance(found, Waits):
        return found
    for one in found:
        read.same_number.setdefault(one.number, []).append(one)
    return None


def _ask_for_copies(
    _context: Context, _lease: Lease, sides: Sides, rows: Sequence[tuple[BilledInvoiceRow, CopyAction]], read: _Read
) -> Waits | None:
    ids = {row.books_id for row, _ in rows if row.books_id is not None}
    if not ids:
        return None
    copies = sides.at_books.ask(lambda: sides.books.read_booked(ids))
    if isinstance(copies, Waits):
        return copies
    read.booked = {one.external_id: one for one in copies}
    return None
