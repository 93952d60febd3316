"""A worker's consumer that waits while Redis answers but cannot serve."""

import time

from celery.worker.consumer import Consumer

# Celery retries at once, several times a second, and writes two lines each time.
PAUSE_SECONDS = 2.0


class PatientConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Used by every worker (`worker_consumer` in settings/celery.py)."""

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """The connection succeeded and was then refused: a replica after a failover, or no memory."""
        super().on_connection_error_before_connected(exc)
        time.sleep(PAUSE_SECONDS)
