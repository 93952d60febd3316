"""The Sync Tool's invoices as lists show them: filters, counts, sums per currency, a page of rows, and history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from domain.copying.billed import InvoiceKind
from domain.copying.reasons import CopyReason
from domain.copying.states import CopyState, ItemState
from domain.money import amount_in
from models.billed_invoices import BilledInvoiceRow
from models.copy_runs import INVOICES_PER_RUN_MAX, CopyRun, CopyRunItem
from models.customer_links import CustomerLink

PAGE_SIZE_MAX = 500


@dataclass(frozen=True, slots=True)
class CopyFilter:
    """What a list shows; whatever is empty leaves nothing out.

    Attributes:
        customer: part of the name or of the short name of who owes the invoice or of whom the work was done for.
        search: part of the number, or the whole total.
        searched_total: the total that the search is, where its writer writes amounts in another way than programs do.
    """

    states: frozenset[CopyState] = frozenset()
    kind: InvoiceKind | None = None
    customer: str = ""
    location: str = ""
    since: date | None = None
    until: date | None = None
    search: str = ""
    searched_total: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SumOf:
    """How many invoices of one currency, and what they come to."""

    currency: str | None
    count: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class CopyPage:
    """Some rows, the newest date first; `next_after` is the id that asks for the next page, None on the last one."""

    rows: tuple[BilledInvoiceRow, ...]
    next_after: int | None


def list_copies(
    session: Session, organization_id: int, chosen: CopyFilter, *, limit: int = 100, after: int | None = None
) -> CopyPage:
    """A page of the invoices, the latest date first.

    Args:
        after: the id of the last row of the page before.
    """
    limit = max(1, min(limit, PAGE_SIZE_MAX))
    statement = select(BilledInvoiceRow).where(*_conditions(organization_id, chosen))
    if after is not None:
        statement = statement.where(_comes_after(organization_id, after))
    # The databases do not agree on where rows without a date go.
    order = (BilledInvoiceRow.issued_on.desc().nulls_last(), BilledInvoiceRow.id.desc())
    found = session.scalars(statement.order_by(*order).limit(limit + 1)).all()
    shown = tuple(found[:limit])
    return CopyPage(shown, shown[-1].id if len(found) > limit else None)


def _comes_after(organization_id: int, row_id: int) -> ColumnElement[bool]:
    of_row = and_(BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.id == row_id)
    place = select(BilledInvoiceRow.issued_on).where(of_row).scalar_subquery()
    same_day = and_(
        or_(BilledInvoiceRow.issued_on == place, and_(BilledInvoiceRow.issued_on.is_(None), place.is_(None))),
        BilledInvoiceRow.id < row_id,
    )
    undated = and_(BilledInvoiceRow.issued_on.is_(None), place.is_not(None))
    return or_(BilledInvoiceRow.issued_on < place, same_day, undated)


def ids_of_copies(session: Session, organization_id: int, chosen: CopyFilter, limit: int) -> Sequence[int]:
    """The ids of all invoices that the filter shows, the oldest first."""
    statement = select(BilledInvoiceRow.id).where(*_conditions(organization_id, chosen))
    order = (BilledInvoiceRow.issued_on, BilledInvoiceRow.id)
    return session.scalars(statement.order_by(*order).limit(limit)).all()


def sums_of_copies(session: Session, organization_id: int, chosen: CopyFilter) -> tuple[SumOf, ...]:
    """Count and sum of what the filter shows, for each currency."""
    statement = (
        select(BilledInvoiceRow.currency, func.count(), func.sum(BilledInvoiceRow.total))
        .where(*_conditions(organization_id, chosen))
        .group_by(BilledInvoiceRow.currency)
        .order_by(func.count().desc())
    )
    return tuple(SumOf(currency, count, total) for currency, count, total in session.execute(statement))


def counts_of_copies(session: Session, organization_id: int) -> dict[CopyState, int]:
    """How many invoices are in each state; includes every state, even at zero."""
    statement = (
        select(BilledInvoiceRow.state, func.count())
        .where(BilledInvoiceRow.organization_id == organization_id)
        .group_by(BilledInvoiceRow.state)
    )
    counts = {CopyState(state): count for state, count in session.execute(statement)}
    return {state: counts.get(state, 0) for state in CopyState}


def locations_of_copies(session: Session, organization_id: int) -> Sequence[str]:
    """The names of the biller's locations, for a filter."""
    statement = (
        select(BilledInvoiceRow.location)
        .where(BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.location != "")
        .distinct()
        .order_by(BilledInvoiceRow.location)
    )
    return session.scalars(statement).all()


def _conditions(organization_id: int, chosen: CopyFilter) -> list[ColumnElement[bool]]:
    row = BilledInvoiceRow
    conditions = [row.organization_id == organization_id]
    if chosen.states:
        conditions.append(row.state.in_(sorted(state.value for state in chosen.states)))
    if chosen.kind is not None:
        conditions.append(row.kind == chosen.kind.value)
    if chosen.location:
        conditions.append(row.location == chosen.location)
    if chosen.reason:
        conditions.append(row.reason == chosen.reason)
    if chosen.since is not None:
        conditions.append(row.issued_on >= chosen.since)
    if chosen.until is not None:
        conditions.append(row.issued_on <= chosen.until)
    if chosen.customer.strip():
        conditions.append(_is_about(chosen.customer))
    if chosen.search.strip():
        total = amount_in(chosen.search) if chosen.searched_total is None else chosen.searched_total
        number = _contains(row.number, chosen.search)
        conditions.append(or_(number, row.total == total) if total is not None else number)
    return conditions


