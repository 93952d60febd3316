"""The tools of a command: settings, database, context. Nothing here waits for a missing Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cli.clocks import show_times_of
from cli.failures import Refusal
from cli.output import note
from domain.activity import COMMAND_LINE

if TYPE_CHECKING:
    from models.connections import Connection
    from models.database import Database, Session
    from models.organizations import Organization
    from settings import Settings
    from tasks.context import Context


def read_settings() -> Settings:
    """The settings; the log is set up so that it does not mix with the command's output."""
    from settings import load_settings
    from workers.logging import configure_logging

    settings = load_settings()
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    return settings


def public_address(settings: Settings) -> str:
    """The start of every link."""
    try:
        return settings.public_address
    except ValueError as error:
        raise Refusal(f"the settings cannot be used: {error}") from None


@contextmanager
def opened_database() -> Iterator[Database]:
    """For commands that only look."""
    from models.database import Database

    database = Database(read_settings().effective_database_url, pool_size=1)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def opened_session() -> Iterator[Session]:
    """For commands that only look, once."""
    with opened_database() as database, database.reading() as session:
        yield session


@contextmanager
def opened_context() -> Iterator[Context]:
    """For commands that change something. Without Redis the workers get no nudge; the sweep finds the due work."""
    from cli.redis_location import find_redis

    settings = read_settings()
    found = find_redis(settings)
    if found.trouble:
        note(f"note: {found.trouble}; workers notice the change with the next sweep")
    # Nothing else runs where there is no Redis and none is configured: nobody else needs a share of the rate limits.
    is_alone = not found.url and not found.trouble
    alone = {"limit_processes": 1} if is_alone else {}
    context = replace(_build(settings.model_copy(update={"redis_url": found.url, **alone})), actor=COMMAND_LINE)
    try:
        yield context
    finally:
        context.database.close()


def _build(settings: Settings) -> Context:
    # Imported late, because they import Celery, which commands that only look do not need.
    from settings.celery import celery_configuration
    from workers.composition import build_context

    if not settings.redis_url:
        return build_context(settings, None)
    from workers.app import app

    app.conf.update(celery_configuration(settings))
    return build_context(settings, app)


def find_organization(session: Session, slug: str) -> Organization:
    from models.organizations import organization_by_slug

    found = organization_by_slug(session, slug)
    if found is None:
        raise Refusal(f"there is no organization '{slug}'; see: python -m cli org list")
    show_times_of(found.locality)
    return found


def find_connection(session: Session, organization: Organization, vendor: str) -> Connection:
    from models.connections import connections_of

    for connection in connections_of(session, organization.id):
        if connection.vendor == vendor:
            return connection
    raise Refusal(f"'{organization.slug}' has no connection to {vendor}; see: python -m cli connection add --help")
