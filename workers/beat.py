"""Beat's clock, which gives a sign of life with its ticks: a beat that hangs is told apart from one that has ended."""

from typing import Any

from celery.beat import PersistentScheduler

from domain.version import VERSION
from models.database import Database
from models.running_processes import ProcessKind
from settings import load_settings
from tasks.context import SystemClock
from workers.pulse import Pulse
from workers.schema_at_start import end_on_an_old_schema


class TickingScheduler(PersistentScheduler):  # type: ignore[misc]  # celery ships no types
    """Used by beat (`beat_scheduler` in settings/celery.py)."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        settings = load_settings()
        end_on_an_old_schema(settings.effective_database_url)
        self._pulse = Pulse(
            Database(settings.effective_database_url, pool_size=1),
            SystemClock().now,
            settings.state_dir,
            kind=ProcessKind.BEAT,
            name=settings.process_name or "beat",
            version=VERSION,
        )
        super().__init__(*arguments, **options)

    def tick(self, *arguments: Any, **options: Any) -> Any:
        pause = super().tick(*arguments, **options)
        # After it: a tick that never ends is no sign of life.
        self._pulse.beat_if_due()
        return pause

    def close(self) -> None:
        super().close()
        self._pulse.end()
