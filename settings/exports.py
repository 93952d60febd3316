"""The settings of what leaves the installation for its operators, traces and reports of errors: what is wrong."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from settings.environment import Environment
from settings.fields import Fields
from settings.problem import Problem
from settings.processes import EXPORTING, process_named

HOW_TO_INSTALL = "pip install --require-hashes -r requirements-tracing.txt"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def header_values(text: str) -> dict[str, str]:
    """Headers written as name=value, several separated by commas.

    Raises:
        ValueError: one of them is not written like that.
    """
    headers = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        name, separator, value = (part.strip() for part in one.partition("="))
        if not separator or not _HEADER_NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise ValueError("a header is not written as name=value")
        headers[name] = value
    return headers


def problems_of_exports(settings: Fields) -> Iterator[Problem]:
    """What is wrong with the settings of traces and of reports of errors, as sentences."""
    yield from _of_traces(settings)
    yield from _of_reports(settings)
    # Who does not export needs no packages for it, such as the command line on somebody's own machine.
    if process_named(settings.process_name) in EXPORTING:
        yield from _of_packages(settings)


def _of_traces(settings: Fields) -> Iterator[Problem]:
    headers = settings.traces_headers.get_secret_value()
    try:
        header_values(headers)
    except ValueError:
        yield Problem("traces_headers", "write it as name=value, several of them separated by commas")
    if not settings.traces_url:
        return
    try:
        parts = urlsplit(settings.traces_url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        yield Problem("traces_url", _AN_ADDRESS)
        return
    if not is_address or set(settings.traces_url) & set(" \\#"):
        yield Problem("traces_url", _AN_ADDRESS)
    elif parts.username is not None or parts.query:
        yield Problem("traces_url", "must not hold a login or a key: addresses are shown; put it into TRACES_HEADERS")
    elif headers and parts.scheme == "http" and settings.environment is Environment.PRODUCTION:
        what = "must start with https:// in production, because TRACES_HEADERS would be readable on the way"
        yield Problem("traces_url", what, ("traces_headers",))


_AN_ADDRESS = "is no address that spans can be sent to; write it as http://collector:4318"


def _of_reports(settings: Fields) -> Iterator[Problem]:
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    try:
        parts = urlsplit(dsn)
        is_dsn = parts.scheme in ("http", "https") and bool(parts.hostname and parts.username) and parts.port != 0
    except ValueError:
        is_dsn = False
    else:
        is_dsn = is_dsn and parts.path.rpartition("/")[2].isdecimal()
    if not is_dsn:
        yield Problem("sentry_dsn", "is no DSN; copy it from the project's settings, as https://key@host/number")


def _of_packages(settings: Fields) -> Iterator[Problem]:
    wanted = {
        "traces_url": (settings.traces_url, "opentelemetry.exporter.otlp.proto.http"),
        "sentry_dsn": (settings.sentry_dsn.get_secret_value(), "sentry_sdk"),
    }
    for name, (value, package) in wanted.items():
        if value and not _is_installed(package):
            yield Problem(name, f"{name.upper()} is set, and its packages are not installed: {HOW_TO_INSTALL}")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        # One that it is a part of is missing.
        return False
