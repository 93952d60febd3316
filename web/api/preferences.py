"""GET and PUT /api/preferences: the organization's choices."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from domain.locality import WRITINGS, Locality
from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy
from models.organizations import Organization
from usecases.locality import LocalityChanges, change_locality
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.results import Rejected
from web.api.access import Authorized, AuthorizedToManage
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import Day
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["preferences"], route_class=WithKeptAnswers)


class PreferencesIn(BaseModel):
    """All the choices: PUT replaces them all, except that a time zone or way of writing that is left out stays."""

    model_config = ConfigDict(extra="forbid")

    sync_enabled: bool
    sync_mode: SyncMode
    cut_off_on: Day | None
    correction_policy: CorrectionPolicy
    twin_policy: TwinPolicy
    find_by_number: bool
    time_zone: str | None = Field(None, description="An IANA name; whose clocks the pages show. The API stays in UTC.")
    writing: str | None = Field(
        None,
        description=f"How the pages write amounts and dates, one of {', '.join(WRITINGS)}. The API writes 1234.50.",
    )

    def as_changes(self) -> PreferenceChanges:
        return PreferenceChanges(
            sync_enabled=self.sync_enabled,
            sync_mode=self.sync_mode,
            cut_off_on=self.cut_off_on,
            correction_policy=self.correction_policy,
            twin_policy=self.twin_policy,
            find_by_number=self.find_by_number,
        )

    @classmethod
    def of(cls, chosen: Preferences, locality: Locality | None = None) -> "PreferencesIn":
        return cls(
            sync_enabled=chosen.sync_enabled,
            sync_mode=chosen.sync_mode,
            cut_off_on=chosen.cut_off_on,
            correction_policy=chosen.correction_policy,
            twin_policy=chosen.twin_policy,
            find_by_number=chosen.find_by_number,
            time_zone=locality.time_zone if locality is not None else None,
            writing=locality.writing if locality is not None else None,
        )


class PreferencesOut(BaseModel):
    """The choices, and whether the platform has enabled the Sync Tool; the mode counts only if it has."""

    sync_tool_enabled: bool
    preferences: PreferencesIn

    @classmethod
    def of(cls, organization: Organization) -> "PreferencesOut":
        chosen = organization.preferences
        return cls(
            sync_tool_enabled=chosen.sync_tool_enabled, preferences=PreferencesIn.of(chosen, organization.locality)
        )


@router.get("/preferences", summary="Read the preferences")
def get_preferences(caller: Authorized) -> PreferencesOut:
    """The organization's choices as they are in force."""
    return PreferencesOut.of(caller.organization)


@router.put("/preferences", openapi_extra=REPEATABLE, summary="Replace the preferences")
def put_preferences(request: Request, caller: AuthorizedToManage, chosen: PreferencesIn) -> PreferencesOut:
    """Replaces all choices; takes effect at once: every payment affected by the change is decided again."""
    context = context_of(request)
    # First, because it is what may be refused.
    locality = change_locality(context, caller.organization_id, LocalityChanges(chosen.time_zone, chosen.writing))
    if isinstance(locality, Rejected):
        raise Refused(Problem.NOT_VALID, locality.message)
    return PreferencesOut.of(change_preferences(context, caller.organization_id, chosen.as_changes()))
