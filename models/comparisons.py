"""What both systems said about an invoice when they were read last, in full, and the outcome for lists."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.comparing.comparison import Comparison
from domain.comparing.sides import BothSides
from models.base import Base, BigId, Json
from models.invoices import Invoice


class InvoiceComparison(Base):
    """The two sides as they were read last; the comparison is made of them again whenever it is shown."""

    __tablename__ = "invoice_comparison"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="CASCADE"), unique=True)
    sides: Mapped[dict[str, Any]] = mapped_column(Json)


@cache
def _adapter() -> TypeAdapter[BothSides]:
    return TypeAdapter(BothSides)


def stored_sides(session: Session, organization_id: int, invoice_id: int) -> BothSides | None:
    """What was read last; None if nobody has had both systems read yet."""
    sides = session.scalar(
        select(InvoiceComparison.sides).where(
            InvoiceComparison.organization_id == organization_id, InvoiceComparison.invoice_id == invoice_id
        )
    )
    return None if sides is None else _adapter().validate_python(sides, strict=False)


def store_comparison(
    session: Session, organization_id: int, invoice_id: int, sides: BothSides, comparison: Comparison
) -> bool:
    """Keeps the newest reading. False if the invoice is gone, or a newer reading is there already."""
    read_at = sides.target_read_at
    stored = session.scalars(
        update(Invoice)
        .where(
            Invoice.id == invoice_id,
            Invoice.organization_id == organization_id,
            Invoice.compared_at.is_(None) | (Invoice.compared_at <= read_at),
        )
        .values(compared_as=comparison.compared_as.value, difference=comparison.difference, compared_at=read_at)
        .returning(Invoice.id)
    ).all()
    if not stored:
        return False
    written = _adapter().dump_python(sides, mode="json")
    changed = session.scalars(
        update(InvoiceComparison)
        .where(InvoiceComparison.invoice_id == invoice_id)
        .values(sides=written)
        .returning(InvoiceComparison.id)
    ).all()
    if not changed:
        session.add(InvoiceComparison(organization_id=organization_id, invoice_id=invoice_id, sides=written))
    return True