def _is_about(customer: str) -> ColumnElement[bool]:
    row = BilledInvoiceRow
    owes = or_(_contains(row.bill_to, customer), _contains(row.bill_to_identifier, customer))
    worked_for = or_(_contains(row.company, customer), _contains(row.company_identifier, customer))
    # Mostly they are the same, and reading names is what takes the time.
    return or_(owes, and_(row.company_id != row.bill_to_id, worked_for))


def _contains(column: ColumnElement[str] | object, part: str) -> ColumnElement[bool]:
    return func.lower(column).contains(part.strip().lower(), autoescape=True)


# --- runs ---


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One invoice of a run, with the invoice as it is now."""

    item: CopyRunItem
    invoice: BilledInvoiceRow


def list_items(
    session: Session,
    run_id: int,
    *,
    states: Collection[ItemState] = (),
    limit: int = 100,
    after: int | None = None,
) -> tuple[ItemRow, ...]:
    """The invoices of a run in their order. The run is checked to be the organization's before."""
    statement = (
        select(CopyRunItem, BilledInvoiceRow)
        .join(BilledInvoiceRow, BilledInvoiceRow.id == CopyRunItem.billed_invoice_id)
        .where(CopyRunItem.run_id == run_id)
    )
    if states:
        statement = statement.where(CopyRunItem.state.in_(sorted(state.value for state in states)))
    if after is not None:
        statement = statement.where(CopyRunItem.id > after)
    found = session.execute(statement.order_by(CopyRunItem.id).limit(max(1, min(limit, INVOICES_PER_RUN_MAX))))
    return tuple(ItemRow(item, invoice) for item, invoice in found)


def sums_of_run(session: Session, run_id: int, states: Collection[ItemState]) -> tuple[SumOf, ...]:
    """Count and sum of the run's invoices in these states, for each currency."""
    statement = (
        select(BilledInvoiceRow.currency, func.count(), func.sum(BilledInvoiceRow.total))
        .join(CopyRunItem, BilledInvoiceRow.id == CopyRunItem.billed_invoice_id)
        .where(CopyRunItem.run_id == run_id, CopyRunItem.state.in_(sorted(state.value for state in states)))
        .group_by(BilledInvoiceRow.currency)
        .order_by(func.count().desc())
    )
    return tuple(SumOf(currency, count, total) for currency, count, total in session.execute(statement))


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """A reason that invoices of a run have, and how many of them."""

    reason: CopyReason
    count: int


def reasons_of_run(session: Session, run_id: int) -> tuple[ReasonCount, ...]:
    """Why invoices of the run are problems or held, the most frequent reason first."""
    states = [ItemState.PROBLEM.value, ItemState.HELD.value]
    statement = (
        select(CopyRunItem.reason, func.count())
        .where(CopyRunItem.run_id == run_id, CopyRunItem.state.in_(states), CopyRunItem.reason.is_not(None))
        .group_by(CopyRunItem.reason)
        .order_by(func.count().desc(), CopyRunItem.reason)
    )
    found = session.execute(statement)
    return tuple(ReasonCount(CopyReason(reason), count) for reason, count in found if reason is not None)


def runs_of_invoice(session: Session, organization_id: int, row_id: int) -> Sequence[tuple[CopyRun, CopyRunItem]]:
    """Every run that an invoice was in, the newest first."""
    statement = (
        select(CopyRun, CopyRunItem)
        .join(CopyRunItem, CopyRunItem.run_id == CopyRun.id)
        .where(CopyRun.organization_id == organization_id, CopyRunItem.billed_invoice_id == row_id)
        .order_by(CopyRun.id.desc())
    )
    return [(run, item) for run, item in session.execute(statement)]


# --- customers ---


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """How many companies have a customer, and how many wait for a choice."""

    chosen: int
    open: int


@dataclass(frozen=True, slots=True)
class LinkPage:
    """Some companies by name; `next_after` is the id that asks for the next page, None on the last one."""

    links: tuple[CustomerLink, ...]
    next_after: int | None


def list_links(
    session: Session,
    organization_id: int,
    *,
    chosen: bool | None = None,
    search: str = "",
    limit: int = 50,
    after: int | None = None,
) -> LinkPage:
    """Companies and their customers, by name.

    Args:
        chosen: only those with a choice, or only those without; None shows all.
        search: part of the company's name or short name, or of the customer's.
        after: the id of the last company of the page before.
    """
    row = CustomerLink
    statement = select(row).where(row.organization_id == organization_id)
    if chosen is not None:
        statement = statement.where(_is_chosen() if chosen else ~_is_chosen())
    if search.strip():
        names = (row.company, row.identifier, row.customer, row.create_as)
        statement = statement.where(or_(*(_contains(name, search) for name in names)))
    if after is not None:
        name = select(row.company).where(row.organization_id == organization_id, row.id == after).scalar_subquery()
        statement = statement.where(or_(row.company > name, and_(row.company == name, row.id > after)))
    limit = max(1, min(limit, PAGE_SIZE_MAX))
    found = session.scalars(statement.order_by(row.company, row.id).limit(limit + 1)).all()
    shown = tuple(found[:limit])
    return LinkPage(shown, shown[-1].id if len(found) > limit else None)


def counts_of_links(session: Session, organization_id: int) -> LinkCounts:
    statement = (
        select(_is_chosen(), func.count()).where(CustomerLink.organization_id == organization_id).group_by(_is_chosen())
    )
    counts = {bool(is_chosen): count for is_chosen, count in session.execute(statement)}
    return LinkCounts(chosen=counts.get(True, 0), open=counts.get(False, 0))


def _is_chosen() -> ColumnElement[bool]:
    return or_(CustomerLink.customer_id.is_not(None), CustomerLink.create_as.is_not(None))
