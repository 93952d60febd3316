"""The organizations that most need somebody, for operators: metrics name no tenant, and this does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.views.all_organizations import list_organizations
from models.views.oldest_payment import OldestPayment, oldest_unsynced


@dataclass(frozen=True, slots=True)
class InNeed:
    """An organization.

    Attributes:
        broken: how many of its connections need a person (they were refused, or are stopped).
        oldest: the payment that has waited longest.
    """

    slug: str
    name: str
    needs_attention: int
    waiting: int
    on_its_way: int
    broken: int
    oldest: OldestPayment | None


def worst_organizations(session: Session, limit: int) -> Sequence[InNeed]:
    """Those most in trouble, as the operator's list has them first, without those that are in none."""
    return [
        InNeed(
            slug=row.organization.slug,
            name=row.organization.name,
            needs_attention=row.numbers.needs_attention,
            waiting=row.numbers.waiting,
            on_its_way=row.numbers.on_its_way,
            broken=row.broken,
            oldest=oldest_unsynced(session, row.organization.id),
        )
        for row in list_organizations(session, only_in_need=True, limit=limit).rows
    ]


def waits_since(one: InNeed) -> datetime | None:
    return None if one.oldest is None else one.oldest.first_seen_at
