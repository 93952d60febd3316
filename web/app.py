"""The web process: webhook door, Partner Dashboard, JSON API, health and metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from settings import Settings, load_settings_or_exit
from settings.environment import Environment
from tasks.context import Context
from usecases.logins import SESSION_LASTS
from web import (
    account,
    activity,
    api,
    api_reference,
    api_tokens,
    connections,
    endpoints,
    gaps,
    health,
    invitation,
    invoice_page,
    invoices,
    login,
    metrics,
    notifications,
    oauth,
    operator,
    operator_payments,
    operator_replays,
    overview,
    payment_actions,
    payment_page,
    payments,
    people,
    preferences,
    previews,
    reconciliation,
    reconciliation_break,
    reconciliation_runs,
    second_factor,
    statements,
    sync_customers,
    sync_history,
    sync_invoices,
    sync_runs,
    undos,
    webhooks,
)
from web.admission import Admission
from web.api.description import TITLE, describe
from web.call_semaphores import make_call_semaphore, make_login_semaphore
from web.errors import add_error_pages
from web.metrics import Observed
from web.pages import STATIC
from web.public_address import PublicAddress
from web.pulse import gives_signs_of_life, make_pulse
from web.security import SecurityHeaders
from web.threads import Threads
from web.throttling import Throttle
from workers.app import app as celery
from workers.composition import build_context
from workers.exports import Exports, start_exports
from workers.logging import configure_logging
from workers.redis_client import redis_client
from workers.schema_at_start import end_on_an_old_schema


def create_app(context: Context, settings: Settings) -> FastAPI:
    """The application around a given context; tests hand in their own."""
    app = FastAPI(
        title=TITLE,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # so FastAPI says to do it
    set_state(app, context, settings)
    _add_middleware(app, settings)
    add_error_pages(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(webhooks.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(api.router)
    for pages in (
        login,
        invitation,
        account,
        second_factor,
        people,
        api_tokens,
        api_reference,
        endpoints,
        notifications,
        overview,
        payments,
        payment_actions,
        # Before the page of one payment, whose address has the payment's id in the same place.
        undos,
        payment_page,
        invoices,
        invoice_page,
        connections,
        oauth,
        preferences,
        previews,
        reconciliation,
        reconciliation_break,
        reconciliation_runs,
        statements,
        gaps,
        sync_invoices,
        sync_customers,
        sync_history,
        sync_runs,
        activity,
        operator,
        operator_payments,
        operator_replays,
    ):
        app.include_router(pages.router)
    return app


def set_state(app: FastAPI, context: Context, settings: Settings) -> None:
    """Everything that requests share; the routes themselves know nothing of it."""
    app.state.context = context
    app.state.settings = settings
    app.state.https_only = settings.environment is Environment.PRODUCTION
    app.state.throttle = Throttle(redis_client(settings))
    app.state.call_semaphore = make_call_semaphore()
    app.state.login_semaphore = make_login_semaphore()
    app.state.threads = Threads()
    app.state.observed = Observed(settings)
    app.state.exports = Exports()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with gives_signs_of_life(app):
        yield
    app.state.exports.stop()
    app.state.context.database.close()


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    https_only: bool = app.state.https_only
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.secret_key.get_secret_value(),
        # With this prefix browsers accept the cookie only from this host over https.
        session_cookie="__Host-session" if https_only else "session",
        max_age=int(SESSION_LASTS.total_seconds()),
        same_site="lax",
        https_only=https_only,
    )
    app.add_middleware(Admission)
    # The outermost layer, so that every answer has these headers.
    app.add_middleware(SecurityHeaders, https_only=https_only)
    app.add_middleware(PublicAddress, address=settings.public_address)


def build_app() -> FastAPI:
    settings = load_settings_or_exit()
    try:
        # Checked here as well, before anything is opened.
        _ = settings.public_address
    except ValueError as error:
        raise SystemExit(f"error: the settings cannot be used: {error}") from None
    configure_logging(settings)
    end_on_an_old_schema(settings.effective_database_url)
    context = build_context(settings, celery)
    app = create_app(context, settings)
    app.state.pulse = make_pulse(context, settings)
    app.state.exports = start_exports(settings)
    return app


def __getattr__(name: str) -> FastAPI:
    """`web.app:app`, made when a server asks for it and not when a test imports this module."""
    if name == "app":
        return build_app()
    raise AttributeError(name)
