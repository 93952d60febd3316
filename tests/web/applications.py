"""The application of one test after another, built once for the same settings."""

from fastapi import FastAPI

from settings import Settings
from tasks.context import Context
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
