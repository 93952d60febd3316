"""Integrations > Preferences and Sync Invoices > Preferences: a partner's choices.

Every setting appears in one place only: the sync mode, the cut-off date and the rest are on the Sync Tool's page if the
Sync Tool is enabled, and beside the switch if it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from domain.preferences import SYNC_MODE_LABELS, CorrectionPolicy, SyncMode, TwinPolicy
from models.organizations import Organization
from usecases.copy_choices import change_terms
from usecases.copying import refresh_books_lists
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.results import Rejected
from web.copy_terms_form import TypedTerms, terms_values
from web.pages import render
from web.signed_in import (
    InOrganization,
    ManagersForm,
    ManagersFormWithSyncTool,
    Member,
    WithSyncTool,
    context_of,
)

router = APIRouter(include_in_schema=False)

SAVED = "Your changes are saved. The payments they affect are being decided again."
TERMS_SAVED = "Your choices for the Sync Tool are saved. A preview that is open can be checked again."
# The words of the product's specification.
MODE_TEXTS = {
    SyncMode.DISABLED: (
        "No external payments will be synced. Use this if you want to keep payment records separate between systems."
    ),
    SyncMode.ALL_INVOICES: (
        "Syncs external payments for all invoices that exist in both QuickBooks and ConnectWise. "
        "Use this for comprehensive payment tracking across all invoices."
    ),
    SyncMode.SYNCED_ONLY: (
        "Syncs external payments only for invoices that were previously synced using the Sync Tool. Use this for "
        "controlled synchronization of manually-selected invoices. Invoices created through other methods will not "
        "have their payments synced."
    ),
}


@dataclass(frozen=True, slots=True)
class ShownPreferences:
    """The values in the form."""

    sync_enabled: bool
    sync_mode: str
    cut_off_on: str
    correction_policy: str
    twin_policy: str
    find_by_number: bool


def _stored(organization: Organization) -> ShownPreferences:
    return ShownPreferences(
        sync_enabled=organization.sync_enabled,
        sync_mode=organization.sync_mode,
        cut_off_on=organization.cut_off_on.isoformat() if organization.cut_off_on else "",
        correction_policy=organization.correction_policy,
        twin_policy=organization.twin_policy,
        find_by_number=organization.find_by_number,
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """The values of the fields that both pages may have; `problem` is a sentence if they are not acceptable."""

    changes: PreferenceChanges
    problem: str | None = None


def _typed(
    has_payment_preferences: Annotated[str, Form()] = "",
    cut_off_on: Annotated[str, Form()] = "",
    correction_policy: Annotated[CorrectionPolicy | None, Form()] = None,
    twin_policy: Annotated[TwinPolicy | None, Form()] = None,
    find_by_number: Annotated[str, Form()] = "",
) -> Typed:
    """The marker shows that the form had these fields; otherwise an emptied date would look like a missing one."""
    if not has_payment_preferences:
        return Typed(PreferenceChanges())
    try:
        cut_off = date.fromisoformat(cut_off_on.strip()) if cut_off_on.strip() else None
    except ValueError:
        problem = f"'{cut_off_on}' is not a date. Write it as year-month-day, such as 2026-01-31."
        return Typed(PreferenceChanges(), problem)
    return Typed(
        PreferenceChanges(
            cut_off_on=cut_off,
            correction_policy=correction_policy,
            twin_policy=twin_policy,
            # A browser leaves out a switch that is off.
            find_by_number=bool(find_by_number),
        )
    )


TypedPreferences = Annotated[Typed, Depends(_typed)]


@router.get("/integrations/preferences")
def preferences_page(request: Request, member: InOrganization, saved: bool = False) -> Response:
    return _page(request, member, "preferences.html", notice=SAVED if saved else None)


@router.post("/integrations/preferences")
def save_preferences(
    request: Request, member: ManagersForm, typed: TypedPreferences, sync_enabled: Annotated[str, Form()] = ""
) -> Response:
    if typed.problem:
        return _page(request, member, "preferences.html", problem=typed.problem, status_code=422)
    # A browser leaves out a switch that is off.
    changes = replace(typed.changes, sync_enabled=bool(sync_enabled))
    change_preferences(context_of(request), member.organization_id, changes)
    return RedirectResponse("/integrations/preferences?saved=true", 303)


@router.get("/sync-invoices/preferences")
def sync_invoices_page(request: Request, member: WithSyncTool, saved: bool = False, terms: bool = False) -> Response:
    refresh_books_lists(context_of(request), member.organization_id)
    return _page(request, member, "sync_invoices.html", notice=SAVED if saved else TERMS_SAVED if terms else None)


@router.post("/sync-invoices/preferences")
def save_sync_invoices(
    request: Request,
    member: ManagersFormWithSyncTool,
    typed: TypedPreferences,
    sync_mode: Annotated[SyncMode | None, Form()] = None,
) -> Response:
    if typed.problem:
        return _page(request, member, "sync_invoices.html", problem=typed.problem, status_code=422)
    change_preferences(context_of(request), member.organization_id, replace(typed.changes, sync_mode=sync_mode))
    return RedirectResponse("/sync-invoices/preferences?saved=true", 303)


@router.post("/sync-invoices/terms")
def save_terms(request: Request, member: ManagersFormWithSyncTool, typed: TypedTerms) -> Response:
    """The choices for copying invoices; those for payments have a form of their own."""
    changed = change_terms(context_of(request), member.organization_id, typed)
    if isinstance(changed, Rejected):
        return _page(request, member, "sync_invoices.html", problem=changed.message, typed=typed, status_code=422)
    return RedirectResponse("/sync-invoices/preferences?terms=true#sync-tool", 303)


def _page(
    request: Request,
    member: Member,
    template: str,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: Mapping[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    values = terms_values(request, member, typed) if template == "sync_invoices.html" else {}
    return render(
        request,
        template,
        status_code,
        viewer=member.viewer,
        form=_stored(member.organization),
        modes=[(mode, SYNC_MODE_LABELS[mode], MODE_TEXTS[mode]) for mode in SyncMode],
        notice=notice,
        problem=problem,
        **values,
    )
