"""The defaults of a connection's settings, and the form of its secrets, for every vendor.

The form of the settings is declared elsewhere: `connectors/options.py` and the vendors' folders.
"""

from collections.abc import Mapping
from typing import Any

DEFAULTS: dict[str, Any] = {"home_currency": "USD"}


def with_defaults(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Given settings win over known ones, and both over the defaults."""
    return {**DEFAULTS, **known, **given}


def problem_with_secrets(secrets: Mapping[str, Any]) -> str | None:
    """The fault in these secrets, as a sentence that does not repeat them."""
    if not secrets:
        return "The secrets are missing."
    for name, value in secrets.items():
        if not isinstance(value, str) or not value.strip():
            return f"The secret '{name}' is empty."
        if not value.isprintable() or not value.isascii():
            return f"The secret '{name}' has characters that cannot be part of a key or token; check what you copied."
    return None
