"""A worker's consumer, which outlives its broker: one that cannot serve, one that goes away in the middle of a task."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer

log = structlog.get_logger()

# Celery retries at once, several times a second, and writes two lines each time.
PAUSE_SECONDS = 2.0


class PatientConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Used by every worker (`worker_consumer` in settings/celery.py)."""

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """The connection succeeded and was then refused: a replica after a failover, or no memory."""
        super().on_connection_error_before_connected(exc)
        time.sleep(PAUSE_SECONDS)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """The connection is lost. Celery closes what is left of it, which must not end the worker.

        While a task is under way, kombu's Redis transport wants to give its message back, over a connection that it
        has forgotten already: an AttributeError, as in celery/kombu#582, which Celery takes for a fault of the worker.
        What Celery does after it, to fetch fewer messages until these tasks have ended, is left out then.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except Exception:
            log.warning("broker.not_closed", exc_info=True)

    def call_soon_ack(self, settle: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Acknowledges a message of a task that has ended."""
        return super().call_soon_ack(_unless_closed, settle, *arguments, **options)


def _unless_closed(settle: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """One that came over a connection which was lost meanwhile is left: it comes again, and finds nothing to do."""
    message: Any = settle.__self__  # type: ignore[attr-defined]
    # Only kombu's own transports know `closed`; py-amqp's channels raise what Celery expects.
    if not getattr(message.channel, "closed", False):
        settle(*arguments, **options)
