"""Logs as one JSON object per line in production, readable lines elsewhere; secrets never reach the logs."""

import logging
import sys
import threading
from types import TracebackType
from typing import Any

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor

from connectors.hiding import HIDING
from connectors.traces import TRACES
from domain.visible_text import visible, visible_lines
from settings import Settings
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY, Environment
from settings.processes import OWN_SECRETS

_TRACES = frozenset({"exception", "stack"})
# Anybody can read them in our sources.
_KNOWN_TO_ALL = frozenset({DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY})


class VisibleFormatter(logging.Formatter):
    """For the libraries' own logs, whose messages repeat their input."""

    def format(self, record: logging.LogRecord) -> str:
        return visible_lines(HIDING.hidden_in(super().format(record)))


def hide_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Hides secrets in every event, whoever wrote it and wherever they stand."""
    return {name: HIDING.hidden_within(value) for name, value in event.items()}


def name_the_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Says to which trace the event belongs; nothing while none is exported."""
    if trace_id := TRACES.trace_id:
        event.setdefault("trace_id", trace_id)
    return event


def show_hidden(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Makes control characters visible, so that no event can move the reader's cursor, reverse text or fake a line."""
    return {visible(name): _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return visible_lines(value) if name in _TRACES else visible(value)
    shown = visible(repr(value))
    return value if shown == repr(value) else shown


def configure_logging(settings: Settings) -> None:
    HIDING.keep(secret_values(settings))
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    readable = settings.environment is Environment.DEVELOPMENT
    # JSON itself escapes all characters outside ASCII.
    rendering: list[Processor] = [structlog.processors.JSONRenderer()]
    if readable:
        rendering = [show_hidden, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_the_trace,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    _take_over_from_others(handler)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_the_end
    threading.excepthook = _log_the_end_of_a_thread
    # urllib3 logs every retry and every pool at a level that drowns the product's own events.
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def secret_values(settings: Settings) -> list[str]:
    """All secrets of the settings, those in addresses included."""
    values: list[str] = []
    for name, value in settings:
        secrets = value if isinstance(value, list) else [value]
        for one in secrets:
            if isinstance(one, SecretStr):
                values.append(one.get_secret_value())
            elif isinstance(one, str) and name in OWN_SECRETS:
                values.append(one)
    # A login is no secret without its password; `operator` is in many sentences.
    logins = [login.partition(":")[2] for login in settings.flower_basic_auth.get_secret_value().split(",")]
    headers = settings.traces_header_values.values()
    whole = {settings.flower_basic_auth.get_secret_value(), settings.traces_headers.get_secret_value()}
    return [one for one in [*values, *logins, *headers] if one and one not in whole | _KNOWN_TO_ALL]


def _take_over_from_others(handler: logging.Handler) -> None:
    """The server of the web process has handlers of its own, and among its lines are the tracebacks of our pages."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        others = logging.getLogger(name)
        if others.handlers:
            others.handlers, others.propagate = [handler], False


def _log_the_end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Python's own way to end writes the exception as it is."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("process").critical("ended by an error", exc_info=(kind, error, traceback))


def _log_the_end_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        logging.getLogger("process").error(
            "a thread was ended by an error", exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback)
        )
