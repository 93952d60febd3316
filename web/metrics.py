"""`/metrics`: the figures of all processes and of the database, in Prometheus' format.

The figures that come from the database are the same in every web process, so a rule takes their `max`. They are read
once for all scrapes of some seconds, by a thread of their own. Without the database the process's own counters are
still told, and `database_up` says 0. No label names a tenant: `/api/operator/organizations` does (`web/api/worst.py`).
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.measures import ABOUT, RANGES, SUM, Kind, Measure, Place
from domain.readiness import QUEUES
from domain.status import PaymentStatus
from models.connections import ConnectionStatus, Role
from models.unavailable import DatabaseRefused, DatabaseUnavailable
from models.views.connection_figures import Endings
from settings import Settings
from tasks.context import Context
from usecases.figures import Figures, figures
from web.signed_in import context_of
from web.threads import run_in, threads_of
from workers.redis_client import redis_trouble

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

KEPT_SECONDS = 5.0
_HELD = (PaymentStatus.NEEDS_ATTENTION, PaymentStatus.WAITING)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    observed: Observed = request.app.state.observed
    body = await run_in(threads_of(request.app).metrics, observed.scrape, context_of(request))
    return Response(body, media_type=CONTENT_TYPE_LATEST)


class Observed:
    """The last figures, and when they were read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._families: tuple[Metric, ...] = ()
        self._read_at: float | None = None

    def scrape(self, context: Context) -> bytes:
        with self._lock:
            now = context.clock.monotonic()
            if self._read_at is None or now - self._read_at >= KEPT_SECONDS:
                self._families, self._read_at = tuple(self._read(context)), now
            families = self._families
        return generate_latest(REGISTRY) + generate_latest(_registry_of(families))

    def _read(self, context: Context) -> Iterator[Metric]:
        if self._settings.redis_url:
            yield _gauge("redis_up", "Whether Redis answers", 0 if redis_trouble(self._settings) else 1)
        began = time.monotonic()
        try:
            found = figures(context)
        except (DatabaseUnavailable, DatabaseRefused) as error:
            log.error("metrics.database_unavailable", what=type(error).__name__, error=str(error))
            # A statement that took too long is no database that is away: figures are missing, and a rule says so.
            yield _gauge("database_up", "Whether the database answers", 1 if _answers(context) else 0)
            return
        yield _gauge("database_up", "Whether the database answers", 1)
        yield _gauge("figures_seconds", "How long the figures took to read", time.monotonic() - began)
        yield from families_of(found, context)


def _answers(context: Context) -> bool:
    try:
        context.database.reserved.ping()
    except DatabaseUnavailable:
        return False
    return True


