"""The facts about parts of payments, from the database, in a handful of queries whatever their number.

Called by: match, before it decides; the preview of a change, which decides the same way and writes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.match.facts import Ambiguous, Facts
from domain.match.near_numbers import NearNumber, by_core, spellings_of, told
from domain.preferences import InvoiceOrigin, Preferences
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceInvoice
from models.connections import Connection, ConnectionStatus
from models.invoices import (
    PlatformInvoice,
    invoices_for_documents,
    invoices_with_number,
)
from models.ledger import parts_beside, synced_and_taken_back
from models.source_pictures import source_pictures, source_pictures_with_namesakes
from models.stored_parts import StoredPart


@dataclass(frozen=True, slots=True)
class PartFacts:
    """The facts about one part.

    Attributes:
        invoice: the platform's record of its invoice.
        number: the invoice's number at the source, for the look at the target.
        rivals: the source's ids of other invoices that this number would lead to the same target invoice.
    """

    facts: Facts
    invoice: PlatformInvoice | None
    number: str
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """An organization with its two connections, so far as it has them.

    Attributes:
        writes_stopped: nothing may be written for it until a person says so.
    """

    organization_id: int
    writes_stopped: bool
    source: Connection | None
    target: Connection | None


# Those of some numbers for which the platform has records with nearly the same number, each with these in words.
Nearby = Callable[[Session, int, Mapping[str, str]], dict[str, str]]


def facts_of(
    session: Session,
    connected: Connected,
    preferences: Preferences,
    parts: Sequence[StoredPart],
    owed: Collection[int],
    nearby: Nearby,
) -> list[PartFacts]:
    """All facts that need no wire call, in the order of the parts.

    Args:
        preferences: those by which they are decided.
        owed: the parts for which anything may ever have been owed; the others have no entry in the ledger.
        nearby: finds the platform's records with nearly the numbers of invoices that it does not have.
    """
    source, target = connected.source, connected.target
    documents = {part.document_id for part in parts if part.kind == AllocationKind.INVOICE}
    rows = source_pictures_with_namesakes(session, source.id, documents) if source else ()
    pictures = {row.external_id: row for row in rows if row.external_id in documents}
    platform = _PlatformInvoices.load(session, connected.organization_id, source, pictures, rows)
    synced, taken_back = synced_and_taken_back(session, owed)
    beside = parts_beside(session, synced.values())
    near = nearby(session, connected.organization_id, _unknown_numbers(pictures, platform))

    def about(part: StoredPart) -> PartFacts:
        picture = pictures.get(part.document_id)
        meant = platform.find(part.document_id, picture)
        invoice = meant if isinstance(meant, PlatformInvoice) else None
        entry, former = synced.get(part.allocation_id), taken_back.get(part.allocation_id)
        facts = Facts(
            source_active=source is not None and source.is_active,
            target_active=target is not None and target.is_active,
            target_stopped=target is not None and target.status == ConnectionStatus.STOPPED,
            writes_stopped=connected.writes_stopped,
            target_refuses_keys=target is not None and target.status == ConnectionStatus.NEEDS_RECONNECT,
            preferences=preferences,
            payment_state=PaymentState(part.state),
            is_own=part.is_own,
            currency=part.currency,
            paid_on=part.paid_on,
            kind=AllocationKind(part.kind),
            amount=part.amount,
            problem=Reason(part.problem) if part.problem else None,
            removed=part.removed,
            platform_origin=InvoiceOrigin(invoice.origin) if invoice else None,
            source_invoice=picture,
            number_ambiguous=meant if isinstance(meant, Ambiguous) else None,
            nearly_in_the_platform=near.get(part.document_id, "") if meant is None else "",
            flaw=Reason(part.flaw) if part.flaw else None,
            synced=entry.as_synced(beside.get(part.allocation_id, ())) if entry else None,
            was_reversed=former is not None,
            removed_by_hand=former is not None and former.removed_by_hand,
            left_behind=former.still_doubled_by if former is not None else (),
            left_out=part.left_out,
            linked_target_id=invoice.target_id if invoice else None,
        )
        number = (picture.number if picture else None) or ""
        return PartFacts(facts, invoice, number, platform.rivals_of(part.document_id, number))

    return [about(part) for part in parts]


def sharing(number: str, source_ids: Sequence[str]) -> Ambiguous:
    """Several invoices of the source have one number."""
    named = " and ".join(sorted(source_ids))
    return Ambiguous(Reason.SOURCE_NUMBER_AMBIGUOUS, f"the invoices with the number {number} have the ids {named}")


@dataclass(frozen=True, slots=True)
class _PlatformInvoices:
    """The platform's records for the invoices of a batch, and all records that could be mistaken for one of them.

    Attributes:
        unlinked: records that name no invoice of the source, by number; `linked` those that do.
        namesakes: the source's invoices that take money, by number.
    """

    by_source_id: Mapping[str, PlatformInvoice]
    unlinked: Mapping[str, Sequence[PlatformInvoice]]
    linked: Mapping[str, Sequence[PlatformInvoice]]
    namesakes: Mapping[str, Sequence[SourceInvoice]]
    known: Mapping[str, SourceInvoice]

    @classmethod
    def load(
        cls,
        session: Session,
        organization_id: int,
        source: Connection | None,
        pictures: Mapping[str, SourceInvoice],
        rows: Sequence[SourceInvoice],
    ) -> "_PlatformInvoices":
        """What the platform has of these documents.

        Args:
            rows: the pictures, and those of all invoices with the number of one of them.
        """
        numbers = {picture.number for picture in pictures.values() if picture.number}
        known = {row.external_id: row for row in rows}
        namesakes: dict[str, list[SourceInvoice]] = {}
        for row in rows:
            if row.number and row.takes_money:
                namesakes.setdefault(row.number, []).append(row)
        by_source_id: dict[str, PlatformInvoice] = {}
        unlinked: dict[str, list[PlatformInvoice]] = {}
        linked: dict[str, list[PlatformInvoice]] = {}
        documents = set(known)
        for invoice in invoices_for_documents(session, organization_id, documents, numbers):
            (unlinked if invoice.source_id is None else linked).setdefault(invoice.number, []).append(invoice)
            if invoice.source_id is not None:
                by_source_id[invoice.source_id] = invoice
        # A record may name an invoice whose number has changed.
        elsewhere = {one.source_id for some in linked.values() for one in some if one.source_id} - documents
        if source is not None:
            known |= source_pictures(session, source.id, elsewhere)
        return cls(by_source_id, unlinked, linked, namesakes, known)

    def find(self, document_id: str, picture: SourceInvoice | None) -> PlatformInvoice | Ambiguous | None:
        """Stored link first, exact number second. A number that leads to or from several invoices proves nothing."""
        own = self.by_source_id.get(document_id)
        if own is not None or picture is None or not picture.number or picture.deleted:
            return own
        number = picture.number
        candidates = self.unlinked.get(number, ())
        others = [
            one.external_id
            for one in self.namesakes.get(number, ())
            if one.external_id != document_id and one.external_id not in self.by_source_id
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

    def _has(self, record: PlatformInvoice, number: str) -> bool:
        """Whether the invoice that the record names takes money and has this number; if unknown, the record decides."""
        picture = self.known.get(record.source_id or "")
        return picture is None or (picture.takes_money and picture.number == number)

    def rivals_of(self, document_id: str, number: str) -> tuple[str, ...]:
        """Other invoices of this number that are not linked to a target invoice of their own."""
        others = (one.external_id for one in self.namesakes.get(number, ()) if one.external_id != document_id)
        return tuple(
            one for one in others if (record := self.by_source_id.get(one)) is None or record.target_id is None
        )


# --- invoices that the platform does not have: its records with nearly the same number ---


def _unknown_numbers(pictures: Mapping[str, SourceInvoice], platform: _PlatformInvoices) -> dict[str, str]:
    return {
        document_id: picture.number
        for document_id, picture in pictures.items()
        if picture.number and not picture.deleted and platform.find(document_id, picture) is None
    }


def records_nearby(session: Session, organization_id: int, unknown: Mapping[str, str]) -> dict[str, str]:
    """For a batch of match: asks for each way in which a number may have been typed."""
    spellings = {spelling for number in unknown.values() for spelling in spellings_of(number)}
    if not spellings:
        return {}
    nearly = by_core(invoices_with_number(session, organization_id, spellings), lambda one: one.number)
    return told_nearby(nearly, unknown)


def told_nearby(nearly: Callable[[str], Collection[PlatformInvoice]], unknown: Mapping[str, str]) -> dict[str, str]:
    """The records with nearly one of these numbers, in words, by document."""
    return {
        document_id: f"this platform has {told(number, [_as_near(one) for one in near])}"
        for document_id, number in unknown.items()
        if (near := _findable(nearly(number), number))
    }


def _findable(near: Collection[PlatformInvoice], number: str) -> list[PlatformInvoice]:
    if not near:
        return []
    spellings = set(spellings_of(number))
    return [one for one in near if one.number in spellings]


def _as_near(record: PlatformInvoice) -> NearNumber:
    linked = f"accounting id {record.source_id}" if record.source_id else "no accounting id"
    return NearNumber(record.number, linked)
