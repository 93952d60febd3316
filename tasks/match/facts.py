"""Gathers the facts of a batch of allocations from the database, in a handful of queries whatever its size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.match.decisions import Decision
from domain.match.facts import Ambiguous, Facts
from domain.match.near_numbers import NearNumber, by_core, spellings_of, told
from domain.preferences import InvoiceOrigin
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from models.connections import Connection, ConnectionStatus
from models.due import DueAllocation, due_allocations
from models.invoices import (
    Invoice,
    SourceInvoiceRow,
    invoices_for_documents,
    invoices_with_number,
    source_invoices,
    source_invoices_with_namesakes,
)
from models.ledger import parts_beside, synced_and_taken_back
from models.organizations import organization_with_breakers
from tasks.context import Context
from tasks.permits import Asked, Permits


@dataclass(frozen=True, slots=True)
class Case:
    """One allocation with its facts.

    Attributes:
        number: the invoice's number at the source, for the look at the target.
        rivals: the source's ids of other invoices that this number would lead to the same target invoice.
    """

    due: DueAllocation
    facts: Facts
    invoice: Invoice | None
    number: str
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision about a case.

    Attributes:
        put_off: a look at its payment had to be left to another batch, which must follow soon.
        gone: whether that look failed to find the payment; None if no look was made.
    """

    case: Case
    decision: Decision
    put_off: bool = False
    gone: bool | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What match decides together.

    Attributes:
        permits: whether the target may be asked; None if there is none.
    """

    cases: Sequence[Case]
    source: Connection | None = None
    target: Connection | None = None
    permits: Permits | None = None


def gather(context: Context, session: Session, organization_id: int, now: datetime, limit: int) -> Batch:
    """The due allocations, oldest first, each with all facts that need no wire call."""
    due = due_allocations(session, organization_id, now, limit)
    if not due:
        return Batch(())
    asked = Asked.now(context)
    organization, source, target, breakers = organization_with_breakers(session, organization_id)
    preferences = organization.preferences
    documents = {one.allocation.document_id for one in due if one.allocation.kind == AllocationKind.INVOICE}
    rows = source_invoices_with_namesakes(session, source.id, documents) if source else ()
    pictures = {row.external_id: row for row in rows if row.external_id in documents}
    platform = _PlatformInvoices.load(session, organization_id, source, pictures, rows)
    # What we never owed anything for has no entry.
    synced, taken_back = synced_and_taken_back(session, [one.allocation.id for one in due if one.effect_state])
    beside = parts_beside(session, synced.values())
    near = _records_nearby(session, organization_id, pictures, platform)

    def case_of(one: DueAllocation) -> Case:
        allocation, payment = one.allocation, one.payment
        picture = pictures.get(allocation.document_id)
        meant = platform.find(allocation.document_id, picture)
        invoice = meant if isinstance(meant, Invoice) else None
        entry, former = synced.get(allocation.id), taken_back.get(allocation.id)
        facts = Facts(
            source_active=source is not None and source.is_active,
            target_active=target is not None and target.is_active,
            target_stopped=target is not None and target.status == ConnectionStatus.STOPPED,
            target_refuses_keys=target is not None and target.status == ConnectionStatus.NEEDS_RECONNECT,
            preferences=preferences,
            payment_state=PaymentState(payment.state),
            is_own=one.is_own,
            currency=payment.currency,
            paid_on=payment.paid_on,
            kind=AllocationKind(allocation.kind),
            amount=allocation.amount,
            problem=Reason(allocation.problem) if allocation.problem else None,
            removed=allocation.removed,
            platform_origin=InvoiceOrigin(invoice.origin) if invoice else None,
            source_invoice=picture.as_record() if picture else None,
            number_ambiguous=meant if isinstance(meant, Ambiguous) else None,
            nearly_in_the_platform=near.get(allocation.document_id, "") if meant is None else "",
            flaw=Reason(payment.flaw) if payment.flaw else None,
            synced=entry.as_synced(beside.get(allocation.id, ())) if entry else None,
            was_reversed=former is not None,
            removed_by_hand=former is not None and former.removed_by_hand,
            left_behind=former.still_doubled_by if former is not None else (),
            left_out=payment.left_out_now,
            linked_target_id=invoice.target_id if invoice else None,
        )
        number = (picture.number if picture else None) or ""
        return Case(one, facts, invoice, number, platform.rivals_of(allocation.document_id, number))

    permits = Permits(context, target, breakers, asked) if target else None
    return Batch([case_of(one) for one in due], source, target, permits)


@dataclass(frozen=True, slots=True)
class _PlatformInvoices:
    """The platform's records for the invoices of a batch, and all records that could be mistaken for one of them.

    Attributes:
        unlinked: records that name no invoice of the source, by number; `linked` those that do.
        namesakes: the source's invoices that take money, by number.
    """

    by_source_id: Mapping[str, Invoice]
    unlinked: Mapping[str, Sequence[Invoice]]
    linked: Mapping[str, Sequence[Invoice]]
    namesakes: Mapping[str, Sequence[SourceInvoiceRow]]
    known: Mapping[str, SourceInvoiceRow]

    @classmethod
    def load(
        cls,
        session: Session,
        organization_id: int,
        source: Connection | None,
        pictures: Mapping[str, SourceInvoiceRow],
        rows: Sequence[SourceInvoiceRow],
    ) -> "_PlatformInvoices":
        """What the platform has of these documents.

        Args:
            rows: the pictures, and those of all invoices with the number of one of them.
        """
        numbers = {picture.number for picture in pictures.values() if picture.number}
        namesakes: dict[str, list[SourceInvoiceRow]] = {}
        for row in rows:
            if row.number and row.takes_money:
                namesakes.setdefault(row.number, []).append(row)
        by_source_id: dict[str, Invoice] = {}
        unlinked: dict[str, list[Invoice]] = {}
        linked: dict[str, list[Invoice]] = {}
        documents = {row.external_id for row in rows}
        for invoice in invoices_for_documents(session, organization_id, documents, numbers):
            (unlinked if invoice.source_id is None else linked).setdefault(invoice.number, []).append(invoice)
            if invoice.source_id is not None:
                by_source_id[invoice.source_id] = invoice
        # A record may name an invoice whose number has changed.
        elsewhere = {one.source_id for some in linked.values() for one in some if one.source_id} - documents
        known = {row.external_id: row for row in rows}
        if source is not None and elsewhere:
            known |= source_invoices(session, source.id, elsewhere)
        return cls(by_source_id, unlinked, linked, namesakes, known)

    def find(self, document_id: str, picture: SourceInvoiceRow | None) -> Invoice | Ambiguous | None:
        """Stored link first, exact number second. A number that leads to or from several invoices proves nothing."""
        own = self.by_source_id.get(document_id)
        if own is not None or picture is None or not picture.number or picture.deleted:
            return own
        number = picture.number
        candidates = self.unlinked.get(number, ())
        others = [
            row.external_id
            for row in self.namesakes.get(number, ())
            if row.external_id != document_id and row.external_id not in self.by_source_id
        ]
        if not candidates:
            # The platform has this number, but for another invoice.
            others = [one.source_id for one in self.linked.get(number, ()) if one.source_id and self._has(one, number)]
        if others and (candidates or self.linked.get(number)):
            return sharing(number, (document_id, *others))
        if len(candidates) > 1:
            return Ambiguous(
                Reason.PLATFORM_NUMBER_AMBIGUOUS,
                f"{len(candidates)} invoices of this platform have the number {number}",
            )
        return candidates[0] if candidates else None

    def _has(self, record: Invoice, number: str) -> bool:
        """Whether the invoice that the record names takes money and has this number; if unknown, the record decides."""
        row = self.known.get(record.source_id or "")
        return row is None or (row.takes_money and row.number == number)

    def rivals_of(self, document_id: str, number: str) -> tuple[str, ...]:
        """Other invoices of this number that are not linked to a target invoice of their own."""
        others = (row.external_id for row in self.namesakes.get(number, ()) if row.external_id != document_id)
        return tuple(
            one for one in others if (record := self.by_source_id.get(one)) is None or record.target_id is None
        )


def _records_nearby(
    session: Session, organization_id: int, pictures: Mapping[str, SourceInvoiceRow], platform: _PlatformInvoices
) -> dict[str, str]:
    """Of the invoices that the platform does not have: its records with nearly the same number, in words."""
    unknown = {
        document_id: picture.number
        for document_id, picture in pictures.items()
        if picture.number and not picture.deleted and platform.find(document_id, picture) is None
    }
    spellings = {spelling for number in unknown.values() for spelling in spellings_of(number)}
    if not spellings:
        return {}
    nearly = by_core(invoices_with_number(session, organization_id, spellings), lambda one: one.number)
    return {
        document_id: f"this platform has {told(number, [_as_near(one) for one in near])}"
        for document_id, number in unknown.items()
        if (near := nearly(number))
    }


def _as_near(record: Invoice) -> NearNumber:
    linked = f"accounting id {record.source_id}" if record.source_id else "no accounting id"
    return NearNumber(record.number, linked)


def sharing(number: str, source_ids: Sequence[str]) -> Ambiguous:
    """Several invoices of the source have one number."""
    named = " and ".join(sorted(source_ids))
    return Ambiguous(Reason.SOURCE_NUMBER_AMBIGUOUS, f"the invoices with the number {number} have the ids {named}")
