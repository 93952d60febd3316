"""GET and PUT /api/preferences: the organization's choices."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy
from models.organizations import Organization
from usecases.organizations import PreferenceChanges, change_preferences
from web.api.access import Authorized, AuthorizedToManage
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import Day
from web.signed_in import context_of

router = APIRouter(tags=["preferences"], route_class=WithKeptAnswers)


class PreferencesIn(BaseModel):
    """All the choices: PUT replaces them all."""

    model_config = ConfigDict(extra="forbid")

    sync_enabled: bool
    sync_mode: SyncMode
    cut_off_on: Day | None
    correction_policy: CorrectionPolicy
    twin_policy: TwinPolicy
    find_by_number: bool

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
    def of(cls, chosen: Preferences) -> "PreferencesIn":
        return cls(
            sync_enabled=chosen.sync_enabled,
            sync_mode=chosen.sync_mode,
            cut_off_on=chosen.cut_off_on,
            correction_policy=chosen.correction_policy,
            twin_policy=chosen.twin_policy,
            find_by_number=chosen.find_by_number,
        )


class PreferencesOut(BaseModel):
    """The choices, and whether the platform has enabled the Sync Tool; the mode counts only if it has."""

    sync_tool_enabled: bool
    preferences: PreferencesIn

    @classmethod
    def of(cls, organization: Organization) -> "PreferencesOut":
        chosen = organization.preferences
        return cls(sync_tool_enabled=chosen.sync_tool_enabled, preferences=PreferencesIn.of(chosen))


@router.get("/preferences", summary="Read the preferences")
def get_preferences(caller: Authorized) -> PreferencesOut:
    """The organization's choices as they are in force."""
    return PreferencesOut.of(caller.organization)


@router.put("/preferences", openapi_extra=REPEATABLE, summary="Replace the preferences")
def put_preferences(request: Request, caller: AuthorizedToManage, chosen: PreferencesIn) -> PreferencesOut:
    """Replaces all choices; takes effect at once: every payment affected by the change is decided again."""
    changed = change_preferences(context_of(request), caller.organization_id, chosen.as_changes())
    return PreferencesOut.of(changed)
