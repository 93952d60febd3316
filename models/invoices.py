"""Invoices: the platform's own records, and the last picture of the source's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    Update,
    and_,
    bindparam,
    delete,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ingest.deletions import Standing, is_a_later_look, replaces
from domain.money import AMOUNT_MAX, is_storable
from domain.preferences import InvoiceOrigin
from domain.push.effect import OPEN_ON_THE_WIRE, REPLACEABLE, Doubt
from domain.records import SourceInvoice
from models.base import AT, Base, BigId, ExactAmount, UtcTime, one_of
from models.connections import Connection, Role
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation

# Stands for an amount that cannot be kept exactly. No invoice has it as its total, so match holds payments on this one;
# some invoices do have a total of zero.
AMOUNT_NOT_KEPT = 1 - AMOUNT_MAX
_NUMBER_CHARACTERS_MAX, _CUSTOMER_CHARACTERS_MAX = 50, 500
# Of the platform's own record of an invoice.
CUSTOMER_CHARACTERS_MAX = 200


class Invoice(Base):
    """An invoice as the platform knows it, with its origin and its two outside ids."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("organization_id", "source_id"),
        Index("ix_invoice_organization_id_number", "organization_id", "number"),
        Index("ix_invoice_organization_id_target_id", "organization_id", "target_id"),
        # Lists in another order, and lists and counts of one outcome.
        Index("ix_invoice_organization_id_id", "organization_id", "id"),
        Index("ix_invoice_organization_id_customer", "organization_id", "customer", "id"),
        Index("ix_invoice_organization_id_total", "organization_id", "total", "id"),
        Index("ix_invoice_organization_id_compared_as", "organization_id", "compared_as", "number", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    number: Mapped[str] = mapped_column(String(50))
    origin: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[str | None] = mapped_column(String(50))
    target_id: Mapped[str | None] = mapped_column(String(50))
    # We found the target's id ourselves, by the number; an imported id is the partner's word.
    link_learned: Mapped[bool] = mapped_column(default=False)
    total: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str] = mapped_column(String(3))
    customer: Mapped[str] = mapped_column(String(CUSTOMER_CHARACTERS_MAX))
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    # The outcome when both systems were last read (`models/comparisons.py`); "" before the first time.
    compared_as: Mapped[str] = mapped_column(String(10), default="")
    # By how much the source's balance was above the target's.
    difference: Mapped[Decimal | None] = mapped_column(ExactAmount)
    compared_at: Mapped[datetime | None] = mapped_column(UtcTime)

    def link(self, source_id: str, target_id: str, now: datetime) -> bool:
        """Stores the two outside ids once the invoice has been found identical in both systems.

        Returns:
            False if the record belongs to another document of the source by now: then it proves nothing about this one.
        """
        if self.source_id not in (None, source_id):
            return False
        if (self.source_id, self.target_id) != (source_id, target_id):
            self.updated_at = now
        if self.target_id != target_id:
            # The partner's word about the target still counts as such if only the source's id was missing.
            self.link_learned = True
        self.source_id, self.target_id = source_id, target_id
        return True


