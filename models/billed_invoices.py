"""The biller's closed invoices as they were last listed, and what became of each on its way into the books.

One row for each invoice, for good: whatever is copied, marked or taken back is told by its state. A row in a state of
`AT_WORK` belongs to the worker that holds the organization's lane; everybody else leaves it alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from secrets import token_hex
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.copying.billed import BilledInvoice, Debtor, InvoiceKind
from domain.copying.reasons import CopyReason
from domain.copying.states import AT_WORK, MAY_BE_IN_BOOKS, CopyAction, CopyState
from models.base import AT, Base, BigId, ExactAmount, UtcTime, insert_new

NAME_CHARACTERS_MAX = 200
NUMBER_CHARACTERS_MAX = 50
_AT_WORK = [state.value for state in AT_WORK]


class BilledInvoiceRow(Base):
    __tablename__ = "billed_invoice"
    __table_args__ = (
        UniqueConstraint("connection_id", "external_id"),
        Index("ix_billed_invoice_list", "organization_id", "state", "issued_on", "id"),
        Index("ix_billed_invoice_due_at", "due_at", "organization_id"),
        # Counts, sums and filters of the list come from these alone.
        Index("ix_billed_invoice_sums", "organization_id", "state", "currency", "total"),
        Index("ix_billed_invoice_location", "organization_id", "location"),
        # An invoice of the books is the copy of one of the biller's.
        UniqueConstraint("organization_id", "books_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # The biller's connection.
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    number: Mapped[str] = mapped_column(String(NUMBER_CHARACTERS_MAX))
    kind: Mapped[str] = mapped_column(String(20))
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    subtotal: Mapped[Decimal] = mapped_column(ExactAmount)
    tax: Mapped[Decimal] = mapped_column(ExactAmount)
    total: Mapped[Decimal] = mapped_column(ExactAmount)
    company_id: Mapped[str] = mapped_column(String(50))
    company_identifier: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    company: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    bill_to_id: Mapped[str] = mapped_column(String(50))
    bill_to_identifier: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    bill_to: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    location_id: Mapped[str] = mapped_column(String(50), default="")
    location: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # The number of the listing that last showed it (`models/billed_lists.py`).
    listing: Mapped[int] = mapped_column(default=0)
    listed_at: Mapped[datetime] = mapped_column(UtcTime)

    state: Mapped[str] = mapped_column(String(20), default=CopyState.AVAILABLE.value)
    action: Mapped[str | None] = mapped_column(String(20))
    # To which state it returns if a copy or a mark cannot be undone or changed.
    state_before: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text, default="")
    # Part of what must not be taken for another invoice's, in any database: request ids, marks, batches.
    token: Mapped[str] = mapped_column(String(16))
    # Grows when a copy is surely gone: a new one is asked for under a new request id.
    generation: Mapped[int] = mapped_column(default=1)
    # How often a creation may have reached the books: of this generation, and since a person asked for it last.
    sent: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    # When a worker goes on with it. While a creation is on the wire: when the lease of its worker would be over.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # The lease under which a creation was begun.
    fencing: Mapped[int | None] = mapped_column(BigId)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("copy_run.id"))

    # The copy in the books, as we left it.
    books_id: Mapped[str | None] = mapped_column(String(50))
    books_version: Mapped[int | None]
    # When the books last told us of it.
    books_seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    books_total: Mapped[Decimal | None] = mapped_column(ExactAmount)
    books_tax: Mapped[Decimal | None] = mapped_column(ExactAmount)
    # False for an invoice that was in the books before: never changed, never deleted.
    ours: Mapped[bool] = mapped_column(default=False)
    # The versions of the copy that our rounding line and our update were sent for: the version that is there now tells
    # whether they have arrived.
    rounding_of_version: Mapped[int | None]
    update_of_version: Mapped[int | None]
    # The copy must not stay in the books; the reason says why.
    unwanted: Mapped[bool] = mapped_column(default=False)
    batch_identifier: Mapped[str | None] = mapped_column(String(50))
    # Grows when the invoice was taken out of a batch of ours: that batch may still be there, with its name.
    batches: Mapped[int] = mapped_column(default=1)
    copied_at: Mapped[datetime | None] = mapped_column(UtcTime)

    def as_record(self) -> BilledInvoice:
        return BilledInvoice(
            external_id=self.external_id,
            number=self.number,
            kind=InvoiceKind(self.kind),
            issued_on=self.issued_on,
            due_on=self.due_on,
            currency=self.currency,
            subtotal=self.subtotal,
            tax=self.tax,
            total=self.total,
            company=Debtor(self.company_id, self.company_identifier, self.company),
            bill_to=Debtor(self.bill_to_id, self.bill_to_identifier, self.bill_to),
            location_id=self.location_id,
            location=self.location,
            closed_at=self.closed_at,
        )


def billed_by_id(session: Session, organization_id: int, row_ids: Collection[int]) -> Sequence[BilledInvoiceRow]:
    """The organization's rows among these, in the order of their ids."""
    return session.scalars(_with_ids(), {"of_organization": organization_id, "ids": list(row_ids)}).all()


