"""GET and PUT /api/preferences: the organization's choices."""

from datetime import date

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from models.organizations import Organization
from usecases.organizations import PreferenceChanges, change_preferences
from web.api.access import REFUSALS, Authorized, AuthorizedToManage
from web.signed_in import context_of

router = APIRouter(tags=["preferences"], responses=REFUSALS)


class PreferencesIn(BaseModel):
    """All the choices: PUT replaces them all."""

    model_config = ConfigDict(extra="forbid")

    sync_enabled: bool
    sync_mode: SyncMode
    cut_off_on: date | None
    correction_policy: CorrectionPolicy
    twin_policy: TwinPolicy
    find_by_number: bool


class PreferencesOut(BaseModel):
    """The choices, and whether the platform has enabled the Sync Tool; the mode counts only if it has."""

    sync_tool_enabled: bool
    preferences: PreferencesIn

    @classmethod
    def of(cls, organization: Organization) -> "PreferencesOut":
        chosen = organization.preferences
        return cls(
            sync_tool_enabled=chosen.sync_tool_enabled,
            preferences=PreferencesIn(
                sync_enabled=chosen.sync_enabled,
                sync_mode=chosen.sync_mode,
                cut_off_on=chosen.cut_off_on,
                correction_policy=chosen.correction_policy,
                twin_policy=chosen.twin_policy,
                find_by_number=chosen.find_by_number,
            ),
        )


@router.get("/preferences")
def get_preferences(caller: Authorized) -> PreferencesOut:
    return PreferencesOut.of(caller.organization)


@router.put("/preferences")
def put_preferences(request: Request, caller: AuthorizedToManage, chosen: PreferencesIn) -> PreferencesOut:
    """Takes effect at once: every payment affected by the change is decided again."""
    changes = PreferenceChanges(
        sync_enabled=chosen.sync_enabled,
        sync_mode=chosen.sync_mode,
        cut_off_on=chosen.cut_off_on,
        correction_policy=chosen.correction_policy,
        twin_policy=chosen.twin_policy,
        find_by_number=chosen.find_by_number,
    )
    return PreferencesOut.of(change_preferences(context_of(request), caller.organization_id, changes))
