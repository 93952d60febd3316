"""Payments that are held, of all organizations: what an operator looks through, and what can be tried again."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from domain.reasons import Reason
from domain.status import PaymentStatus
from models.payments import HELD_STATUSES, Payment


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """Which of them; empty values ask for nothing, and several conditions hold together.

    Attributes:
        organization_id: of this organization alone.
        slug: its short name, which is what a person reads.
        since: its date in lists is this day or a later one.
        until: its date in lists is this day or an earlier one.
    """

    organization_id: int | None = None
    slug: str = ""
    status: PaymentStatus | None = None
    reason: Reason | None = None
    since: date | None = None
    until: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.organization_id is not None:
            wanted.append(Payment.organization_id == self.organization_id)
        if self.status is not None:
            wanted.append(Payment.status == self.status.value)
        if self.reason is not None:
            wanted.append(Payment.reason == self.reason.value)
        if self.since is not None:
            wanted.append(Payment.listed_on >= self.since)
        if self.until is not None:
            wanted.append(Payment.listed_on <= self.until)
        return wanted

    def as_json(self) -> dict[str, Any]:
        """As a person chose it."""
        chosen = {
            "organization": self.slug,
            "status": self.status.value if self.status else "",
            "reason": self.reason.value if self.reason else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in chosen.items() if value}


def is_held() -> ColumnElement[bool]:
    """Written into the statement and not bound to it, so that SQLite uses the indexes on held payments."""
    return Payment.status.in_(bindparam(None, list(HELD_STATUSES), expanding=True, literal_execute=True))