class _Once(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _registry_of(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(families))
    return registry


def families_of(found: Figures, context: Context) -> Iterator[Metric]:
    """Everything that is told about these figures."""
    yield from _work(found)
    yield from _money(found)
    yield from _connections(found)
    yield from _reads(found, context)
    yield from _reconciliation(found)
    yield from _processes(found)
    for measure, about in ABOUT.items():
        yield _measure(measure, about.kind, {place: n for place, n in found.measures.items() if place[0] is measure})


def _work(found: Figures) -> Iterator[Metric]:
    ages = {(step,): _age(due_at, found.at) for step, due_at in found.oldest_due.items()}
    yield _gauges(
        "oldest_due_age_seconds", "How long the oldest work waits that could be done now; 0: none", ["step"], ages
    )
    yield _gauges(
        "effects",
        "Changes that we owe the target, or that are stuck, by state; each counted up to 10,000",
        ["state"],
        {(state.value,): count for state, count in found.effects.items()},
    )
    yield _gauge(
        "oldest_doubt_age_seconds", "The age of the oldest send without an answer", _age(found.oldest_doubt, found.at)
    )
    yield _gauges("endpoints", "The organizations' own webhooks", ["state"], _known(found.endpoints, _ENDPOINT_STATES))


_ENDPOINT_STATES = ("on", "off", "failing", "switched_off")


def _money(found: Figures) -> Iterator[Metric]:
    by_status: dict[tuple[str, ...], int] = {(status.value,): 0 for status in PaymentStatus}
    for (status, _), payments in found.payments.items():
        by_status[status,] = by_status.get((status,), 0) + payments
    yield _gauges("payments", "Payments by status", ["status"], by_status)
    held = {(status, reason): n for (status, reason), n in found.payments.items() if status in _HELD}
    yield _gauges("payments_held", "Payments that wait, by status and reason", ["status", "reason"], held)


def _connections(found: Figures) -> Iterator[Metric]:
    every = {(role.value, status.value) for role in Role for status in ConnectionStatus}
    yield _gauges(
        "connections",
        "Connections by their status",
        ["role", "status"],
        {both: found.connections.get(both, 0) for both in sorted(every)},
    )
    yield _gauges(
        "connections_paused",
        "Active connections that are not called at the moment",
        ["reason"],
        {(reason,): count for reason, count in found.paused.items()},
    )
    yield _gauges(
        "breakers",
        "Connections one kind of whose calls fails: open (rests), half_open (tries), failing (not yet open)",
        ["vendor", "kind", "state"],
        found.breakers,
    )
    yield _gauges("consents_ending", "Connections whose consent ends within", ["within"], _within(found.consents))
    yield _gauges("api_tokens_ending", "API tokens in force that end within", ["within"], _within(found.api_tokens))


def _within(endings: Endings) -> Mapping[tuple[str, ...], int]:
    return {("7d",): endings.within_7_days, ("30d",): endings.within_30_days}


def _reads(found: Figures, context: Context) -> Iterator[Metric]:
    yield _gauge(
        "catch_up_lag_seconds",
        "How far the source that is furthest behind is behind; 0 without a source",
        _age(found.sources.caught_up_to, found.at),
    )
    if found.sources.heard_at is not None:
        yield _gauge("last_webhook_timestamp_seconds", "The last signed webhook", found.sources.heard_at.timestamp())
    yield _gauge("webhooks_silent", "Sources whose changes reach us only by asking", found.sources.silent)
    caps = {name: one.monthly_reads_max for name, one in context.platform.sources.items() if one.monthly_reads_max}
    used = {(vendor,): found.metered_reads.get(vendor, 0) for vendor in {*caps, *found.metered_reads}}
    yield _gauges("metered_reads_used", "Metered reads in this month", ["vendor"], used)
    yield _gauges("metered_reads_max", "Their cap; none if unlimited", ["vendor"], {(v,): n for v, n in caps.items()})


def _reconciliation(found: Figures) -> Iterator[Metric]:
    last = found.reconciliation
    yield _gauges(
        "reconciliation_unexplained",
        "The open differences that nothing explains, as money, all signs positive",
        ["currency"],
        {(currency,): amount for currency, amount in last.unexplained.items()},
    )
    yield _gauges(
        "reconciliation_breaks", "Open differences by kind", ["kind"], {(kind,): n for kind, n in last.breaks.items()}
    )
    outcomes = _known(last.outcomes, ("agrees", "explained", "differs", "not_comparable", "never_compared"))
    yield _gauges("reconciliations", "Organizations by the outcome of their last comparison", ["outcome"], outcomes)
    yield _gauge("reconciliations_overdue", "Organizations not compared for twice the interval", last.overdue)


def _processes(found: Figures) -> Iterator[Metric]:
    alive = [one for one in found.processes if one.is_alive(found.at)]
    yield _gauges(
        "workers_alive",
        "Workers with a sign of life within a minute, by the queue that they take from",
        ["queue"],
        {(queue,): sum(queue in one.queues for one in alive) for queue in QUEUES},
    )
    yield _gauges(
        "process_heartbeat_timestamp_seconds",
        "The last sign of life of each process; a process that ended as it should has none",
        ["process", "kind"],
        {(one.name, one.kind): one.at.timestamp() for one in found.processes},
    )
    ticks = [one.at for one in found.processes if one.kind == "beat"]
    if ticks:
        yield _gauge("beat_last_tick_timestamp_seconds", "The last tick of beat", max(ticks).timestamp())


def _measure(measure: Measure, kind: Kind, numbers: Mapping[Place, int]) -> Metric:
    about = ABOUT[measure]
    match kind:
        case Kind.COUNT:
            counter = CounterMetricFamily(measure.removesuffix("_total"), about.meaning, labels=about.labels)
            for (_, labels, part), number in sorted(numbers.items()):
                # Sums are kept in milliseconds.
                counter.add_metric(labels, number / 1000 if part == SUM else number)
            return counter
        case Kind.LATEST:
            return _gauges(
                measure.value,
                about.meaning,
                about.labels,
                {labels: number / 1000 for (_, labels, _), number in numbers.items()},
            )
        case Kind.TIMES:
            histogram = HistogramMetricFamily(measure.value, about.meaning, labels=about.labels)
            for labels in sorted({labels for _, labels, _ in numbers}):
                so_far, buckets = 0, []
                for end in RANGES:
                    so_far += numbers.get((measure, labels, end), 0)
                    buckets.append((end, so_far))
                histogram.add_metric(labels, buckets, numbers.get((measure, labels, SUM), 0) / 1000)
            return histogram


def _known(counts: Mapping[str, int], names: Iterable[str]) -> Mapping[tuple[str, ...], int]:
    """Every known name, also those of which there are none: a number that goes missing looks like one that is zero."""
    return {(name,): counts.get(name, 0) for name in names}


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max((now - moment).total_seconds(), 0.0)


def _gauge(name: str, meaning: str, value: Any) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _gauges(name: str, meaning: str, labels: Iterable[str], values: Mapping[Any, Any]) -> Metric:
    gauge = GaugeMetricFamily(name, meaning, labels=list(labels))
    for label_values, value in sorted(values.items()):
        gauge.add_metric(list(label_values), value)
    return gauge
