"""Integrations > Preferences and Sync Invoices > Preferences: a partner's choices.

Every setting appears in one place only: the sync mode, the cut-off date and the rest are on the Sync Tool's page if the
Sync Tool is enabled, and beside the switch if it is not.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.locality import proposed_zone_names
from domain.preferences import SYNC_MODE_LABELS, SyncMode
from usecases.copy_choices import change_terms
from usecases.copying import refresh_books_lists
from usecases.locality import LocalityChanges, change_locality
from usecases.previewing import preview_change, save_changes
from usecases.results import Rejected
from web.copy_terms_form import TypedTerms, terms_values
from web.pages import render
from web.payments import ID_MAX
from web.preference_form import ShownPreferences, Typed, TypedMode, TypedSwitch, shown
from web.previews import address_of, previewed_form
from web.signed_in import (
    InOrganization,
    ManagersForm,
    ManagersFormWithSyncTool,
    Member,
    WithSyncTool,
    context_of,
)
from web.writing import writing_examples

router = APIRouter(include_in_schema=False)

SAVED = "Your changes are saved. The payments they affect are being decided again."
LOCALITY_SAVED = "Your changes are saved. Every page follows them from now on; no payment changes."
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


Typed200 = Annotated[str, Form(max_length=200)]
# Where a form was left for a preview, its values are the previewed ones.
FromPreview = Annotated[int | None, Query(alias="preview", ge=1, le=ID_MAX)]


@router.get("/integrations/preferences")
def preferences_page(
    request: Request,
    member: InOrganization,
    saved: bool = False,
    locality: bool = False,
    from_preview: FromPreview = None,
) -> Response:
    form = previewed_form(request, member, from_preview)
    notice = SAVED if saved else LOCALITY_SAVED if locality else None
    return _page(request, member, "preferences.html", form=form, notice=notice)


@router.post("/integrations/preferences")
def save_preferences(request: Request, member: ManagersForm, typed: TypedSwitch) -> Response:
    if typed.problem:
        return _refused_switch(request, member, typed, typed.problem)
    saved = save_changes(context_of(request), member.organization_id, typed.changes)
    return RedirectResponse(address_of(saved) if saved else "/integrations/preferences?saved=true", 303)


@router.post("/integrations/preferences/preview")
def preview_preferences(request: Request, member: ManagersForm, typed: TypedSwitch) -> Response:
    if typed.problem:
        return _refused_switch(request, member, typed, typed.problem)
    preview = preview_change(context_of(request), member.organization_id, typed.changes)
    if isinstance(preview, Rejected):
        return _refused_switch(request, member, typed, preview.message)
    return RedirectResponse(address_of(preview), 303)


@router.post("/integrations/preferences/locality")
def save_locality(request: Request, member: ManagersForm, time_zone: Typed200 = "", writing: Typed200 = "") -> Response:
    """Whose clocks pages show, and how they write amounts: a form of its own, because it changes no payment."""
    wanted = LocalityChanges(time_zone, writing)
    changed = change_locality(context_of(request), member.organization_id, wanted)
    if isinstance(changed, Rejected):
        return _page(request, member, "preferences.html", locality=wanted, problem=changed.message, status_code=422)
    return RedirectResponse("/integrations/preferences?locality=true#locality", 303)


def _refused_switch(request: Request, member: Member, typed: Typed, problem: str) -> Response:
    form = typed.over(shown(member.organization.preferences), sync_enabled=typed.changes.sync_enabled)
    return _page(request, member, "preferences.html", form=form, problem=problem, status_code=422)


@router.get("/sync-invoices/preferences")
def sync_invoices_page(
    request: Request, member: WithSyncTool, saved: bool = False, terms: bool = False, from_preview: FromPreview = None
) -> Response:
    refresh_books_lists(context_of(request), member.organization_id)
    form = previewed_form(request, member, from_preview)
    notice = SAVED if saved else TERMS_SAVED if terms else None
    return _page(request, member, "sync_invoices.html", form=form, notice=notice)


@router.post("/sync-invoices/preferences")
def save_sync_invoices(request: Request, member: ManagersFormWithSyncTool, typed: TypedMode) -> Response:
    if typed.problem:
        return _refused_mode(request, member, typed, typed.problem)
    saved = save_changes(context_of(request), member.organization_id, typed.changes)
    return RedirectResponse(address_of(saved) if saved else "/sync-invoices/preferences?saved=true", 303)


@router.post("/sync-invoices/preferences/preview")
def preview_sync_invoices(request: Request, member: ManagersFormWithSyncTool, typed: TypedMode) -> Response:
    if typed.problem:
        return _refused_mode(request, member, typed, typed.problem)
    preview = preview_change(context_of(request), member.organization_id, typed.changes)
    if isinstance(preview, Rejected):
        return _refused_mode(request, member, typed, preview.message)
    return RedirectResponse(address_of(preview), 303)


def _refused_mode(request: Request, member: Member, typed: Typed, problem: str) -> Response:
    mode = typed.changes.sync_mode
    form = typed.over(shown(member.organization.preferences), sync_mode=mode.value if mode else None)
    return _page(request, member, "sync_invoices.html", form=form, problem=problem, status_code=422)


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
    form: ShownPreferences | None = None,
    locality: LocalityChanges | None = None,
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
        form=form or shown(member.organization.preferences),
        locality=locality or member.organization.locality,
        zones=proposed_zone_names(),
        writings=writing_examples(),
        modes=[(mode, SYNC_MODE_LABELS[mode], MODE_TEXTS[mode]) for mode in SyncMode],
        notice=notice,
        problem=problem,
        **values,
    )
