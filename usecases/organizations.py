"""Organizations: creating one, and changing a partner's choices.

Called by: the command line and the Partner Dashboard.
Leaves behind: the organization's row; after a change of preferences every allocation of it is decided again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import Enum
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind, Change
from domain.gaps import GapKind
from domain.preferences import (
    PREFERENCE_LABELS,
    CorrectionPolicy,
    Preferences,
    SyncMode,
    TwinPolicy,
    preference_words,
)
from models.connections import Role, connection_in_role
from models.gaps import open_gap, open_gap_of
from models.organization_store import insert_organization, organization_for_change
from models.organizations import Organization
from models.payments import match_organization_again
from tasks.context import Context, Step
from tasks.new_facts import hold_steps
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME_CHARACTERS_MAX = 200


class Unchanged(Enum):
    """Says "leave it as it is" where None is a value of its own."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class PreferenceChanges:
    """The values to change; omitted ones stay as they are.

    Attributes:
        cut_off_on: None takes the cut-off date away.
    """

    sync_enabled: bool | None = None
    sync_tool_enabled: bool | None = None
    sync_mode: SyncMode | None = None
    cut_off_on: date | Unchanged | None = UNCHANGED
    correction_policy: CorrectionPolicy | None = None
    twin_policy: TwinPolicy | None = None
    find_by_number: bool | None = None


def create_organization(context: Context, slug: str, name: str) -> Organization | Rejected:
    """A new organization, with the sync switched off until the partner switches it on."""
    if not _SLUG.fullmatch(slug):
        return Rejected(
            f"'{slug}' cannot be a short name: use lower-case letters, digits and dashes, 64 characters at most."
        )
    name = name.strip()
    if not 0 < len(name) <= _NAME_CHARACTERS_MAX:
        return Rejected(f"The name must have between 1 and {_NAME_CHARACTERS_MAX} characters.")
    with context.database.writing() as session:
        organization = insert_organization(session, slug, name, context.clock.now())
        if organization is not None:
            note(context, session, organization.id, ActivityKind.ORGANIZATION_CREATED, about=name)
    if organization is None:
        return Rejected(f"There is already an organization '{slug}'.")
    log.info("organization.created", organization_id=organization.id, slug=slug)
    return organization


def change_preferences(
    context: Context,
    organization_id: int,
    changes: PreferenceChanges,
    also: Callable[[Session], None] = lambda _session: None,
) -> Organization:
    """Applies the changes; if any makes a difference, everything of the organization is decided again.

    Args:
        also: what else belongs into the transaction of the change.
    """
    with context.database.writing() as session:
        hold_steps(session, organization_id)
        organization = organization_for_change(session, organization_id)
        synced_before = organization.preferences.may_sync
        changed = _apply(organization, changes)
        if changed:
            match_organization_again(session, organization_id, context.clock.now())
            told = [_told(name, before, getattr(organization, name)) for name, before in changed.items()]
            note(context, session, organization_id, ActivityKind.PREFERENCES_CHANGED, changes=told)
            _note_switch(context, session, organization, synced_before=synced_before)
        also(session)
    if changed:
        log.info("organization.preferences_changed", organization_id=organization_id, fields=sorted(changed))
        context.nudge(Step.MATCH, organization_id)
    return organization


def _note_switch(context: Context, session: Session, organization: Organization, *, synced_before: bool) -> None:
    """While nothing is synced, a stretch is open; the statement of it says what came meanwhile."""
    source = connection_in_role(session, organization.id, Role.SOURCE)
    syncs_now, now = organization.preferences.may_sync, context.clock.now()
    if source is None or syncs_now == synced_before:
        return
    gap = open_gap_of(session, source.id, GapKind.SWITCHED_OFF)
    if not syncs_now and gap is None:
        open_gap(session, source.id, GapKind.SWITCHED_OFF, now, now)
    elif syncs_now and gap is not None:
        gap.close(now, now, context.timing.catch_up_overlap)


def _told(name: str, before: Any, after: Any) -> Change:
    return Change(PREFERENCE_LABELS[name], preference_words(name, before), preference_words(name, after))


def preferences_with(preferences: Preferences, changes: PreferenceChanges) -> Preferences:
    """The preferences as the changes would make them."""
    return replace(preferences, **_named(changes))


def _named(changes: PreferenceChanges) -> dict[str, Any]:
    """The values that are named; omitted ones stay as they are."""
    wanted = {one.name: getattr(changes, one.name) for one in fields(changes)}
    return {
        name: value
        for name, value in wanted.items()
        if value is not UNCHANGED and (value is not None or name == "cut_off_on")
    }


def _apply(organization: Organization, changes: PreferenceChanges) -> dict[str, Any]:
    """Sets the values that differ; returns what they were before."""
    changed: dict[str, Any] = {}
    for name, wanted in _named(changes).items():
        value = wanted.value if isinstance(wanted, Enum) else wanted
        if getattr(organization, name) == value:
            continue
        changed[name] = getattr(organization, name)
        setattr(organization, name, value)
    return changed
