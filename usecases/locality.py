"""Where an organization is: its time zone, and how its pages write amounts and dates.

Called by: the command line, the Partner Dashboard, the API.
Leaves behind: the organization's row, and an activity. No payment is decided again: none of them is any different.
"""

from dataclasses import dataclass

import structlog

from domain.activity import ActivityKind, Change
from domain.locality import LOCALITY_LABELS, WRITINGS, locality_words, why_no_writing, why_no_zone, zone_name_in
from models.organization_store import organization_for_change
from models.organizations import Organization
from tasks.context import Context
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LocalityChanges:
    """What to change, as it was typed; None leaves it as it is."""

    time_zone: str | None = None
    writing: str | None = None


def _checked(wanted: LocalityChanges) -> LocalityChanges | Rejected:
    """The changes with the names that the lists have; changes nothing."""
    zone = None if wanted.time_zone is None else zone_name_in(wanted.time_zone)
    if wanted.time_zone is not None and zone is None:
        return Rejected(why_no_zone(wanted.time_zone.strip()))
    if wanted.writing is not None and wanted.writing not in WRITINGS:
        return Rejected(why_no_writing(wanted.writing))
    return LocalityChanges(zone, wanted.writing)


def change_locality(context: Context, organization_id: int, wanted: LocalityChanges) -> Organization | Rejected:
    """Applies the changes, all of them or, if one cannot be, none."""
    changes = _checked(wanted)
    if isinstance(changes, Rejected):
        return changes
    told = []
    with context.database.writing() as session:
        organization = organization_for_change(session, organization_id)
        for name, label in LOCALITY_LABELS.items():
            before, after = getattr(organization, name), getattr(changes, name)
            if after is None or after == before:
                continue
            setattr(organization, name, after)
            told.append(Change(label, locality_words(name, before), locality_words(name, after)))
        if told:
            note(context, session, organization_id, ActivityKind.PREFERENCES_CHANGED, changes=told)
    if told:
        log.info("organization.locality_changed", organization_id=organization_id)
    return organization
