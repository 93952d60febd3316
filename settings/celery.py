"""Celery's configuration. Nothing here is needed for correctness: the database is the truth, a message is a nudge."""

from collections.abc import Iterable
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from settings import Settings

QUEUES = {
    "payments.ingest": "ingest",
    "payments.match": "match",
    "payments.push": "push",
    "payments.catch_up": "routine",
    "payments.sweep": "routine",
    "payments.start_catch_ups": "routine",
    "payments.start_reconciliations": "routine",
    "payments.upkeep": "routine",
    # It calls ConnectWise without writing there, as match does; in push's queue it would delay payments.
    "payments.look_again": "match",
    # It only reads what match reads, and belongs to no payment's way; bounded slices keep it from delaying one.
    "payments.preview": "match",
    # It calls nobody, and what it makes due is decided in this queue.
    "payments.undo": "match",
    "payments.replay": "match",
    "payments.reconcile": "routine",
    # A queue of its own: a receiver that never answers must not hold a thread that payments wait for.
    "payments.notify": "notify",
    # It calls nobody, and what it writes is sent in this queue.
    "payments.watch": "notify",
    # A queue of its own: a run of five hundred invoices must not delay a payment.
    "payments.copy": "copy",
}


def celery_configuration(settings: Settings) -> dict[str, Any]:
    """Every option that matters is explicit; numbers come from measurements of Celery 5.7 with Redis."""
    schedule = _schedule(settings)
    return {
        "broker_url": settings.broker_url or settings.redis_url,
        "broker_transport_options": _transport(settings),
        "broker_connection_retry_on_startup": True,
        # Retry for ever: a worker that gives up after a long Redis outage would have to be started by hand.
        "broker_connection_max_retries": None,
        # A worker does not exit either when its Redis refuses to write: after a failover the old address is a
        # read-only replica, or its memory or disk is full. It waits (workers/consumer.py), connects anew and goes on.
        "broker_channel_error_retry": True,
        "worker_consumer": "workers.consumer:PatientConsumer",
        "broker_pool_acquire_timeout": 5,
        # RabbitMQ: a connection whose other end is gone is noticed within so many seconds.
        "broker_heartbeat": 10,
        # A publisher must not hang; the sweep repeats nudges that could not be published.
        "task_publish_retry": True,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.3},
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        # Flower turns events on while it runs (see Procfile), so they cost nothing when it does not.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "task_routes": {name: {"queue": queue} for name, queue in QUEUES.items()},
        "task_default_queue": "routine",
        "timezone": "UTC",
        "enable_utc": True,
        "beat_max_loop_interval": 1,
        "beat_scheduler": "workers.beat:TickingScheduler",
        "beat_schedule": schedule,
        # No events of what beat asks for: several in a minute, most of which find nothing, would hide the work of
        # tenants in Flower. What they have found is in the log.
        "task_annotations": {entry["task"]: {"send_events": False} for entry in schedule.values()},
    }


def _schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """What beat asks for, by name."""
    return {
        name: {
            "task": task,
            "schedule": seconds,
            # A worker that was stopped must not find a pile of old ticks.
            "options": {"expires": max(seconds, 1)},
        }
        for name, task, seconds in _routines(settings)
    }


def _routines(settings: Settings) -> Iterable[tuple[str, str, float]]:
    """What beat asks for, by name: the routine, its task, and every how many seconds.

    Each finds what is due in the database, so that a tick that is lost, late, or comes twice does no harm.
    """
    yield "sweep", "payments.sweep", settings.sweep_seconds
    # A source that is due waits for a part of its interval at most.
    shortest = min(settings.catch_up_seconds, settings.catch_up_silent_seconds)
    yield "catch-up", "payments.start_catch_ups", max(settings.sweep_seconds, min(15.0, shortest / 20))
    yield "reconciliation", "payments.start_reconciliations", max(settings.sweep_seconds, 60.0)
    yield "upkeep", "payments.upkeep", 3600.0


def _transport(settings: Settings) -> dict[str, Any]:
    """The options of the way that messages go: Redis, Redis behind Sentinels, or RabbitMQ."""
    url = settings.broker_url or settings.redis_url
    if url.startswith(("amqp://", "amqps://")):
        # A message that the server has not confirmed is sent once more, and else left to the sweep.
        return {"confirm_publish": True}
    redis = {
        # Far above the longest slice: a message that is delivered twice is harmless but useless.
        "visibility_timeout": 600,
        # Without these a half-open connection leaves a worker deaf for ever (kombu sets no time limit itself).
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "global_keyprefix": "payments:",
    }
    if not url.startswith("sentinel://"):
        return redis
    password = settings.redis_sentinel_password.get_secret_value()
    sentinel = {
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        # One that does not answer is not asked again, with ever longer pauses (as redis-py would): the next one is.
        "retry": Retry(NoBackoff(), 0),
        **({"password": password} if password else {}),
    }
    return {**redis, "master_name": settings.redis_sentinel_master, "sentinel_kwargs": sentinel}