@cache
def _with_ids() -> Select[BilledInvoiceRow]:
    row = BilledInvoiceRow
    is_one = row.id.in_(bindparam("ids", expanding=True))
    return select(row).where(row.organization_id == bindparam("of_organization"), is_one).order_by(row.id)


def billed_with_number(session: Session, organization_id: int, numbers: Collection[str]) -> Sequence[BilledInvoiceRow]:
    statement = (
        select(BilledInvoiceRow)
        .where(BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.number.in_(numbers))
        .order_by(BilledInvoiceRow.id)
    )
    return session.scalars(statement).all()


def due_copies(
    session: Session, organization_id: int, now: datetime, limit: int, *, only_begun: bool = False
) -> Sequence[BilledInvoiceRow]:
    """Invoices with something to do now, those with something in the books first, then the oldest.

    Args:
        only_begun: only those that would be left half done.
    """
    asked = {"of_organization": organization_id, "at": now, "at_most": limit}
    return session.scalars(_due(only_begun=only_begun), asked).all()


# Statements that every turn of the Sync Tool sends are made once.
@cache
def _due(*, only_begun: bool) -> Select[BilledInvoiceRow]:
    row = BilledInvoiceRow
    half_done = or_(
        and_(row.action == CopyAction.COPY.value, or_(row.books_id.is_not(None), row.sent > 0)),
        and_(row.action == CopyAction.TAKE_BACK.value, row.books_id.is_(None)),
        row.update_of_version.is_not(None),
        row.unwanted.is_(True),
    )
    return (
        select(row)
        .where(row.organization_id == bindparam("of_organization"), row.due_at <= AT)
        .where(row.state != CopyState.CREATING.value, half_done if only_begun else true())
        .order_by(row.books_id.is_(None), row.due_at, row.id)
        .limit(bindparam("at_most", type_=Integer))
    )


def abandoned_creations(session: Session, organization_id: int, fencing: int) -> Sequence[BilledInvoiceRow]:
    """Creations that were begun under a lease that is over."""
    return session.scalars(_abandoned(), {"of_organization": organization_id, "of_lease": fencing}).all()


@cache
def _abandoned() -> Select[BilledInvoiceRow]:
    row = BilledInvoiceRow
    is_over = or_(row.fencing.is_(None), row.fencing != bindparam("of_lease"))
    is_one = row.organization_id == bindparam("of_organization"), row.state == CopyState.CREATING.value
    return select(row).where(*is_one, is_over).order_by(row.id)


def organizations_with_due_copies() -> Select[int]:
    return select(BilledInvoiceRow.organization_id).where(BilledInvoiceRow.due_at <= AT).distinct()


def copies_under_way(session: Session, organization_id: int) -> int:
    """How many creations may reach the books at this moment, or may have reached them."""
    states = [state.value for state in MAY_BE_IN_BOOKS]
    statement = select(func.count()).where(
        BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.state.in_(states)
    )
    return session.scalar(statement) or 0


def copies_among(session: Session, organization_id: int, books_ids: Collection[str]) -> dict[str, int]:
    """Those of the books' invoices that are copies of ours already: the row of each, by the books' id."""
    statement = select(BilledInvoiceRow.books_id, BilledInvoiceRow.id).where(
        BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.books_id.in_(books_ids)
    )
    return {books_id: row_id for books_id, row_id in session.execute(statement) if books_id is not None}


