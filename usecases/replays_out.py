"""A retrying by a filter as pages and the command line show it: its filter, numbers, progress and result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from domain.money import plain_amount
from domain.status import PaymentStatus
from models.long_works import WorkState
from models.organizations import Organization
from models.replays import (
    PAYMENTS_MAX,
    Replay,
    ReplayCount,
    ReplayItemState,
    ReplayShare,
    counts_of_replay,
    outcomes_of_replay,
    shares_of,
    state_of,
)


@dataclass(frozen=True, slots=True)
class ReplayOut:
    """One request.

    Attributes:
        chosen: its filter, by the names of its fields.
        looked_at: how many of the payments the workers are through with.
        left: those that had changed by their turn, so that there was nothing to retry.
        outcomes: how those that were retried stand by now.
        is_cut: there were more payments than one request may have; the oldest are in it.
    """

    id: int
    name: str
    state: WorkState
    chosen: Mapping[str, str]
    asked_by: str
    asked_at: datetime
    shares: Sequence[tuple[ReplayShare, Organization]]
    counts: Sequence[ReplayCount]
    outcomes: Mapping[PaymentStatus, int]

    @property
    def payments(self) -> int:
        return sum(share.payments for share, _ in self.shares)

    @property
    def looked_at(self) -> int:
        return sum(share.looked_at for share, _ in self.shares)

    @property
    def organizations(self) -> int:
        return len(self.shares)

    @property
    def left(self) -> int:
        return sum(one.payments for one in self.counts if one.state is ReplayItemState.LEFT)

    @property
    def is_cut(self) -> bool:
        return self.payments >= PAYMENTS_MAX

    @property
    def confirmed_by(self) -> str:
        return next((share.confirmed_by for share, _ in self.shares if share.confirmed_by), "")

    @property
    def stopped_by(self) -> str:
        return next((share.stopped_by for share, _ in self.shares if share.stopped_by), "")

    @property
    def sums(self) -> Mapping[str | None, Decimal]:
        """What the payments come to, a sum for each currency."""
        sums: dict[str | None, Decimal] = {}
        for one in sorted(self.counts, key=lambda count: count.currency or ""):
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.total
        return sums

    def as_json(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "filter": dict(self.chosen),
            "asked_by": self.asked_by,
            "asked_at": self.asked_at,
            "confirmed_by": self.confirmed_by,
            "stopped_by": self.stopped_by,
            "payments": self.payments,
            "payments_gone_through": self.looked_at,
            "left": self.left,
            "organizations": [
                {"org": one.slug, "payments": share.payments, "payments_gone_through": share.looked_at}
                for share, one in self.shares
            ],
            "counts": [
                {
                    "reason": one.reason,
                    "state": one.state,
                    "currency": one.currency,
                    "payments": one.payments,
                    "total": plain_amount(one.total, one.currency),
                }
                for one in self.counts
            ],
            "by_now": dict(self.outcomes),
        }


def replay_out(session: Session, replay: Replay) -> ReplayOut:
    """The request with everything that is known about it."""
    shares = shares_of(session, replay.id)
    return ReplayOut(
        id=replay.id,
        name=replay.name,
        state=state_of([share for share, _ in shares]),
        chosen=replay.chosen,
        asked_by=replay.asked_by,
        asked_at=replay.asked_at,
        shares=shares,
        counts=counts_of_replay(session, replay.id),
        outcomes=outcomes_of_replay(session, replay.id),
    )
