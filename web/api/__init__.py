"""The JSON API: amounts are strings, times are ISO 8601 in UTC, and everything belongs to one organization."""

from fastapi import APIRouter

from web.api import activity, invoices, overview, own_payments, payments, preferences

router = APIRouter(prefix="/api")
router.include_router(overview.router)
router.include_router(payments.router)
router.include_router(invoices.router)
router.include_router(preferences.router)
router.include_router(own_payments.router)
router.include_router(activity.router)
