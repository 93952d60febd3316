"""Rendering: the templates, the words they may use, and the addresses of static files."""

import hashlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.activity import ACTIVITY_LABELS
from domain.alarms.words import ABOUT
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES
from domain.notices.kinds import ALARM_KINDS, KIND_LABELS, KIND_TEXTS
from domain.notices.trying import STATE_LABELS
from domain.payment_actions import PaymentAction
from domain.payment_order import ORDER_LABELS
from domain.set_up import SET_UP_STEP_LABELS, STEP_STATE_LABELS, SetUpStep, StepState
from domain.status import STATUS_LABELS, PaymentStatus
from domain.users import ROLE_LABELS, ROLE_TEXTS, TOKEN_SCOPE_LABELS
from usecases.endpoints import host_of
from usecases.passwords import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN
from web import copy_wording, gap_wording, invoice_wording, labels, page_filters, reconciliation_wording, wording
from web.copy_previews import preview_from
from web.signed_in import Viewer
from web.writing import EVERYBODY, Writing, writing_of

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def _static_version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """The address with a hash of the content: a browser may cache the file and still never shows an old one."""
    return f"/static/{name}?v={_static_version(name)}"


def _labels(*modules: ModuleType) -> dict[str, Any]:
    """The tables of words that these modules have, by their names."""
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if name.endswith(("_LABELS", "_BADGES")) and found.setdefault(name, value) is not value:
                raise AssertionError(f"{module.__name__} has other words by the name {name} than a module before it")
    return found


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _labels(labels, invoice_wording, reconciliation_wording, gap_wording),
        static_url=static_url,
        STATUS_LABELS=STATUS_LABELS,
        ACTIVITY_LABELS=ACTIVITY_LABELS,
        NOTICE_KIND_LABELS=KIND_LABELS,
        NOTICE_KIND_TEXTS=KIND_TEXTS,
        ALARM_KINDS=ALARM_KINDS,
        URGENT_KINDS=[kind for kind, about in ABOUT.items() if about.is_urgent],
        NOTICE_STATE_LABELS=STATE_LABELS,
        ORDER_LABELS=ORDER_LABELS,
        ENTRY_CHANGE_SENTENCES=ENTRY_CHANGE_SENTENCES,
        SET_UP_STEP_LABELS=SET_UP_STEP_LABELS,
        STEP_STATE_LABELS=STEP_STATE_LABELS,
        SetUpStep=SetUpStep,
        StepState=StepState,
        PaymentStatus=PaymentStatus,
        PaymentAction=PaymentAction,
        ROLE_LABELS=ROLE_LABELS,
        ROLE_TEXTS=ROLE_TEXTS,
        TOKEN_SCOPE_LABELS=TOKEN_SCOPE_LABELS,
        PASSWORD_CHARACTERS_MIN=PASSWORD_CHARACTERS_MIN,
        PASSWORD_CHARACTERS_MAX=PASSWORD_CHARACTERS_MAX,
    )
    environment.filters.update(
        host_of=host_of,
        told_of_try=wording.told_of_try,
        **page_filters.WRITTEN,
        duration=wording.duration,
        within=wording.within,
        part_label=wording.part_label,
        invoice_labels=wording.invoice_labels,
        state_mark=wording.state_mark,
        synced_seconds=wording.synced_seconds,
        copy_sentence=copy_wording.sentence,
        copy_advice=copy_wording.advice,
        preview=preview_from,
        outcome=copy_wording.outcome,
        line_name=invoice_wording.line_name,
        moment_of=reconciliation_wording.moment_of,
        asked_of=reconciliation_wording.asked_of,
    )
    return environment


_environment = _make_environment()


def writing_for(viewer: Viewer | None) -> Writing:
    """As the organization writes in which this person works; in UTC for those who work in none."""
    organization = viewer.organization if viewer is not None else None
    return EVERYBODY if organization is None else writing_of(organization.locality)


def render(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """Renders a page; `viewer` is None on pages that need no login."""
    values.setdefault("viewer", None)
    values.setdefault("notice", None)
    values.setdefault("problem", None)
    values.setdefault("writing", writing_for(values["viewer"]))
    values["path"] = request.url.path
    values["now"] = request.app.state.context.clock.now()
    return HTMLResponse(_environment.get_template(template).render(values), status_code=status_code)
