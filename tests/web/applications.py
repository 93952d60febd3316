"""The application of one test after another, built once for the same settings, and one whose database is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI

from settings import Settings
from tasks.context import Context
from tests.contexts import make_context
from web.app import create_app, set_state

_built: list[tuple[Settings, FastAPI]] = []


def application(context: Context, settings: Settings) -> FastAPI:
    """An application with a state and a middleware of its own, for tests that add nothing to it.

    FastAPI prepares the routes with the first requests: 0.1 s, which is more than most tests of a page take.
    """
    for known, app in _built:
        if known == settings:
            set_state(app, context, settings)
            # The next request puts it together anew.
            app.middleware_stack = None
            return app
    app = create_app(context, settings)
    _built.append((settings, app))
    return app


@contextmanager
def without_database(folder: Path) -> Iterator[FastAPI]:
    """The directory of the database does not exist, so nothing can be opened."""
    context = make_context(f"sqlite:///{folder}/not/there.sqlite")
    yield create_app(context, Settings(_env_file=None, redis_url=""))
    context.database.close()
