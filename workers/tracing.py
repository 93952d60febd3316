"""Exports spans by OpenTelemetry, where TRACES_URL is set. Imported only then: a worker runs without the packages.

No payment waits for it. A span goes into a queue of bounded length, a thread of its own sends the queue, and what the
queue cannot hold, or the collector does not take in time, is dropped.
"""

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace import Tracer as SdkTracer
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    StatusCode,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace import Span as OpenSpan
from opentelemetry.trace import SpanKind as OpenKind
from opentelemetry.util.types import Attributes

from connectors.traces import TRACES, Span, SpanKind, Told, Tracer
from domain.trace_context import TraceContext
from domain.version import VERSION
from settings import Settings

log = structlog.get_logger()

_KINDS = {SpanKind.WITHIN: OpenKind.INTERNAL, SpanKind.ASKED: OpenKind.SERVER, SpanKind.CALL: OpenKind.CLIENT}
# Some seconds of a busy process; each span is about a kilobyte.
QUEUE_SPANS_MAX = 4096
_BATCH_SPANS = 512
_EVERY_MILLISECONDS = 1000
# All tries of one batch of spans together.
_EXPORT_SECONDS = 10.0
# What a process that ends gives its last spans; much less than what its supervisor gives it.
LAST_SPANS_SECONDS = 1.0
# A batch refers to each of its payments.
_LINKS_MAX = 1024


def start_tracing(settings: Settings) -> Callable[[], None]:
    """Begins to export; returns what ends it, within a second whatever the collector does."""
    # It repeats what the collector says, for every batch; the one line that matters is ours.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    exporter = OTLPSpanExporter(
        endpoint=settings.traces_endpoint,
        headers=settings.traces_header_values,
        timeout=_EXPORT_SECONDS,
        compression=Compression.Gzip,
    )
    processor = BatchSpanProcessor(
        _Noting(exporter),
        max_queue_size=QUEUE_SPANS_MAX,
        schedule_delay_millis=_EVERY_MILLISECONDS,
        max_export_batch_size=_BATCH_SPANS,
    )
    provider = TracerProvider(
        sampler=KeptTogether(settings.traces_share),
        resource=Resource.create(
            {
                "service.namespace": "payments",
                "service.name": settings.process_name.partition(".")[0] or "payments",
                "service.instance.id": f"{settings.process_name}@{socket.gethostname()}",
                "service.version": VERSION,
                "deployment.environment.name": settings.environment.value,
            }
        ),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_links=_LINKS_MAX),
    )
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("payments", VERSION)
    assert isinstance(tracer, SdkTracer)
    TRACES.tracer = OpenTelemetryTracer(tracer)

    def stop() -> None:
        TRACES.tracer = None
        # Its own deadline is that of a whole export.
        ending = threading.Thread(target=processor.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(LAST_SPANS_SECONDS)

    return stop


class OpenTelemetryTracer(Tracer):
    def __init__(self, tracer: SdkTracer) -> None:
        self._tracer = tracer

    def begin(
        self,
        name: str,
        *,
        kind: SpanKind,
        parent: TraceContext | None,
        links: Sequence[TraceContext],
        told: Mapping[str, Told],
        began_nanoseconds: int | None,
    ) -> Span:
        # Never the context of the thread: which span is whose parent is decided in one place.
        within = Context() if parent is None else set_span_in_context(NonRecordingSpan(_as_open(parent)), Context())
        span = self._tracer.start_span(
            name,
            context=within,
            kind=_KINDS[kind],
            attributes=_named(told),
            links=[Link(_as_open(one)) for one in links],
            start_time=began_nanoseconds,
        )
        return OpenTelemetrySpan(span)


class OpenTelemetrySpan(Span):
    def __init__(self, span: OpenSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self._context = TraceContext(context.trace_id, context.span_id, context.trace_flags.sampled)

    @property
    def context(self) -> TraceContext:
        return self._context

    def tell(self, told: Mapping[str, Told]) -> None:
        self._span.set_attributes(_named(told))

    def link(self, context: TraceContext) -> None:
        self._span.add_link(_as_open(context))

    def end(self, failed_with: str = "") -> None:
        if failed_with:
            # Without the words of an exception: they may repeat anything.
            self._span.set_attribute("error.type", failed_with)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class KeptTogether(Sampler):
    """Keeps a share of the traces, each as a whole, and every batch with one of their payments in it."""

    def __init__(self, share: float) -> None:
        self._of_new_traces = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: OpenKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = get_current_span(parent_context).get_span_context()
        if parent.is_valid:
            is_kept = parent.trace_flags.sampled
        elif links:
            is_kept = any(link.context.trace_flags.sampled for link in links)
        else:
            return self._of_new_traces.should_sample(parent_context, trace_id, name, kind, attributes, links)
        return SamplingResult(Decision.RECORD_AND_SAMPLE if is_kept else Decision.DROP, attributes, trace_state)

    def get_description(self) -> str:
        return f"KeptTogether{{{self._of_new_traces.get_description()}}}"


class _Noting(SpanExporter):
    """Tells in one line that spans are not taken any more, and in one that they are again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self._fails = exporter, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if fails != self._fails:
            self._fails = fails
            if fails:
                log.warning("traces.not_taken", spans=len(spans))
            else:
                log.info("traces.taken_again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _as_open(context: TraceContext) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if context.is_kept else TraceFlags.DEFAULT)
    return SpanContext(context.trace_id, context.span_id, is_remote=True, trace_flags=flags)


def _named(told: Mapping[str, Told]) -> dict[str, Told]:
    """What is not named by a convention of OpenTelemetry is ours."""
    return {name if "." in name else f"payments.{name}": value for name, value in told.items()}
