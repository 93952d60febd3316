"""The JSON API: amounts are strings, times are ISO 8601 in UTC, and everything belongs to one organization."""

from fastapi import APIRouter

from web.api import (
    activity,
    copy_customers,
    copy_runs,
    copying,
    gaps,
    invoices,
    notifications,
    overview,
    own_payments,
    payments,
    preferences,
    previews,
    reconciliation,
    undos,
    webhooks,
    worst,
)

router = APIRouter(prefix="/api")
for calls in (
    overview,
    payments,
    invoices,
    own_payments,
    preferences,
    previews,
    copying,
    copy_runs,
    copy_customers,
    undos,
    reconciliation,
    gaps,
    activity,
    webhooks,
    worst,
    notifications,
):
    router.include_router(calls.router)
