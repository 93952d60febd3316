"""Held payments of all organizations, the oldest first: a page of rows in a handful of statements."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from domain.payment_order import PaymentOrder
from models.held_payments import HeldFilter, is_held
from models.organizations import Organization
from models.payments import Payment
from models.views.payment_filter import columns_of, comes_after, sorted_by
from models.views.payment_rows import PaymentRow, rows_of

_ORDER = PaymentOrder.OLDEST


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A payment with its organization."""

    organization: Organization
    payment: PaymentRow


@dataclass(frozen=True, slots=True)
class HeldPage:
    """Some rows; `next_after_id` asks for the next page and is None on the last one."""

    rows: tuple[HeldRow, ...]
    next_after_id: int | None


def list_held(session: Session, wanted: HeldFilter, *, limit: int = 50, after_id: int | None = None) -> HeldPage:
    """The held payments that the filter shows.

    Args:
        after_id: the last one of the page before.
    """
    conditions = [is_held(), *wanted.conditions()]
    if after_id is not None:
        place = session.execute(select(*columns_of(_ORDER)).where(Payment.id == after_id)).one_or_none()
        conditions.append(false() if place is None else comes_after(_ORDER, place))
    statement = (
        select(Payment, Organization)
        .join(Organization, Organization.id == Payment.organization_id)
        .where(*conditions)
        .order_by(*sorted_by(_ORDER, columns_of(_ORDER)))
        .limit(limit + 1)
    )
    found: Sequence[tuple[Payment, Organization]] = [(one, of) for one, of in session.execute(statement)]
    shown = found[:limit]
    rows = rows_of(session, [payment for payment, _ in shown])
    return HeldPage(
        tuple(HeldRow(organization, row) for (_, organization), row in zip(shown, rows, strict=True)),
        shown[-1][0].id if len(found) > limit else None,
    )
