"""Every route of the application, with what it asks for and how it is called; test_every_route.py walks them.

A new route needs a row here. The row says who may, how the path is filled from things that are really there, and what a
form or a body must have to be read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import FastAPI


class Asks(StrEnum):
    """What a route asks its caller for."""

    NOTHING = "nothing"
    LOGIN = "login"
    ORGANIZATION = "organization"
    WORK = "work"
    MANAGE = "manage"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Row:
    """How a route is called.

    Attributes:
        ids: the parameters of its path that are ids of one organization's things, by the names of `Things`.
        names: other parameters of its path, with a value.
        form: what a form must have besides its token.
        body: the JSON of a call of the API.
        query: what the address has behind it.
        given: fields of the form, or lists in the body, that are ids as well.
        own: the form is about one's own account, not about an organization.
    """

    asks: Asks
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    own: bool = False


LOOK, WORK, MANAGE = Asks.ORGANIZATION, Asks.WORK, Asks.MANAGE
PAYMENT, RUN, COPY = {"external_id": "payment"}, {"run_id": "run"}, {"row_id": "copy"}
PREVIEW = {"preview_id": "preview"}
# It is about all organizations, so it is none of an organization's things.
REPLAY = {"replay_id": "1"}
UNDO = {"undo_id": "undo"}
INVOICE = {"invoice_id": "invoice"}
BREAK, STATEMENT = {"break_id": "break"}, {"statement_id": "statement"}
GAP = {"gap_id": "gap"}
DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
API_PAYMENT = {"payment_id": "payment"}
PREFERENCES = {
    "sync_enabled": True,
    "sync_mode": "all_invoices",
    "cut_off_on": None,
    "correction_policy": "hold",
    "twin_policy": "adopt",
    "find_by_number": True,
}
ENDPOINT, NOTICE = {"endpoint_id": "endpoint"}, {"endpoint_id": "endpoint", "notice_id": "notice"}
# A port that nobody listens on, on this machine: allowed in development.
WEBHOOK = {"name": "Tickets", "address": "http://127.0.0.1:9/", "kinds": ["payment.held"]}
CHANNEL, LETTER = {"endpoint_id": "channel"}, {"endpoint_id": "channel", "notice_id": "letter"}
SLACK = {"channel": "slack", "name": "Chat", "address": "http://127.0.0.1:9/hook", "kinds": ["alarm.attention"]}
ROUTES: dict[tuple[str, str], Row] = {
    # --- for everybody ---
    ("GET", "/"): Row(Asks.NOTHING),
    ("GET", "/healthz"): Row(Asks.NOTHING),
    ("GET", "/readyz"): Row(Asks.NOTHING),
    ("GET", "/readyz/web"): Row(Asks.NOTHING),
    ("GET", "/metrics"): Row(Asks.NOTHING),
    ("GET", "/openapi.json"): Row(Asks.NOTHING),
    ("GET", "/api-reference"): Row(Asks.NOTHING),
    ("GET", "/problems/{name}"): Row(Asks.NOTHING, names={"name": "not-ready"}),
    ("POST", "/webhooks/{vendor}"): Row(Asks.NOTHING, names={"vendor": "quickbooks"}),
    # --- coming in and going out ---
    ("GET", "/login"): Row(Asks.NOTHING),
    ("POST", "/login"): Row(Asks.NOTHING, own=True, form={"email": "nobody@example.com", "password": "a wrong one"}),
    ("GET", "/login/once"): Row(Asks.NOTHING),
    ("GET", "/login/code"): Row(Asks.NOTHING),
    ("POST", "/login/code"): Row(Asks.NOTHING, own=True, form={"code": "123456"}),
    ("GET", "/invitation"): Row(Asks.NOTHING),
    ("POST", "/invitation"): Row(Asks.NOTHING, own=True, form={"token": "no such one"}),
    ("POST", "/logout"): Row(Asks.NOTHING, own=True),
    ("GET", "/organizations"): Row(Asks.OPERATOR),
    ("GET", "/api/operator/organizations"): Row(Asks.OPERATOR),
    ("POST", "/organizations"): Row(Asks.OPERATOR, own=True, form={"organization_id": "1"}),
    # --- the operator's pages, about all organizations ---
    ("GET", "/operator"): Row(Asks.OPERATOR),
    ("POST", "/operator/pause"): Row(
        Asks.OPERATOR, own=True, form={"organization_id": "1", "why": "they import invoices"}
    ),
    ("POST", "/operator/resume"): Row(Asks.OPERATOR, own=True, form={"organization_id": "1"}),
    ("POST", "/operator/open"): Row(Asks.OPERATOR, own=True, form={"organization_id": "1"}),
    ("GET", "/operator/payments"): Row(Asks.OPERATOR),
    ("POST", "/operator/payments/act"): Row(
        Asks.OPERATOR, own=True, form={"organization_id": "1", "what": "retry"}, given={"payment": "payment"}
    ),
    ("GET", "/operator/replays"): Row(Asks.OPERATOR),
    ("POST", "/operator/replays"): Row(Asks.OPERATOR, own=True, form={"name": "after the outage"}),
    ("GET", "/operator/replays/{replay_id}"): Row(Asks.OPERATOR, names=REPLAY),
    ("GET", "/live/operator/replays/{replay_id}"): Row(Asks.OPERATOR, names=REPLAY),
    ("POST", "/operator/replays/{replay_id}/{what}"): Row(Asks.OPERATOR, names=REPLAY | {"what": "confirm"}, own=True),
    # --- one's own account ---
    ("GET", "/settings/account"): Row(Asks.LOGIN),
    ("POST", "/settings/account/password"): Row(Asks.LOGIN, own=True, form={"new": "too short"}),
    ("POST", "/settings/account/log-out-everywhere"): Row(Asks.LOGIN, own=True),
    ("GET", "/settings/account/second-factor"): Row(Asks.LOGIN),
    ("POST", "/settings/account/second-factor"): Row(Asks.LOGIN, own=True),
    ("POST", "/settings/account/second-factor/confirm"): Row(Asks.LOGIN, own=True, form={"code": "123456"}),
    ("POST", "/settings/account/second-factor/recovery-codes"): Row(Asks.LOGIN, own=True, form={"code": "123456"}),
    ("POST", "/settings/account/second-factor/off"): Row(Asks.LOGIN, own=True, form={"code": "123456"}),
    # --- people ---
    ("GET", "/settings/people"): Row(LOOK),
    ("POST", "/settings/people/invite"): Row(MANAGE, form={"email": "new@northwind.example", "role": "viewer"}),
    ("POST", "/settings/people/invitations/{invitation_id}/withdraw"): Row(MANAGE, {"invitation_id": "invitation"}),
    ("POST", "/settings/people/{user_id}/role"): Row(MANAGE, {"user_id": "user"}, form={"role": "viewer"}),
    ("POST", "/settings/people/{user_id}/{what}"): Row(MANAGE, {"user_id": "user"}, {"what": "disable"}),
    # --- API tokens ---
    ("GET", "/settings/api-tokens"): Row(MANAGE),
    ("POST", "/settings/api-tokens"): Row(MANAGE, form={"name": "billing", "scope": "read", "days": "30"}),
    ("POST", "/settings/api-tokens/{token_id}/revoke"): Row(MANAGE, {"token_id": "token"}),
    # --- notifications ---
    ("GET", "/settings/notifications"): Row(LOOK),
    ("POST", "/settings/notifications"): Row(MANAGE, form=SLACK | {"digest_hours": "4"}),
    ("GET", "/settings/notifications/{endpoint_id}"): Row(LOOK, CHANNEL),
    ("POST", "/settings/notifications/{endpoint_id}/change"): Row(MANAGE, CHANNEL, form=SLACK | {"digest_hours": "4"}),
    ("POST", "/settings/notifications/{endpoint_id}/test"): Row(MANAGE, CHANNEL),
    ("POST", "/settings/notifications/{endpoint_id}/resend"): Row(MANAGE, CHANNEL),
    ("POST", "/settings/notifications/{endpoint_id}/{what}"): Row(MANAGE, CHANNEL, {"what": "on"}),
    ("GET", "/settings/notifications/{endpoint_id}/notices/{notice_id}"): Row(LOOK, LETTER),
    ("POST", "/settings/notifications/{endpoint_id}/notices/{notice_id}/resend"): Row(MANAGE, LETTER),
    # --- webhooks ---
    ("GET", "/settings/webhooks"): Row(LOOK),
    ("POST", "/settings/webhooks"): Row(MANAGE, form=WEBHOOK),
    ("GET", "/settings/webhooks/{endpoint_id}"): Row(LOOK, ENDPOINT),
    ("POST", "/settings/webhooks/{endpoint_id}/change"): Row(MANAGE, ENDPOINT, form=WEBHOOK),
    ("POST", "/settings/webhooks/{endpoint_id}/new-secret"): Row(MANAGE, ENDPOINT),
    ("POST", "/settings/webhooks/{endpoint_id}/test"): Row(MANAGE, ENDPOINT),
    ("POST", "/settings/webhooks/{endpoint_id}/resend"): Row(MANAGE, ENDPOINT),
    ("POST", "/settings/webhooks/{endpoint_id}/{what}"): Row(MANAGE, ENDPOINT, {"what": "on"}),
    ("GET", "/settings/webhooks/{endpoint_id}/notices/{notice_id}"): Row(LOOK, NOTICE),
    ("POST", "/settings/webhooks/{endpoint_id}/notices/{notice_id}/resend"): Row(MANAGE, NOTICE),
    # --- payments and invoices ---
    ("GET", "/overview"): Row(LOOK),
    ("GET", "/live/overview"): Row(LOOK),
    ("POST", "/overview/check"): Row(MANAGE, form={"step": "check_rights"}),
    ("POST", "/overview/look"): Row(WORK),
    ("GET", "/payments"): Row(LOOK),
    ("GET", "/live/payments"): Row(LOOK),
    ("GET", "/payments/{external_id}"): Row(LOOK, PAYMENT),
    ("GET", "/live/payments/{external_id}"): Row(LOOK, PAYMENT),
    ("POST", "/payments/{external_id}/retry"): Row(WORK, PAYMENT),
    ("GET", "/payments.csv"): Row(LOOK),
    ("POST", "/payments/choose"): Row(WORK, form={"what": "dismiss"}, given={"payment": "payment"}),
    ("POST", "/payments/act"): Row(WORK, form={"what": "dismiss", "why": "none"}, given={"payments": "payment"}),
    ("POST", "/payments/{external_id}/act"): Row(WORK, PAYMENT, form={"what": "dismiss", "why": "no reason"}),
    ("POST", "/payments/{external_id}/link"): Row(WORK, PAYMENT, form={"to": "4711"}),
    ("GET", "/payments/undo"): Row(LOOK),
    ("POST", "/payments/undo"): Row(MANAGE, form={"since": "2026-11-20T09:00"}),
    ("GET", "/payments/undo/{undo_id}"): Row(LOOK, UNDO),
    ("GET", "/live/payments/undo/{undo_id}"): Row(LOOK, UNDO),
    ("POST", "/payments/undo/{undo_id}/confirm"): Row(MANAGE, UNDO, form={"typed": "northwind"}),
    ("POST", "/payments/undo/{undo_id}/stop"): Row(MANAGE, UNDO),
    ("POST", "/payments/undo/{undo_id}/continue"): Row(MANAGE, UNDO),
    ("GET", "/invoices"): Row(LOOK),
    ("GET", "/live/invoices"): Row(LOOK),
    ("GET", "/invoices/{invoice_id}"): Row(LOOK, INVOICE),
    ("GET", "/live/invoices/{invoice_id}"): Row(LOOK, INVOICE),
    ("POST", "/invoices/{invoice_id}/read"): Row(WORK, INVOICE),
    ("POST", "/invoices/look-up"): Row(WORK, form={"number": "INV-1"}),
    ("POST", "/invoices/add"): Row(WORK, form={"number": "INV-1", "source_id": "1", "target_id": "1"}),
    ("GET", "/activity"): Row(LOOK),
    ("GET", "/activity.csv"): Row(LOOK),
    # --- the reconciliation ---
    ("GET", "/reconciliation"): Row(LOOK),
    ("GET", "/live/reconciliation"): Row(LOOK),
    ("GET", "/live/reconciliation/breaks"): Row(LOOK),
    ("POST", "/reconciliation/compare"): Row(WORK),
    ("GET", "/reconciliation.csv"): Row(LOOK),
    ("GET", "/reconciliation/breaks/{break_id}"): Row(LOOK, BREAK),
    ("POST", "/reconciliation/breaks/{break_id}/accept"): Row(WORK, BREAK, form={"reason": "a rounding of ours"}),
    ("POST", "/reconciliation/breaks/{break_id}/withdraw"): Row(WORK, BREAK),
    ("GET", "/reconciliation/runs"): Row(LOOK),
    ("GET", "/reconciliation/runs/{run_id}"): Row(LOOK, {"run_id": "comparison"}),
    ("GET", "/reconciliation/statements"): Row(LOOK),
    ("POST", "/reconciliation/statements"): Row(WORK, form=DAYS),
    ("GET", "/reconciliation/statements/draft"): Row(LOOK, query=DAYS),
    ("GET", "/reconciliation/statements/draft/{name}"): Row(LOOK, names={"name": "statement.json"}, query=DAYS),
    ("GET", "/reconciliation/statements/{statement_id}"): Row(LOOK, STATEMENT),
    ("GET", "/reconciliation/statements/{statement_id}/{name}"): Row(LOOK, STATEMENT, {"name": "statement.zip"}),
    ("POST", "/reconciliation/statements/{statement_id}/review"): Row(MANAGE, STATEMENT),
    # --- gap statements ---
    ("GET", "/gaps"): Row(LOOK),
    ("GET", "/gaps.csv"): Row(LOOK),
    ("GET", "/gaps/{gap_id}"): Row(LOOK, GAP),
    ("GET", "/gaps/{gap_id}/payments.csv"): Row(LOOK, GAP),
    ("POST", "/gaps/{gap_id}/count"): Row(WORK, GAP),
    # --- integrations ---
    ("GET", "/integrations"): Row(LOOK),
    ("POST", "/integrations/connections/{role}/test"): Row(MANAGE, names={"role": "target"}),
    ("POST", "/integrations/resume-writes"): Row(MANAGE),
    ("POST", "/integrations/connections/{role}/disconnect"): Row(MANAGE, names={"role": "target"}),
    ("GET", "/integrations/{vendor}/connect"): Row(MANAGE, names={"vendor": "quickbooks"}),
    ("GET", "/integrations/{vendor}/callback"): Row(MANAGE, names={"vendor": "quickbooks"}),
    ("GET", "/integrations/preferences"): Row(LOOK),
    ("POST", "/integrations/preferences"): Row(MANAGE, form={"sync_enabled": "on"}),
    ("POST", "/integrations/preferences/preview"): Row(MANAGE, form={"sync_enabled": "on"}),
    ("POST", "/integrations/preferences/locality"): Row(MANAGE, form={"time_zone": "UTC", "writing": "en-GB"}),
    ("GET", "/integrations/previews/{preview_id}"): Row(LOOK, PREVIEW),
    ("GET", "/live/integrations/previews/{preview_id}"): Row(LOOK, PREVIEW),
    ("GET", "/integrations/previews/{preview_id}/parts"): Row(LOOK, PREVIEW),
    ("POST", "/integrations/previews/{preview_id}/save"): Row(MANAGE, PREVIEW),
    # --- the Sync Tool ---
    ("GET", "/sync-invoices"): Row(LOOK),
    ("GET", "/live/sync-invoices"): Row(LOOK),
    ("GET", "/live/sync-invoices/reading"): Row(LOOK),
    ("POST", "/sync-invoices/refresh"): Row(WORK),
    ("POST", "/sync-invoices/start"): Row(WORK, form={"what": "mark"}, given={"invoice": "copy"}),
    ("POST", "/sync-invoices/begin"): Row(MANAGE, form={"start_on": "2026-01-01"}),
    ("GET", "/sync-invoices/preferences"): Row(LOOK),
    ("POST", "/sync-invoices/preferences"): Row(MANAGE, form={"sync_mode": "all_invoices"}),
    ("POST", "/sync-invoices/preferences/preview"): Row(MANAGE, form={"sync_mode": "synced_only"}),
    ("POST", "/sync-invoices/terms"): Row(MANAGE),
    ("GET", "/sync-invoices/customers"): Row(LOOK),
    ("POST", "/sync-invoices/customers"): Row(
        WORK, form={"do": "create", "name": "Somebody"}, given={"company_id": "company"}
    ),
    ("POST", "/sync-invoices/customers/use-proposals"): Row(WORK),
    ("GET", "/sync-invoices/history"): Row(LOOK),
    ("GET", "/sync-invoices/runs/{run_id}"): Row(LOOK, RUN),
    ("GET", "/sync-invoices/runs/{run_id}.csv"): Row(LOOK, RUN),
    ("GET", "/live/sync-invoices/runs/{run_id}"): Row(LOOK, RUN),
    ("POST", "/sync-invoices/runs/{run_id}/confirm"): Row(WORK, RUN),
    ("POST", "/sync-invoices/runs/{run_id}/check-again"): Row(WORK, RUN),
    ("POST", "/sync-invoices/runs/{run_id}/leave-out"): Row(WORK, RUN, given={"invoice": "copy"}),
    ("POST", "/sync-invoices/runs/{run_id}/use-proposals"): Row(WORK, RUN),
    ("POST", "/sync-invoices/runs/{run_id}/stop"): Row(WORK, RUN),
    ("POST", "/sync-invoices/runs/{run_id}/retry"): Row(WORK, RUN),
    ("GET", "/sync-invoices/invoices/{row_id}"): Row(LOOK, COPY),
    ("GET", "/live/sync-invoices/invoices/{row_id}"): Row(LOOK, COPY),
    ("POST", "/sync-invoices/invoices/{row_id}"): Row(WORK, COPY, form={"what": "copy"}),
    # --- the API ---
    ("GET", "/api/overview"): Row(LOOK),
    ("GET", "/api/payments"): Row(LOOK),
    ("GET", "/api/payments/{payment_id}"): Row(LOOK, API_PAYMENT),
    ("GET", "/api/payments/{payment_id}/explanation"): Row(LOOK, API_PAYMENT, query={"at": "2026-11-20T09:30:30Z"}),
    ("POST", "/api/payments/{payment_id}/retry"): Row(WORK, API_PAYMENT, body={}),
    ("POST", "/api/payments/{payment_id}/link"): Row(WORK, API_PAYMENT, body={"target_payment_id": "4711"}),
    ("POST", "/api/payment-actions"): Row(
        WORK, body={"action": "dismiss", "why": "no reason"}, given={"payments": "payment"}
    ),
    ("GET", "/api/undos"): Row(LOOK),
    ("POST", "/api/undos"): Row(MANAGE, body={"since": "2026-11-20T09:00:00Z"}),
    ("GET", "/api/undos/{undo_id}"): Row(LOOK, UNDO),
    ("POST", "/api/undos/{undo_id}/confirm"): Row(MANAGE, UNDO, body={"confirm": "northwind"}),
    ("POST", "/api/undos/{undo_id}/stop"): Row(MANAGE, UNDO),
    ("POST", "/api/undos/{undo_id}/continue"): Row(MANAGE, UNDO),
    ("GET", "/api/activity"): Row(LOOK),
    ("GET", "/api/preferences"): Row(LOOK),
    ("PUT", "/api/preferences"): Row(MANAGE, body=PREFERENCES),
    ("GET", "/api/invoices"): Row(LOOK),
    ("GET", "/api/invoices/{invoice_id}"): Row(LOOK, INVOICE),
    ("POST", "/api/invoices/{invoice_id}/read"): Row(WORK, INVOICE),
    ("POST", "/api/invoice-look-ups"): Row(WORK, body={"number": "INV-1"}),
    ("POST", "/api/invoices"): Row(WORK, body={"number": "INV-1", "source_id": "1", "target_id": "1"}),
    ("POST", "/api/previews"): Row(MANAGE, body=PREFERENCES | {"sync_enabled": False}),
    ("GET", "/api/previews/{preview_id}"): Row(LOOK, PREVIEW),
    ("GET", "/api/previews/{preview_id}/parts"): Row(LOOK, PREVIEW),
    ("POST", "/api/previews/{preview_id}/save"): Row(MANAGE, PREVIEW),
    ("GET", "/api/sync-tool/invoices"): Row(LOOK),
    ("POST", "/api/sync-tool/refresh"): Row(WORK),
    ("GET", "/api/sync-tool/runs"): Row(LOOK),
    ("POST", "/api/sync-tool/runs"): Row(WORK, body={"action": "mark"}, given={"invoice_ids": "copy"}),
    ("GET", "/api/sync-tool/runs/{run_id}"): Row(LOOK, RUN),
    ("GET", "/api/sync-tool/runs/{run_id}/items"): Row(LOOK, RUN),
    ("POST", "/api/sync-tool/runs/{run_id}/confirm"): Row(WORK, RUN),
    ("POST", "/api/sync-tool/runs/{run_id}/check-again"): Row(WORK, RUN),
    ("POST", "/api/sync-tool/runs/{run_id}/leave-out"): Row(WORK, RUN, body={"item_ids": [1]}),
    ("POST", "/api/sync-tool/runs/{run_id}/stop"): Row(WORK, RUN),
    ("POST", "/api/sync-tool/runs/{run_id}/retry"): Row(WORK, RUN),
    ("GET", "/api/sync-tool/customers"): Row(LOOK),
    ("PUT", "/api/sync-tool/customers/{company_id}"): Row(
        WORK, {"company_id": "company"}, body={"create_as": "Somebody"}
    ),
    ("GET", "/api/own-payments"): Row(LOOK),
    ("GET", "/api/gaps"): Row(LOOK),
    ("GET", "/api/gaps/{gap_id}"): Row(LOOK, GAP),
    ("GET", "/api/gaps/{gap_id}/payments"): Row(LOOK, GAP),
    ("POST", "/api/gaps/{gap_id}/count"): Row(WORK, GAP),
    ("GET", "/api/reconciliation"): Row(LOOK),
    ("GET", "/api/reconciliation/runs"): Row(LOOK),
    ("POST", "/api/reconciliation/runs"): Row(WORK),
    ("GET", "/api/reconciliation/runs/{run_id}"): Row(LOOK, {"run_id": "comparison"}),
    ("GET", "/api/reconciliation/breaks"): Row(LOOK),
    ("GET", "/api/reconciliation/breaks/{break_id}"): Row(LOOK, BREAK),
    ("POST", "/api/reconciliation/breaks/{break_id}/accept"): Row(WORK, BREAK, body={"reason": "a rounding of ours"}),
    ("POST", "/api/reconciliation/breaks/{break_id}/withdraw"): Row(WORK, BREAK),
    ("GET", "/api/reconciliation/statements"): Row(LOOK),
    ("GET", "/api/reconciliation/statements/draft"): Row(LOOK, query=DAYS),
    ("POST", "/api/reconciliation/statements"): Row(WORK, body=DAYS),
    ("GET", "/api/reconciliation/statements/{statement_id}"): Row(LOOK, STATEMENT),
    ("POST", "/api/reconciliation/statements/{statement_id}/review"): Row(MANAGE, STATEMENT),
    ("POST", "/api/own-payments"): Row(WORK, body={"ids": []}),
    ("POST", "/api/own-payments/intents"): Row(WORK, body={}),
    ("GET", "/api/notifications"): Row(LOOK),
    ("POST", "/api/notifications"): Row(MANAGE, body=SLACK),
    ("PUT", "/api/notifications/{endpoint_id}"): Row(MANAGE, CHANNEL, body=SLACK),
    ("PUT", "/api/notifications/{endpoint_id}/switch"): Row(MANAGE, CHANNEL, body={"is_on": True}),
    ("POST", "/api/notifications/{endpoint_id}/test"): Row(MANAGE, CHANNEL),
    ("POST", "/api/notifications/{endpoint_id}/resend"): Row(MANAGE, CHANNEL),
    ("GET", "/api/notifications/{endpoint_id}/notices"): Row(LOOK, CHANNEL),
    ("GET", "/api/notifications/{endpoint_id}/notices/{notice_id}"): Row(LOOK, LETTER),
    ("POST", "/api/notifications/{endpoint_id}/notices/{notice_id}/resend"): Row(MANAGE, LETTER),
    ("DELETE", "/api/notifications/{endpoint_id}"): Row(MANAGE, CHANNEL),
    ("GET", "/api/webhooks"): Row(LOOK),
    ("POST", "/api/webhooks"): Row(MANAGE, body=WEBHOOK),
    ("PUT", "/api/webhooks/{endpoint_id}"): Row(MANAGE, ENDPOINT, body=WEBHOOK),
    ("PUT", "/api/webhooks/{endpoint_id}/switch"): Row(MANAGE, ENDPOINT, body={"is_on": True}),
    ("POST", "/api/webhooks/{endpoint_id}/new-secret"): Row(MANAGE, ENDPOINT),
    ("POST", "/api/webhooks/{endpoint_id}/test"): Row(MANAGE, ENDPOINT),
    ("POST", "/api/webhooks/{endpoint_id}/resend"): Row(MANAGE, ENDPOINT),
    ("GET", "/api/webhooks/{endpoint_id}/notices"): Row(LOOK, ENDPOINT),
    ("GET", "/api/webhooks/{endpoint_id}/notices/{notice_id}"): Row(LOOK, NOTICE),
    ("POST", "/api/webhooks/{endpoint_id}/notices/{notice_id}/resend"): Row(MANAGE, NOTICE),
    # The last one: it is gone then.
    ("DELETE", "/api/webhooks/{endpoint_id}"): Row(MANAGE, ENDPOINT),
}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
PAGES = {route: row for route, row in ROUTES.items() if not route[1].startswith("/api/")}
API = {route: row for route, row in ROUTES.items() if route[1].startswith("/api/")}
FORMS = {route: row for route, row in PAGES.items() if route[0] in CHANGES and route[1] != "/webhooks/{vendor}"}
WITH_IDS = {route: row for route, row in ROUTES.items() if row.ids}
# Whose ids come in a form or a body, where another organization's cannot be answered with a 404 for the page.
# The operator's own pages are about all organizations.
GIVEN_IDS = {route: row for route, row in ROUTES.items() if row.given and not row.ids and row.asks is not Asks.OPERATOR}


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers; what is mounted (static files) is walked by itself."""
    for route in every_route(app.routes):
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if path is not None and methods is not None:
            yield from ((method, path) for method in methods if method != "HEAD")


def every_route(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is None:
            yield route
        else:
            prefix = getattr(route.include_context, "prefix", "")
            yield from (Prefixed(prefix, one) for one in every_route(inside.routes))


class Prefixed:
    """A route of a router that was included under a prefix."""

    def __init__(self, prefix: str, route: Any) -> None:
        self.path = prefix + route.path
        self.methods = route.methods
