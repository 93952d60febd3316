"""Exporting traces never delays, fails or swells anything; where it is off or cannot be, that is said or costs nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.traces import TRACES
from domain.trace_context import Part, TraceContext, of_several, read_context
from settings import Settings
from settings.exports import HOW_TO_INSTALL
from tests.collector import Collector, collecting
from workers import tracing
from workers.tracing import LAST_SPANS_SECONDS, QUEUE_SPANS_MAX, start_tracing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


def settings(collector: Collector, **changes: object) -> Settings:
    return Settings(_env_file=None, traces_url=collector.url, process_name="push.2", **changes)  # type: ignore[arg-type]


def make_spans(count: int) -> None:
    for number in range(count):
        with TRACES.batch("push", lambda number=number: {number: Part()}):  # type: ignore[misc]
            pass


def test_a_collector_that_hangs_delays_nobody_not_even_the_end(collector: Collector) -> None:
    collector.hangs = threading.Event()
    stop = start_tracing(settings(collector))
    began = time.thread_time()
    make_spans(QUEUE_SPANS_MAX + 2000)
    busy = time.thread_time() - began
    began = time.monotonic()
    stop()
    assert time.monotonic() - began < LAST_SPANS_SECONDS + 3, "beyond its deadline it waits for nothing"
    assert busy < 10, "the time of this thread alone"
    assert TRACES.tracer is None


def test_what_the_queue_cannot_hold_is_dropped(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "QUEUE_SPANS_MAX", 512)
    collector.hangs = threading.Event()
    stop = start_tracing(settings(collector))
    make_spans(3000)
    collector.hangs.set()
    collector.hangs = None
    stop()
    assert len(collector.spans) <= 1024, "what was queued, and nothing of what was under way when nobody took it"


def test_an_outage_is_told_in_one_line_and_its_end_in_another(collector: Collector) -> None:
    collector.status = 400
    with capture_logs() as lines:
        stop = start_tracing(settings(collector))
        for _ in range(2):
            make_spans(600)
            time.sleep(0.01)
        wait_for_line(lines, "traces.not_taken")
        collector.status = 200
        make_spans(600)
        wait_for_line(lines, "traces.taken_again")
        stop()
    assert [line["event"] for line in lines].count("traces.not_taken") == 1


def wait_for_line(lines: list[object], event: str) -> None:
    ends = time.monotonic() + 60
    while not any(line["event"] == event for line in list(lines)):  # type: ignore[index]
        assert time.monotonic() < ends, lines
        time.sleep(0.02)


def test_what_it_is_called_and_who_sends_is_said(collector: Collector) -> None:
    stop = start_tracing(settings(collector, traces_headers="x-key=abc, authorization=Bearer d=e"))
    make_spans(1)
    stop()
    [span] = collector.spans
    assert (span.process, span.name) == ("push", "push")
    assert collector.headers[0]["x-key"] == "abc"
    assert collector.headers[0]["authorization"] == "Bearer d=e"


@pytest.mark.proof
def test_while_it_is_off_a_worker_imports_none_of_it() -> None:
    asked = (
        "import sys, workers.app, web.app; from workers.exports import start_exports; from settings import Settings;"
        "start_exports(Settings(_env_file=None)).stop();"
        # redis-py takes the metrics of OpenTelemetry for itself wherever they are installed.
        "ours = ('opentelemetry.exporter', 'opentelemetry.sdk.trace', 'opentelemetry.proto', 'sentry_sdk', 'workers.tracing');"
        "print([one for one in sys.modules if one.startswith(ours)])"
    )
    ended = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def problems(**given: object) -> str:
    try:
        Settings(_env_file=None, **given)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"traces_url": "collector:4318"}, "write it as http://collector:4318"),
        ({"traces_url": "http://"}, "write it as http://collector:4318"),
        ({"traces_url": "http://me:secret@collector:4318"}, "put it into TRACES_HEADERS"),
        ({"traces_url": "http://collector:4318?key=secret"}, "put it into TRACES_HEADERS"),
        ({"traces_headers": "secret"}, "name=value"),
        ({"traces_share": 1.5}, "less than or equal to 1"),
        ({"sentry_dsn": "https://sentry.example.com/1"}, "copy it from the project's settings"),
        ({"sentry_dsn": "https://secret@sentry.example.com/name"}, "copy it from the project's settings"),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence_without_its_value(given: dict[str, object], said: str) -> None:
    told = problems(**given)
    assert said in told
    assert "secret" not in told


def test_packages_that_are_missing_are_told_to_whoever_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("settings.exports.find_spec", nothing)
    wanted = {"traces_url": "http://collector:4318", "sentry_dsn": "https://key@sentry.example.com/1"}
    told = problems(process_name="push.1", **wanted)
    assert told.count(HOW_TO_INSTALL) == 2
    assert problems(process_name="push.1") == problems(**wanted) == problems(process_name="beat", **wanted) == ""


def test_where_spans_go() -> None:
    def endpoint(url: str) -> str:
        return Settings(_env_file=None, traces_url=url).traces_endpoint

    assert endpoint("") == ""
    assert endpoint("http://collector:4318") == endpoint("http://collector:4318/") == "http://collector:4318/v1/traces"
    assert endpoint("https://in.example.com/otlp/v1/traces") == "https://in.example.com/otlp/v1/traces"


@pytest.mark.parametrize(
    "text", [None, "", "00-0-0-01", "x" * 55, f"00-{'0' * 32}-{'1' * 16}-01", f"01-{'1' * 32}-{'1' * 16}-01"]
)
def test_what_is_no_context_begins_a_trace(text: str | None) -> None:
    assert read_context(text) is None
    assert of_several([text]) == Part()


def test_a_context_reads_as_it_was_written() -> None:
    for is_kept in (True, False):
        context = TraceContext(0xABC, 0xDEF, is_kept)
        assert read_context(str(context)) == context
        assert len(str(context)) == 55
