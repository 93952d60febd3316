"""The Celery application: `celery -A workers.app worker`. Tasks are in `tasks/`, at the foot of each step."""

import threading
from contextlib import suppress
from functools import lru_cache
from typing import Any

from celery import Celery, signals
from celery.concurrency.thread import TaskPool as ThreadPool

from domain.version import VERSION
from models.running_processes import ProcessKind
from models.unavailable import DatabaseUnavailable
from settings import load_settings, load_settings_or_exit
from settings.celery import celery_configuration
from tasks.context import Context
from workers.composition import build_context
from workers.events import ScrubbedEvents
from workers.exports import start_exports
from workers.heartbeat import Heartbeat
from workers.logging import configure_logging
from workers.memory import keep_heaps_small, look_for_garbage_rarely
from workers.pulse import Pulse
from workers.schema_at_start import end_on_an_old_schema
from workers.stopping import end_within

app = Celery(
    "payments",
    events=ScrubbedEvents,
    include=[
        "tasks.ingest.step",
        "tasks.match.step",
        "tasks.push.step",
        "tasks.catch_up.step",
        "tasks.look_again.step",
        "tasks.copying.step",
        "tasks.preview.step",
        "tasks.reconcile.step",
        "tasks.undo.step",
        "tasks.replay.step",
        "tasks.notify.step",
        "tasks.watch.step",
        "tasks.sweep",
        "tasks.upkeep",
    ],
)
app.conf.update(celery_configuration(load_settings_or_exit()))
app.steps["consumer"].add(Heartbeat)
_stopping = threading.Event()


@lru_cache(maxsize=1)
def process_context() -> Context:
    """Builds the context at the first task, after any fork: engines, sockets and threads must not cross a fork."""
    exports = start_exports(load_settings())
    signals.task_failure.connect(lambda exception, **_: exports.report(exception), weak=False)
    signals.worker_shutdown.connect(lambda **_: exports.stop(), weak=False)
    return build_context(load_settings(), app, _stopping)


@lru_cache(maxsize=1)
def process_pulse(hostname: str, queues: tuple[str, ...]) -> Pulse:
    """The sign of life of this worker, which its consumer gives (`workers/heartbeat.py`)."""
    context = process_context()
    pulse = Pulse(
        context.database,
        context.clock.now,
        load_settings().state_dir,
        kind=ProcessKind.WORKER,
        # Celery's name of a worker ends with its host, which the pulse adds by itself.
        name=hostname.rpartition("@")[0],
        version=VERSION,
        queues=queues,
    )
    signals.worker_shutdown.connect(lambda **_: pulse.end(), weak=False)
    return pulse


app.context = process_context
app.pulse = process_pulse


@signals.worker_init.connect
def _keep_heaps_small(**_: Any) -> None:
    keep_heaps_small()


@signals.worker_init.connect
def _look_at_the_schema(**_: Any) -> None:
    end_on_an_old_schema(load_settings().effective_database_url)


@signals.worker_ready.connect
def _get_ready(sender: Any, **_: Any) -> None:
    """Builds now what the first tasks would wait for, each of them for a second or two."""
    if not isinstance(sender.pool, ThreadPool):
        # A pool of processes has forked already, or will.
        return
    with suppress(DatabaseUnavailable):
        process_context().database.get_ready()
    look_for_garbage_rarely()


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(load_settings())


@signals.worker_shutting_down.connect
def _end_in_time(**_: Any) -> None:
    """Celery calls this in its handler of SIGTERM, SIGINT and SIGQUIT, before it waits for the threads."""
    end_within(load_settings().stop_seconds, _stopping)
