"""Gathering the facts of a batch of allocations from the database, in a handful of queries whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.decisions import Decision
from domain.facts import Facts
from domain.preferences import InvoiceOrigin
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from models.connections import Connection, ConnectionStatus, Role, connection_in_role
from models.effects import latest_effects
from models.invoices import Invoice, SourceInvoiceRow, invoices_for_documents, source_invoices
from models.ledger import parts_beside, reversed_among, synced_payments
from models.organizations import organization_by_id
from models.payments import DueAllocation, due_allocations, own_among


@dataclass(frozen=True, slots=True)
class Case:
    """One allocation with its facts.

    Attributes:
        number: what the source calls the invoice, for the look at the target.
        effect_state: the newest effect when the facts were gathered; if it has moved since, the facts are old.
    """

    due: DueAllocation
    facts: Facts
    invoice: Invoice | None
    number: str
    effect_state: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a case.

    Attributes:
        put_off: a look at its payment had to be left to another batch, and is to be made up for soon.
        gone: whether that look did not find the payment; None if nobody has looked.
    """

    case: Case
    decision: Decision
    put_off: bool = False
    gone: bool | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    cases: Sequence[Case]
    source: Connection | None
    target: Connection | None


def gather(session: Session, organization_id: int, now: datetime, limit: int) -> Batch:
    """The allocations that are due, oldest first, each with everything that can be known without a wire call."""
    due = due_allocations(session, organization_id, now, limit)
    source = connection_in_role(session, organization_id, Role.SOURCE)
    target = connection_in_role(session, organization_id, Role.TARGET)
    if not due:
        return Batch((), source, target)
    preferences = organization_by_id(session, organization_id).preferences
    documents = {one.allocation.document_id for one in due if one.allocation.kind == AllocationKind.INVOICE}
    pictures = source_invoices(session, source.id, documents) if source else {}
    platform = _PlatformInvoices.load(session, organization_id, documents, pictures)
    synced = synced_payments(session, [one.allocation.id for one in due])
    beside = parts_beside(session, synced.values())
    taken_back = reversed_among(session, [one.allocation.id for one in due])
    effects = latest_effects(session, [one.allocation.id for one in due])
    own = own_among(session, source.id, {one.payment.external_id for one in due}) if source else set()

    def case_of(one: DueAllocation) -> Case:
        allocation, payment = one.allocation, one.payment
        picture = pictures.get(allocation.document_id)
        invoice = platform.find(allocation.document_id, picture)
        entry = synced.get(allocation.id)
        facts = Facts(
            source_active=source is not None and source.is_active,
            target_active=target is not None and target.is_active,
            target_stopped=target is not None and target.status == ConnectionStatus.STOPPED,
            target_refuses_keys=target is not None and target.status == ConnectionStatus.NEEDS_RECONNECT,
            preferences=preferences,
            payment_state=PaymentState(payment.state),
            is_own=payment.external_id in own,
            currency=payment.currency,
            paid_on=payment.paid_on,
            kind=AllocationKind(allocation.kind),
            amount=allocation.amount,
            problem=Reason(allocation.problem) if allocation.problem else None,
            removed=allocation.removed,
            platform_origin=InvoiceOrigin(invoice.origin) if invoice else None,
            source_invoice=picture.as_record() if picture else None,
            flaw=Reason(payment.flaw) if payment.flaw else None,
            synced=entry.as_synced(beside.get(allocation.id, ())) if entry else None,
            was_reversed=allocation.id in taken_back,
            removed_by_hand=taken_back.get(allocation.id, False),
            linked_target_id=invoice.target_id if invoice else None,
        )
        effect = effects.get(allocation.id)
        seen = (effect.id, effect.state) if effect else None
        return Case(one, facts, invoice, (picture.number if picture else None) or "", seen)

    return Batch([case_of(one) for one in due], source, target)


@dataclass(frozen=True, slots=True)
class _PlatformInvoices:
    by_source_id: dict[str, Invoice]
    unlinked_by_number: dict[str, list[Invoice]]

    @classmethod
    def load(
        cls, session: Session, organization_id: int, documents: set[str], pictures: dict[str, SourceInvoiceRow]
    ) -> "_PlatformInvoices":
        numbers = {picture.number for picture in pictures.values() if picture.number}
        by_source_id: dict[str, Invoice] = {}
        unlinked: dict[str, list[Invoice]] = {}
        for invoice in invoices_for_documents(session, organization_id, documents, numbers):
            if invoice.source_id is not None:
                by_source_id[invoice.source_id] = invoice
            else:
                unlinked.setdefault(invoice.number, []).append(invoice)
        return cls(by_source_id, unlinked)

    def find(self, document_id: str, picture: SourceInvoiceRow | None) -> Invoice | None:
        """Stored link first, exact number second; a number that several unlinked invoices carry says nothing."""
        linked = self.by_source_id.get(document_id)
        if linked is not None or picture is None or not picture.number:
            return linked
        candidates = self.unlinked_by_number.get(picture.number, [])
        return candidates[0] if len(candidates) == 1 else None
