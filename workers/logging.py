"""Logs as one JSON object per line in production, readable lines elsewhere; secrets never reach the logs."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from domain.visible_text import visible, visible_lines
from settings import Settings
from settings.environment import Environment

_TRACES = frozenset({"exception", "stack"})


class VisibleFormatter(logging.Formatter):
    """For the libraries' own logs, whose messages repeat their input."""

    def format(self, record: logging.LogRecord) -> str:
        return visible_lines(super().format(record))


def show_hidden(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Makes control characters visible, so that no event can move the reader's cursor, reverse text or fake a line."""
    return {visible(name): _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return visible_lines(value) if name in _TRACES else visible(value)
    shown = visible(repr(value))
    return value if shown == repr(value) else shown


def configure_logging(settings: Settings) -> None:
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    readable = settings.environment is Environment.DEVELOPMENT
    # JSON itself escapes all characters outside ASCII.
    rendering: list[Processor] = [structlog.processors.JSONRenderer()]
    if readable:
        rendering = [show_hidden, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    # urllib3 logs every retry and every pool at a level that drowns the product's own events.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