class SourceInvoiceRow(Base):
    """An invoice as the source had it when we last heard of it; saves metered reads."""

    __tablename__ = "source_invoice"
    __table_args__ = (
        UniqueConstraint("connection_id", "external_id"),
        Index("ix_source_invoice_connection_id_number", "connection_id", "number"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    number: Mapped[str | None] = mapped_column(String(_NUMBER_CHARACTERS_MAX))
    total: Mapped[Decimal] = mapped_column(ExactAmount)
    balance: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    customer_name: Mapped[str] = mapped_column(String(_CUSTOMER_CHARACTERS_MAX))
    deleted: Mapped[bool] = mapped_column(default=False)
    # As for payments: deleted only because it was not found, and when the source gave us this picture.
    deletion_inferred: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def standing(self) -> Standing:
        return Standing(self.version, self.deleted, self.deletion_inferred, self.seen_at)

    @property
    def takes_money(self) -> bool:
        return self.as_record().takes_money

    def as_record(self) -> SourceInvoice:
        return SourceInvoice(
            external_id=self.external_id,
            version=self.version,
            changed_at=self.changed_at,
            number=self.number,
            total=self.total,
            balance=self.balance,
            currency=self.currency,
            customer_name=self.customer_name,
            deleted=self.deleted,
            inferred=self.deletion_inferred,
        )


@dataclass(frozen=True, slots=True)
class PlatformInvoice:
    """The platform's own record of an invoice, as far as a decision depends on it; the attributes are its columns."""

    id: int
    number: str
    origin: str
    source_id: str | None
    target_id: str | None
    link_learned: bool


_RECORD = (Invoice.id, Invoice.number, Invoice.origin, Invoice.source_id, Invoice.target_id, Invoice.link_learned)


def invoices_for_documents(
    session: Session, organization_id: int, source_ids: Collection[str], numbers: Collection[str]
) -> Sequence[PlatformInvoice]:
    """The platform's invoices that carry one of these source ids, or one of these numbers."""
    asked = {"of_organization": organization_id, "ids": list(source_ids), "numbers": list(numbers)}
    return [PlatformInvoice(*row) for row in session.execute(_for_documents(), asked)]


@cache
def _for_documents() -> CompoundSelect[Any]:
    ours = select(*_RECORD).where(Invoice.organization_id == bindparam("of_organization"))
    has_id, has_number = one_of(Invoice.source_id, named="ids"), one_of(Invoice.number, named="numbers")
    # Not joined by "or": neither database uses two indexes well for one question about a thousand invoices.
    return union(ours.where(has_id), ours.where(has_number))


def invoices_with_number(session: Session, organization_id: int, numbers: Collection[str]) -> Sequence[PlatformInvoice]:
    """The platform's invoices with one of these numbers, oldest first."""
    statement = select(*_RECORD).where(Invoice.organization_id == organization_id, Invoice.number.in_(numbers))
    return sorted((PlatformInvoice(*row) for row in session.execute(statement)), key=lambda one: one.id)


def all_platform_invoices(session: Session, organization_id: int) -> Sequence[PlatformInvoice]:
    """The platform's invoices, oldest first."""
    statement = select(*_RECORD).where(Invoice.organization_id == organization_id).order_by(Invoice.id)
    return [PlatformInvoice(*row) for row in session.execute(statement)]


def invoices_by_id(session: Session, invoice_ids: Collection[int]) -> dict[int, Invoice]:
    return {row.id: row for row in session.scalars(_with_ids(), {"ids": list(invoice_ids)})}


@cache
def _with_ids() -> Select[Invoice]:
    return select(Invoice).where(Invoice.id.in_(bindparam("ids", expanding=True)))


def invoices_with_ids(
    session: Session, organization_id: int, source_ids: Collection[str], target_ids: Collection[str]
) -> Sequence[Invoice]:
    """The organization's records that name one of these invoices, of either system."""
    statement = select(Invoice).where(
        Invoice.organization_id == organization_id,
        or_(Invoice.source_id.in_(source_ids), Invoice.target_id.in_(target_ids)),
    )
    return session.scalars(statement).all()


def with_our_money(session: Session, connection_id: int, target_ids: Collection[str]) -> set[str]:
    """The target invoices among these on which a payment of ours stands, or may stand."""
    entered = select(LedgerEntry.target_invoice_id).where(
        LedgerEntry.connection_id == connection_id,
        LedgerEntry.target_invoice_id.in_(target_ids),
        LedgerEntry.removed_at.is_(None),
    )
    on_the_wire = Effect.state.in_([state.value for state in OPEN_ON_THE_WIRE])
    in_doubt = Effect.doubt != Doubt.NONE.value
    unsettled = Effect.state.in_([state.value for state in REPLACEABLE])
    sent = select(Effect.target_invoice_id).where(
        Effect.connection_id == connection_id,
        Effect.target_invoice_id.in_(target_ids),
        or_(on_the_wire, and_(unsettled, in_doubt)),
    )
    return set(session.scalars(entered.union(sent)))


def source_invoices(session: Session, connection_id: int, external_ids: Collection[str]) -> dict[str, SourceInvoiceRow]:
    asked = {"of_connection": connection_id, "ids": list(external_ids)}
    return {row.external_id: row for row in session.scalars(_source_invoices(), asked)}


def forget_copies(session: Session, organization_id: int, source_ids: Collection[str]) -> None:
    """Forgets invoices that the Sync Tool made at the source and that are deleted there."""
    session.execute(
        delete(Invoice).where(
            Invoice.organization_id == organization_id,
            Invoice.source_id.in_(source_ids),
            Invoice.origin == InvoiceOrigin.SYNC_TOOL.value,
        )
    )


def owners_of(session: Session, organization_id: int, target_ids: Collection[str]) -> dict[str, list[Invoice]]:
    """The platform's records that are linked to these target invoices.

    Leaves out those whose invoice at the source no longer takes money.
    """
    owners: dict[str, list[Invoice]] = {}
    found = session.scalars(_owners(), {"organization": organization_id, "targets": list(target_ids)})
    # Sorted here: asked for in this order, SQLite goes through all of the organization's invoices.
    for invoice in sorted(found, key=lambda one: one.id):
        if invoice.target_id is not None:
            owners.setdefault(invoice.target_id, []).append(invoice)
    return owners


# Statements that every batch asks are made once: making them takes longer than the answers.
@cache
def _owners() -> Select[Invoice]:
    source = and_(Connection.organization_id == bindparam("organization"), Connection.role == Role.SOURCE.value)
    picture = and_(SourceInvoiceRow.connection_id == Connection.id, SourceInvoiceRow.external_id == Invoice.source_id)
    has_money = or_(SourceInvoiceRow.total != Decimal(0), SourceInvoiceRow.balance != Decimal(0))
    return (
        select(Invoice)
        .outerjoin(Connection, source)
        .outerjoin(SourceInvoiceRow, picture)
        .where(Invoice.organization_id == bindparam("organization"), one_of(Invoice.target_id, named="targets"))
        .where(or_(SourceInvoiceRow.id.is_(None), and_(~SourceInvoiceRow.deleted, has_money)))
    )


@cache
def _source_invoices() -> Select[SourceInvoiceRow]:
    return select(SourceInvoiceRow).where(
        SourceInvoiceRow.connection_id == bindparam("of_connection"),
        one_of(SourceInvoiceRow.external_id, named="ids"),
    )


def source_ids_with_number(session: Session, connection_id: int, numbers: Collection[str | None]) -> Sequence[str]:
    statement = select(SourceInvoiceRow.external_id).where(
        SourceInvoiceRow.connection_id == connection_id, one_of(SourceInvoiceRow.number, numbers)
    )
    return session.scalars(statement).all()


@dataclass(frozen=True, slots=True)
class ChangedInvoices:
    """Invoices of the source whose payments need another decision: those that changed, and all with these numbers."""

    external_ids: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


def store_source_invoices(
    session: Session,
    connection_id: int,
    invoices: Sequence[SourceInvoice],
    now: datetime,
    *,
    unheld: Collection[str] = (),
) -> ChangedInvoices:
    """Keeps the newest picture of each invoice.

    Args:
        unheld: invoices of which we certainly have no picture.
    """
    maybe_known = {invoice.external_id for invoice in invoices}.difference(unheld)
    known = source_invoices(session, connection_id, maybe_known) if maybe_known else {}
    changed: set[str] = set()
    numbers: set[str | None] = set()
    # Tombstones last: they carry no version.
    for invoice in sorted(map(_as_kept, invoices), key=lambda one: (one.deleted, one.version)):
        row = known.get(invoice.external_id)
        if row is None:
            row = _new_row(connection_id, invoice.external_id)
            session.add(row)
            known[invoice.external_id] = row
        elif not _is_news(_standing(invoice, now), row.standing):
            continue
        if _identity(row) != _identity(invoice) or row.version == -1:
            changed.add(invoice.external_id)
        before = row.number, row.takes_money
        _copy(invoice, row, now)
        if before != (row.number, row.takes_money):
            numbers |= {before[0], row.number}
    return ChangedInvoices(frozenset(changed), frozenset(number for number in numbers if number is not None))


def match_invoices_again(
    session: Session, organization_id: int, connection_id: int, changed: ChangedInvoices, at: datetime
) -> None:
    """Everything that pays one of these invoices of the source is decided again."""
    if not (changed.external_ids or changed.numbers):
        return
    of = {"of_organization": organization_id, "of_connection": connection_id}
    those = {"ids": list(changed.external_ids), "numbers": list(changed.numbers)}
    session.execute(_match_again(), {**of, **those, "at": at})


@cache
def _match_again() -> Update:
    row = SourceInvoiceRow
    is_one = row.external_id.in_(bindparam("ids", expanding=True))
    has_number = row.number.in_(bindparam("numbers", expanding=True))
    documents = select(row.external_id).where(row.connection_id == bindparam("of_connection"), or_(is_one, has_number))
    return (
        update(Allocation)
        .where(Allocation.organization_id == bindparam("of_organization"), Allocation.document_id.in_(documents))
        .values(match_due_at=AT)
        .execution_options(synchronize_session=False)
    )


def _is_news(told: Standing, known: Standing) -> bool:
    return replaces(told, known) or is_a_later_look(told, known)


def _as_kept(invoice: SourceInvoice) -> SourceInvoice:
    """The invoice as its row can hold it: one that does not fit is held with a reason, and blocks no others.

    A cut value must not pass for the whole one. Numbers are looked up and compared, so a longer one becomes none
    at all (no other invoice that we know can have it either); a cut name gets an ending that no name at the target has.
    """
    number, name = invoice.number, invoice.customer_name
    if number is not None and len(number) > _NUMBER_CHARACTERS_MAX:
        number = None
    if len(name) > _CUSTOMER_CHARACTERS_MAX:
        name = name[: _CUSTOMER_CHARACTERS_MAX - 1] + "…"
    total, balance = _amount_as_kept(invoice.total), _amount_as_kept(invoice.balance)
    return replace(invoice, number=number, total=total, balance=balance, customer_name=name)


def _amount_as_kept(amount: Decimal) -> Decimal:
    return amount if is_storable(amount) else AMOUNT_NOT_KEPT


def _new_row(connection_id: int, external_id: str) -> SourceInvoiceRow:
    row = SourceInvoiceRow(connection_id=connection_id, external_id=external_id, version=-1, deleted=False)
    row.total = row.balance = Decimal(0)
    row.customer_name = ""
    return row


def _standing(invoice: SourceInvoice, now: datetime) -> Standing:
    return Standing(invoice.version, invoice.deleted, invoice.inferred, invoice.seen_at or now)


def _identity(invoice: SourceInvoice | SourceInvoiceRow) -> tuple[object, ...]:
    return (invoice.number, invoice.total, invoice.currency, invoice.customer_name, invoice.deleted)


def _copy(invoice: SourceInvoice, row: SourceInvoiceRow, now: datetime) -> None:
    row.version, row.changed_at = max(row.version, invoice.version), invoice.changed_at
    row.deleted, row.deletion_inferred, row.seen_at = invoice.deleted, invoice.inferred, invoice.seen_at or now
    if invoice.deleted:
        # A tombstone has no fields; the last picture stays readable beside it.
        return
    row.number, row.total, row.balance = invoice.number, invoice.total, invoice.balance
    row.currency, row.customer_name = invoice.currency, invoice.customer_name
