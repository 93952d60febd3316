"""Tries newly entered secrets before they are stored, so that a typo never loses a working connection.

Called by: the use cases that add a connection. Changes nothing here; at QuickBooks it may refresh the tokens, and then
the returned tokens are the ones to store.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Failure, Got, ReadResult
from connectors.keeping import Tally, Turn
from connectors.registry import open_source, open_target
from connectors.vendor import Account, Vendor
from models.connections import Role
from tasks.context import Context
from usecases.failure_words import FAILURE_SENTENCES, advice_on
from usecases.patience import patiently
from usecases.results import Rejected


@dataclass(frozen=True, slots=True)
class Proved:
    """The secrets after the check, and how many metered reads it took."""

    secrets: Mapping[str, Any]
    reads: int


@dataclass(slots=True)
class _Held:
    """Secrets that belong to no connection yet."""

    secrets: dict[str, Any] = field(repr=False)

    def load(self) -> Mapping[str, Any]:
        return self.secrets

    def save(self, secrets: Mapping[str, Any]) -> bool:
        self.secrets = dict(secrets)
        return True

    @contextmanager
    def alone(self) -> Iterator[Turn]:
        yield self

    def reconnect_needed(self) -> bool:
        return True


def prove(
    context: Context, role: Role, vendor: str, account_id: str, settings: Mapping[str, Any], secrets: Mapping[str, Any]
) -> ReadResult[Proved]:
    """Calls the system with these secrets, waiting for our own limiter as long as a person would."""
    held, tally = _Held(dict(secrets)), Tally()
    account = Account(0, vendor, account_id, settings, held, tally)
    is_source = role is Role.SOURCE
    system = open_source(context.platform, account) if is_source else open_target(context.platform, account)
    checked = patiently(context, system.check)
    return checked if isinstance(checked, Failure) else Got(Proved(held.secrets, tally.reads))


@dataclass(frozen=True, slots=True)
class Unproved(Rejected):
    """The system did not accept the entered secrets, so nothing was stored; `lines` is the text that a test shows."""

    lines: tuple[str, ...]


def unproved(vendor: Vendor, failure: Failure) -> Unproved:
    """The report about secrets that the system did not accept."""
    told = f"{FAILURE_SENTENCES[failure.kind]} ({failure.detail})"
    lines = (told, advice_on(vendor, failure.kind), "Nothing was stored; the earlier connection stays as it is.")
    return Unproved(told, lines)


def missing_setting(context: Context, vendor: str, secrets: Mapping[str, Any]) -> str | None:
    """The missing settings without which no call could succeed, as a sentence; None if there are none."""
    missing = " and ".join(context.platform.vendors[vendor].missing_settings(secrets))
    return f"{missing} must be set before this can be connected. Nothing was called or stored." if missing else None
