"""Reports our own errors to Sentry, where SENTRY_DSN is set. Imported only then.

An error of a vendor is a result and is never reported: this is about what nobody has foreseen. A report has the kind of
the error, the lines of our code that led to it, the process, the release and the trace. It has no request, no variable,
no breadcrumb; of what an exception says it has the first line, without secrets and without anything that stands in
quotation marks, because that is where values stand.
"""

import re
import threading
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.types import Event, Hint

from connectors.hiding import HIDING
from connectors.traces import TRACE_NOTE, TRACES
from domain.version import VERSION
from settings import Settings

LAST_REPORTS_SECONDS = 1.0
_WORDS_CHARACTERS_MAX = 300
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|«[^»]*»")
# Everything else that the library may add is left out, whatever it adds in a later version.
_KEPT = frozenset(
    {
        *("event_id", "timestamp", "level", "platform", "release", "environment", "server_name", "sdk"),
        *("exception", "tags", "fingerprint"),
    }
)
_KEPT_OF_FRAMES = frozenset({"filename", "function", "module", "lineno", "in_app"})


def start_reporting(settings: Settings) -> tuple[Callable[[BaseException], None], Callable[[], None]]:
    """Begins to report; returns what reports one error without waiting, and what ends it all within a second."""
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        release=VERSION,
        environment=settings.environment.value,
        server_name=settings.process_name,
        # None of those that reach into other libraries: they collect what nobody has looked at.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[DedupeIntegration()],
        before_send=_scrubbed,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        propagate_traces=False,
        enable_metrics=False,
        shutdown_timeout=LAST_REPORTS_SECONDS,
    )

    def report(error: BaseException) -> None:
        sentry_sdk.capture_exception(error)

    def stop() -> None:
        ending = threading.Thread(
            target=lambda: sentry_sdk.get_client().close(timeout=LAST_REPORTS_SECONDS), name="last-reports", daemon=True
        )
        ending.start()
        ending.join(LAST_REPORTS_SECONDS)

    return report, stop


def _scrubbed(event: Event, hint: Hint) -> Event:
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in _KEPT}
    kept["exception"] = {"values": [_of_exception(one) for one in (event.get("exception") or {}).get("values") or ()]}
    _, error, _ = hint.get("exc_info") or (None, None, None)
    noted = [note for note in getattr(error, "__notes__", ()) if note.startswith(TRACE_NOTE)]
    if trace_id := TRACES.trace_id or "".join(noted[:1]).removeprefix(TRACE_NOTE):
        kept["tags"] = {"trace_id": trace_id}
    scrubbed: Event = HIDING.hidden_within(kept)
    return scrubbed


def _of_exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    kept = [{name: one[name] for name in _KEPT_OF_FRAMES if name in one} for one in frames]
    return {
        **{name: value[name] for name in ("type", "module", "mechanism") if name in value},
        "value": words_of(str(value.get("value") or "")),
        "stacktrace": {"frames": kept},
    }


def words_of(said: str) -> str:
    """What an exception says, without the values that it says it of."""
    first = said.strip().partition("\n")[0]
    return _QUOTED.sub("[value]", first)[:_WORDS_CHARACTERS_MAX]
