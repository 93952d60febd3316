"""What a change would do to the next payments of an organization, from the database alone."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.match.foresight import Foreseen, Known, foresee
from domain.match.near_numbers import by_core
from domain.preferences import Preferences
from models.decisions import decisions_in_force
from models.effects_in_force import unsettled_effects
from models.invoices import PlatformInvoice, all_platform_invoices
from models.organizations import organization_with_connections
from models.previews import Preview
from models.stored_parts import StoredPart, parts_after
from tasks.payment_facts import Connected, Nearby, facts_of, told_nearby

PAYMENTS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Nothing:
    """There are no more payments."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the change would do to the parts of some payments.

    Attributes:
        last_id: the last of these payments.
        parts: of each part its id, what would become of it, and its currency and amount.
        due_anyway: how many of them are due for a decision without any change.
    """

    last_id: int
    payments: int
    parts: Sequence[tuple[int, Foreseen, str | None, Decimal]]
    due_anyway: int


@dataclass
class RecordsNearby:
    """The platform's records with nearly the number of an unknown invoice, among all that it has.

    Match asks for each spelling of each number, which is too much for all payments at once; so this reads all records
    once. Only in the mode "Synced Invoices Only" does a decision depend on them.
    """

    _nearly: Callable[[str], Collection[PlatformInvoice]] | None = field(default=None)

    def find(self, session: Session, organization_id: int, unknown: Mapping[str, str]) -> dict[str, str]:
        if not unknown:
            return {}
        if self._nearly is None:
            self._nearly = by_core(all_platform_invoices(session, organization_id), lambda one: one.number)
        return told_nearby(self._nearly, unknown)


def look_at_next(session: Session, preview: Preview, nearby: RecordsNearby, now: datetime) -> Piece | Nothing:
    """Looks at the payments after those that the preview has looked at."""
    before, after = preview.preferences_before, preview.preferences_after
    parts, last_id = parts_after(session, preview.organization_id, preview.after_id, PAYMENTS_AT_A_TIME)
    if last_id is None:
        return Nothing()
    asks = before.only_synced or after.only_synced
    # Whatever was saved meanwhile, this preview is about the preferences that it was asked for.
    known = known_of(session, preview.organization_id, before, parts, nearby.find if asks else _none_nearby)
    found = [
        (part.allocation_id, foresee(of, after), part.currency, part.amount)
        for part, of in zip(parts, known, strict=True)
    ]
    return Piece(
        last_id=last_id,
        payments=len({part.payment_id for part in parts}),
        parts=found,
        due_anyway=sum(part.match_due_at is not None and part.match_due_at <= now for part in parts),
    )


def known_of(
    session: Session, organization_id: int, preferences: Preferences, parts: Sequence[StoredPart], nearby: Nearby
) -> list[Known]:
    """Everything stored that decisions about these parts depend on, in their order."""
    organization, source, target = organization_with_connections(session, organization_id)
    connected = Connected(organization_id, not organization.may_be_written_for, source, target)
    ids = [part.allocation_id for part in parts]
    gathered = facts_of(session, connected, preferences, parts, ids, nearby)
    decisions, effects = decisions_in_force(session, ids), unsettled_effects(session, ids)
    return [
        Known(
            facts=of.facts,
            in_force=decisions.get(part.allocation_id),
            effect=effects.get(part.allocation_id),
            number=of.number,
            rivals=of.rivals,
        )
        for part, of in zip(parts, gathered, strict=True)
    ]


def _none_nearby(_session: Session, _organization_id: int, _unknown: Mapping[str, str]) -> dict[str, str]:
    return {}
