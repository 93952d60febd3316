"""What the settings and secrets of a connection may look like, whichever vendor they are for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from domain.money import is_currency_code
from domain.push.strategy import PaymentStrategy

DEFAULTS: dict[str, Any] = {"home_currency": "USD"}
_HOURS = range(24)
# What the vendor allows, over all of an account's integrations.
REQUESTS_PER_MINUTE_MAX = 1000
PARALLEL_MAX = 32
PAYMENT_TYPE_CHARACTERS_MAX = 30


def with_defaults(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given wins over what was known before, and both over the defaults."""
    return {**DEFAULTS, **known, **given}


def problem_with_settings(settings: Mapping[str, Any], *, allows_plain_http: bool) -> str | None:
    """What is wrong with these settings, as a sentence."""
    currency = settings.get("home_currency")
    if currency is not None and not is_currency_code(str(currency)):
        return f"'{currency}' is not a currency code; write three capital letters such as USD."
    hour = settings.get("payment_hour_utc")
    if hour is not None and (isinstance(hour, bool) or hour not in _HOURS):
        return f"'{hour}' is not an hour of the day; write a whole number from 0 to 23."
    strategy = settings.get("strategy")
    if strategy is not None and strategy not in set(PaymentStrategy):
        return f"'{strategy}' is not a strategy; write one of: {', '.join(PaymentStrategy)}."
    problem = _problem_with_pace(settings) or _problem_with_payment_type(settings.get("payment_type"))
    if problem is not None:
        return problem
    for name, value in settings.items():
        if name.endswith("_url"):
            problem = _problem_with_url(str(value), allows_plain_http=allows_plain_http)
            if problem is not None:
                return problem
    return None


def _problem_with_pace(settings: Mapping[str, Any]) -> str | None:
    for name, most in (("requests_per_minute", REQUESTS_PER_MINUTE_MAX), ("parallel", PARALLEL_MAX)):
        value = settings.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most):
            return f"'{value}' is no {name.replace('_', ' ')}; write a whole number from 1 to {most}."
    return None


def _problem_with_payment_type(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and value.isalnum() and len(value) <= PAYMENT_TYPE_CHARACTERS_MAX):
        return None
    return f"'{value}' is not a type of payment; write its code, such as P."


def problem_with_secrets(secrets: Mapping[str, Any]) -> str | None:
    """What is wrong with these secrets, as a sentence that does not repeat them."""
    if not secrets:
        return "The secrets are missing."
    for name, value in secrets.items():
        if not isinstance(value, str) or not value.strip():
            return f"The secret '{name}' is empty."
        if not value.isprintable() or not value.isascii():
            return f"The secret '{name}' has characters that no key or token has; check what was copied."
    return None


def _problem_with_url(url: str, *, allows_plain_http: bool) -> str | None:
    try:
        parts = urlsplit(url)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        return f"'{url}' is not an address."
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_readable:
        return f"'{url}' is not an address; write it as https://name."
    if parts.username is not None or parts.query or parts.fragment:
        return "The address must not contain a user name, a '?' or a '#'."
    if parts.path.strip("/"):
        return "The address must be that of the host alone, without a path behind it."
    if parts.scheme == "http" and not allows_plain_http:
        # The keys travel with every call; on plain http anyone on the way reads them.
        return f"'{url}' is not encrypted; write it with https."
    return None