def put_off(session: Session, organization_id: int, now: datetime, until: datetime) -> None:
    """Nothing of this organization is due before then; what has been sent keeps its own time."""
    session.execute(
        update(BilledInvoiceRow)
        .where(BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.due_at <= now)
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def enqueue(rows: Iterable[BilledInvoiceRow], action: CopyAction, run_id: int | None, now: datetime) -> None:
    """Asks the worker for this action on each of the rows, now."""
    for row in rows:
        if row.state != CopyState.HELD.value:
            row.state_before = row.state
        row.state, row.action, row.run_id = CopyState.QUEUED.value, action.value, run_id
        row.reason, row.detail, row.attempts, row.due_at = None, "", 0, now
        row.update_of_version = None


def hold_available(
    rows: Iterable[BilledInvoiceRow], action: CopyAction, reasons: Mapping[int, tuple[str | None, str]]
) -> None:
    """Holds those of the rows about which nobody has asked for anything, with the reason of each and its detail."""
    for row in rows:
        if row.state == CopyState.AVAILABLE.value:
            row.state, row.state_before, row.action = CopyState.HELD.value, row.state, action.value
            row.reason, row.detail = reasons[row.id]


# --- the list ---


def store_listed(
    session: Session,
    organization_id: int,
    connection_id: int,
    listing: int,
    invoices: Sequence[BilledInvoice],
    now: datetime,
) -> None:
    """Keeps a page of the list: adds what is new, and brings the rest up to date.

    A copy of ours that is listed again was taken out of its batch at the biller.
    """
    values = [_values(invoice, listing, now) for invoice in invoices]
    ids = {one["external_id"] for one in values}
    statement = select(BilledInvoiceRow).where(
        BilledInvoiceRow.connection_id == connection_id, BilledInvoiceRow.external_id.in_(ids)
    )
    known = {row.external_id: row for row in session.scalars(statement)}
    fresh = []
    for one in values:
        row = known.get(one["external_id"])
        if row is None:
            owner = {"organization_id": organization_id, "connection_id": connection_id}
            fresh.append({**one, **owner, "state": CopyState.AVAILABLE.value, "detail": "", "generation": 1})
            continue
        if row.state not in _AT_WORK:
            _listed_again(row)
        # Of what a worker is at work on, only that it was listed: it goes on by what it began with, and finds out
        # itself that the invoice has changed.
        known_names = _OF_LISTING if row.state in _AT_WORK else one
        for name in known_names:
            value = one[name]
            if getattr(row, name) != value:
                setattr(row, name, value)
    insert_new(session, BilledInvoiceRow, [{**_NEW, **one, "token": token_hex(6)} for one in fresh])


_OF_LISTING = ("listing", "listed_at")
_NEW: dict[str, Any] = {"sent": 0, "attempts": 0, "ours": False, "unwanted": False, "batches": 1}


def _listed_again(row: BilledInvoiceRow) -> None:
    if row.state in (CopyState.COPIED.value, CopyState.PRESENT.value):
        row.batches += 1
    if row.state == CopyState.COPIED.value:
        row.state, row.reason = CopyState.CHANGED.value, CopyReason.CHANGED_AFTER_COPY.value
    elif row.state in (CopyState.PRESENT.value, CopyState.ELSEWHERE.value):
        row.state, row.reason, row.detail, row.batch_identifier = CopyState.AVAILABLE.value, None, "", None


def _values(invoice: BilledInvoice, listing: int, now: datetime) -> dict[str, Any]:
    return {
        "external_id": invoice.external_id,
        "number": invoice.number[:NUMBER_CHARACTERS_MAX],
        "kind": invoice.kind.value,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "currency": invoice.currency,
        "subtotal": invoice.subtotal,
        "tax": invoice.tax,
        "total": invoice.total,
        "company_id": invoice.company.external_id,
        "company_identifier": invoice.company.identifier[:NAME_CHARACTERS_MAX],
        "company": invoice.company.name[:NAME_CHARACTERS_MAX],
        "bill_to_id": invoice.bill_to.external_id,
        "bill_to_identifier": invoice.bill_to.identifier[:NAME_CHARACTERS_MAX],
        "bill_to": invoice.bill_to.name[:NAME_CHARACTERS_MAX],
        "location_id": invoice.location_id,
        "location": invoice.location[:NAME_CHARACTERS_MAX],
        "closed_at": invoice.closed_at,
        "listing": listing,
        "listed_at": now,
    }


def note_not_listed(session: Session, connection_id: int, listing: int) -> None:
    """What a whole listing did not show, and we did nothing about, was batched or opened again by others."""
    untouched = and_(
        BilledInvoiceRow.state.in_([CopyState.AVAILABLE.value, CopyState.HELD.value]),
        BilledInvoiceRow.books_id.is_(None),
    )
    session.execute(
        update(BilledInvoiceRow)
        .where(BilledInvoiceRow.connection_id == connection_id, BilledInvoiceRow.listing < listing, untouched)
        .values(state=CopyState.ELSEWHERE.value, action=None, reason=None, detail="", due_at=None)
    )


def to_copy_by_itself(session: Session, organization_id: int, start_on: date | None, limit: int) -> Sequence[int]:
    """What waits for a copy and was never tried, the oldest first."""
    statement = select(BilledInvoiceRow.id).where(
        BilledInvoiceRow.organization_id == organization_id, BilledInvoiceRow.state == CopyState.AVAILABLE.value
    )
    if start_on is not None:
        statement = statement.where(BilledInvoiceRow.issued_on >= start_on)
    return session.scalars(statement.order_by(BilledInvoiceRow.issued_on, BilledInvoiceRow.id).limit(limit)).all()
