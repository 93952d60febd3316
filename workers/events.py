"""What workers tell Flower: without the secrets that an argument or an exception may hold.

It goes through Redis, stands on Flower's pages and in its API, and Flower keeps it in a file.
"""

from typing import Any

from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher

from connectors.hiding import HIDING


class ScrubbingDispatcher(EventDispatcher):  # type: ignore[misc]  # celery ships no types
    def send(self, type: str, *arguments: Any, **fields: Any) -> Any:  # noqa: A002 - Celery's own name
        if not self.enabled:
            return None
        told = {name: HIDING.hidden_in(value) if isinstance(value, str) else value for name, value in fields.items()}
        return super().send(type, *arguments, **told)


class ScrubbedEvents(Events):  # type: ignore[misc]  # celery ships no types
    """Used by the Celery app (`workers/app.py`)."""

    dispatcher_cls = "workers.events:ScrubbingDispatcher"
