"""What a run would do with one invoice, as the preview keeps it (`tasks/copying/checking.py`), ready for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A line of the copy; `item_id` and `tax_code_id` are the books' own."""

    item_id: str
    description: str
    amount: Decimal
    tax_code_id: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written; whatever does not apply is empty.

    Attributes:
        creates_customer: the name of a customer that is created first.
        adopts: the invoice of the books that is taken for the copy.
        goes_on: the copy that is in the books already.
        deletes: the copy that would be deleted.
        removes_batch: only the batch at the biller is removed.
        total: what the books would come to; `before` what they come to now, where that changes.
    """

    customer: str = ""
    creates_customer: str = ""
    adopts: str = ""
    goes_on: str = ""
    deletes: str = ""
    removes_batch: bool = False
    due_on: date | None = None
    lines: tuple[PreviewLine, ...] = ()
    tax: Decimal | None = None
    total: Decimal | None = None
    billed: Decimal | None = None
    before: Decimal | None = None

    @property
    def differs(self) -> bool:
        """Whether the two systems would come to different totals."""
        return self.billed is not None and self.total != self.billed


def preview_from(stored: Mapping[str, Any] | None) -> Preview:
    """The preview from JSON; one that was not worked out is empty."""
    if stored is None:
        return Preview()
    due = stored.get("due")
    return Preview(
        customer=stored.get("customer", ""),
        creates_customer=stored.get("creates_customer", ""),
        adopts=stored.get("adopts", ""),
        goes_on=stored.get("goes_on", ""),
        deletes=stored.get("deletes", ""),
        removes_batch=bool(stored.get("removes_batch")),
        due_on=date.fromisoformat(due) if due else None,
        lines=tuple(_line(one) for one in stored.get("lines", ())),
        tax=_amount(stored.get("tax")),
        total=_amount(stored.get("total")),
        billed=_amount(stored.get("billed")),
        before=_amount(stored.get("from")),
    )


def _line(stored: Mapping[str, Any]) -> PreviewLine:
    return PreviewLine(stored["item"], stored["description"], Decimal(stored["amount"]), stored["tax_code"])


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
