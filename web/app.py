"""The web process: webhook door, Partner Dashboard, JSON API, health and metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from settings import Settings, load_settings
from tasks.context import Context
from web import webhooks
from workers.app import app as celery
from workers.composition import build_context
from workers.logging import configure_logging


def create_app(context: Context, settings: Settings) -> FastAPI:
    """The application around a given context; tests hand in their own."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        context.database.close()

    app = FastAPI(title="External Payments Sync", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.context = context
    app.state.settings = settings
    app.include_router(webhooks.router)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def build_app() -> FastAPI:
    settings = load_settings()
    configure_logging(settings)
    return create_app(build_context(settings, celery), settings)


def __getattr__(name: str) -> FastAPI:
    """`web.app:app`, made when a server asks for it and not when a test imports this module."""
    if name == "app":
        return build_app()
    raise AttributeError(name)
