"""News that a payment's status has changed: a notice for each endpoint that wants it, in the transaction of the change.

`models/payment_statuses.py` notes what becomes of payments in a session. Before that session commits, the notices are
written: few statements for many payments, and none at all for an organization that no endpoint of which is on.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, insert, select, update
from sqlalchemy.orm import Session

from domain.notices.body import PaymentFacts
from domain.notices.kinds import NoticeKind, kind_of
from domain.notices.trying import KEPT_FOR, NoticeState
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.base import one_of
from models.endpoints import endpoints_told
from models.invoices import SourceInvoiceRow
from models.ledger import LedgerEntry
from models.notices import Notice
from models.organizations import Organization
from models.payment_counts import Place
from models.payments import Allocation, Payment

_NEWS = "payments with other news"
_TOLD = "endpoints that are to be told"
_AT = "the moment of the news"
_PAYMENTS_AT_A_TIME = 1_000


def note_news(session: Session, organization_id: int, payment_id: int, before: Place | None) -> None:
    """The payment has another status or reason now; the session says so before it commits.

    Args:
        before: as it was; None for a new payment.
    """
    _noted(session)[organization_id].setdefault(payment_id, before)


def forget_news(session: Session) -> None:
    """The transaction was rolled back, and its changes with it."""
    _noted(session).clear()


def tell_at(session: Session, now: datetime, told: set[int]) -> None:
    """Says when the news of this transaction happens, and where its endpoints are noted, to be nudged afterwards.

    Without it the moment is that of the commit, and the sweep finds the notices.
    """
    session.info[_AT], session.info[_TOLD] = now, told


def note_told(session: Session, endpoint_id: int) -> None:
    """A notice for this endpoint is due; it is nudged afterwards, if anybody asked for that (`tell_at`)."""
    told: set[int] = session.info.setdefault(_TOLD, set())
    told.add(endpoint_id)


def new_uid() -> str:
    """A name for a notice that no other has."""
    return f"msg_{uuid.uuid4().hex}"


def store_news(session: Session) -> None:
    """Writes a notice for everything that was noted and that an endpoint wants to be told."""
    noted = _noted(session)
    for organization_id in sorted(noted):
        # The transaction that changes payments holds this row, so that this is no statement.
        organization = session.get(Organization, organization_id)
        if organization is None or not organization.has_endpoints:
            continue
        told = endpoints_told(session, organization_id)
        before = noted[organization_id]
        ids = sorted(before)
        for first in range(0, len(ids), _PAYMENTS_AT_A_TIME):
            some = _changed(session, ids[first : first + _PAYMENTS_AT_A_TIME], before)
            for endpoint_id, kinds in told.items():
                _write(session, organization_id, endpoint_id, [one for one in some if one.kind.value in kinds])
    noted.clear()


@dataclass(slots=True)
class _Changed:
    """A payment that has other news, gathered row by row; the attributes are its columns."""

    payment_id: int
    external_id: str
    paid_on: date | None
    live_total: Decimal
    currency: str | None
    status: str
    reason: str
    status_changes: int
    invoice_numbers: dict[str, None] = field(default_factory=dict)
    target_payment_ids: dict[str, None] = field(default_factory=dict)

    @property
    def facts(self) -> PaymentFacts:
        return PaymentFacts(
            source_id=self.external_id,
            paid_on=self.paid_on,
            amount=self.live_total,
            currency=self.currency,
            status=PaymentStatus(self.status),
            reason=Reason(self.reason) if self.reason else None,
            invoice_numbers=tuple(self.invoice_numbers),
            target_payment_ids=tuple(self.target_payment_ids),
        )

    @property
    def kind(self) -> NoticeKind:
        return kind_of(PaymentStatus(self.status), Reason(self.reason) if self.reason else None)


def _changed(session: Session, ids: Collection[int], before: Mapping[int, Place | None]) -> list[_Changed]:
    """Those of the payments that are not as they were; a change that was undone in the same transaction is no news."""
    changed: dict[int, _Changed] = {}
    for removed, number, target_payment_id, payment_id, *columns in session.execute(_facts(), {"ids": list(ids)}):
        one = changed.setdefault(payment_id, _Changed(payment_id, *columns))
        if number and not removed:
            one.invoice_numbers[number] = None
        if target_payment_id:
            one.target_payment_ids[target_payment_id] = None
    return [one for payment_id, one in changed.items() if not _is_as_before(one, before[payment_id])]


def _is_as_before(one: _Changed, before: Place | None) -> bool:
    return before is not None and (before.status, before.reason) == (one.status, one.reason)


@cache
def _facts() -> Select[*tuple[Any, ...]]:
    """Made once. A payment has as many rows as it has parts with their entries."""
    invoice = and_(
        SourceInvoiceRow.connection_id == Payment.connection_id, SourceInvoiceRow.external_id == Allocation.document_id
    )
    entry = and_(LedgerEntry.allocation_id == Allocation.id, LedgerEntry.removed_at.is_(None))
    return (
        select(
            Allocation.removed,
            SourceInvoiceRow.number,
            LedgerEntry.target_payment_id,
            Payment.id,
            Payment.external_id,
            Payment.paid_on,
            Payment.live_total,
            Payment.currency,
            Payment.status,
            Payment.reason,
            Payment.status_changes,
        )
        .select_from(Payment)
        .outerjoin(Allocation, Allocation.payment_id == Payment.id)
        .outerjoin(SourceInvoiceRow, invoice)
        .outerjoin(LedgerEntry, entry)
        .where(Payment.id.in_(bindparam("ids", expanding=True)))
        .order_by(Payment.id, Allocation.id)
    )


def _write(session: Session, organization_id: int, endpoint_id: int, changed: Collection[_Changed]) -> None:
    if not changed:
        return
    now: datetime = session.info.get(_AT) or datetime.now(UTC)
    about = one_of(Notice.payment_id, [one.payment_id for one in changed])
    session.execute(
        update(Notice)
        .where(Notice.endpoint_id == endpoint_id, Notice.state == NoticeState.WAITING.value, about)
        .values(state=NoticeState.REPLACED.value, due_at=now + KEPT_FOR)
        .execution_options(synchronize_session=False)
    )
    rows: list[dict[str, Any]] = [
        {
            "organization_id": organization_id,
            "endpoint_id": endpoint_id,
            "uid": new_uid(),
            "kind": one.kind.value,
            "payment_id": one.payment_id,
            "sequence": one.status_changes,
            "facts": one.facts.as_stored(),
            "occurred_at": now,
            "state": NoticeState.WAITING.value,
            "tries": 0,
            "due_at": now,
        }
        for one in changed
    ]
    session.execute(insert(Notice), rows)
    note_told(session, endpoint_id)


def _noted(session: Session) -> dict[int, dict[int, Place | None]]:
    noted: dict[int, dict[int, Place | None]] = session.info.setdefault(_NEWS, defaultdict(dict))
    return noted
