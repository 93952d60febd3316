"""The composition root: settings become engine, Redis, connectors and clock, and these become the Context."""

import os
import socket
import threading
from datetime import timedelta
from pathlib import Path

import structlog
from celery import Celery
from limits.storage import RedisStorage
from redis import Redis

from connectors.addresses import AddressRules
from connectors.hiding import HIDING
from connectors.http import TimeLimits
from connectors.limits import Limiter
from connectors.registry import Platform, configured
from models.database import Database
from models.private_files import keep_private
from models.secrets import Keyring
from settings import Settings
from settings.environment import Environment
from tasks.context import Context, SystemClock, Timing
from workers.crash_points import chosen_crash_point
from workers.lane_names import LaneNames
from workers.nudges import CeleryNudge
from workers.redis_client import redis_client

log = structlog.get_logger()

# It holds the keys; by default, others on this machine can often read it.
_SETTINGS_FILE = Path(".env")


def build_context(settings: Settings, celery: Celery | None, stopping: threading.Event | None = None) -> Context:
    """The context of this process. Without Celery (the command line on its own) it leaves nudges to the sweep.

    Args:
        stopping: set when the process is told to end.
    """
    if not keep_private(_SETTINGS_FILE):
        log.warning("settings.file_open_to_others", file=str(_SETTINGS_FILE))
    clock = SystemClock()
    redis = redis_client(settings, health_check_interval=10)
    database = Database(settings.effective_database_url)
    return Context(
        database=database,
        keyring=Keyring([key.get_secret_value() for key in settings.encryption_keys], HIDING.learn_from),
        clock=clock,
        platform=_platform(settings, clock, redis),
        nudge=CeleryNudge(celery, redis, LaneNames(database)),
        timing=_timing(settings),
        holder=f"{socket.gethostname()}:{os.getpid()}",
        reached=chosen_crash_point(),
        stopping=stopping or threading.Event(),
        address=_address(settings),
    )


def _address(settings: Settings) -> str:
    try:
        return settings.public_address
    except ValueError:
        # The dashboard does not start without it; a worker does, and leaves out links.
        return ""


def _platform(settings: Settings, clock: SystemClock, redis: Redis | None) -> Platform:
    shared = None
    if redis is not None:
        shared = RedisStorage("redis://", connection_pool=redis.connection_pool, key_prefix="payments-limits")
    return Platform(
        vendors=configured(settings.of_vendor),
        time_limits=TimeLimits(settings.connect_timeout_seconds, settings.read_timeout_seconds),
        limiter=Limiter(shared, settings.limit_processes),
        now=clock.now,
        addresses=AddressRules(
            public_only=settings.environment is Environment.PRODUCTION, allowed_hosts=tuple(settings.outside_hosts)
        ),
        mail=settings.mail_server,
    )


def _timing(settings: Settings) -> Timing:
    def seconds(value: float) -> timedelta:
        return timedelta(seconds=value)

    return Timing(
        lease=seconds(settings.lease_seconds),
        slice=seconds(settings.slice_seconds),
        settle=seconds(settings.settle_seconds),
        recheck_min=seconds(settings.recheck_seconds_min),
        recheck_max=seconds(settings.recheck_seconds_max),
        backoff_min=seconds(settings.backoff_seconds_min),
        backoff_max=seconds(settings.backoff_seconds_max),
        breaker_failures=settings.breaker_failures,
        breaker=seconds(settings.breaker_seconds_min),
        breaker_max=seconds(settings.breaker_seconds_max),
        push_parallel=settings.push_parallel,
        catch_up=seconds(settings.catch_up_seconds),
        catch_up_overlap=seconds(settings.catch_up_overlap_seconds),
        catch_up_silent=seconds(settings.catch_up_silent_seconds),
        read_distance=seconds(settings.read_distance_seconds),
        reconcile=seconds(settings.reconcile_seconds),
        retain_payloads=timedelta(days=settings.retain_payloads_days),
        retain_attempts=timedelta(days=settings.retain_attempts_days),
    )
