"""What this process tells those who operate it beyond its log: spans and reports of errors, where they want them."""

from collections.abc import Callable
from dataclasses import dataclass

from settings import Settings


def _nobody_asked(_error: BaseException) -> None:
    """Errors are in the log as well."""


@dataclass(frozen=True, slots=True)
class Exports:
    """What was switched on.

    Attributes:
        report: reports an error that nobody has foreseen; waits for nothing and never fails.
        stop: ends all of it within two seconds.
    """

    report: Callable[[BaseException], None] = _nobody_asked
    stop: Callable[[], None] = lambda: None


def start_exports(settings: Settings) -> Exports:
    """Switches on what the settings ask for. Where they ask for nothing, nothing is imported."""
    stops: list[Callable[[], None]] = []
    report: Callable[[BaseException], None] = _nobody_asked
    if settings.traces_url:
        from workers.tracing import start_tracing

        stops.append(start_tracing(settings))
    if settings.sentry_dsn.get_secret_value():
        from workers.error_reports import start_reporting

        report, stop_reporting = start_reporting(settings)
        stops.append(stop_reporting)

    def stop() -> None:
        for one in stops:
            one()

    return Exports(report, stop)
