"""A POST to an address that a person has entered.

Whoever enters an address could make us call hosts that only we can reach, and read part of their answers. So an address
that leads to a private network is refused when it is entered, and the one that we connect to is checked again at every
send: a name may lead elsewhere by then (`connectors/addresses.py`). No redirect is followed.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from connectors.addresses import AddressRules, is_loopback
from connectors.foreign_text import Secrets
from connectors.http import Answer, Limited, SizeLimits, TimeLimits, Wire
from connectors.limits import Rate
from connectors.sockets import resolve
from connectors.vendor import Surroundings
from domain.notices.trying import Reply

# Both together are the deadline of a try: ten seconds, however slowly the bytes come.
TIME_LIMITS = TimeLimits(connect_seconds=4, read_seconds=6)
_SIZES = SizeLimits(body_bytes=4 * 1024, cuts=True)
ANSWER_CHARACTERS_MAX = 1024
ADDRESS_CHARACTERS_MAX = 500
# Each endpoint's own. A receiver that wants less answers 429, and the pauses grow.
_RATES = (Rate(50, 1),)
_USER_AGENT = "External-Payments-Sync-Webhooks"

_NOT_AN_ADDRESS = "Write the whole address, such as https://example.com/payments."
_NOT_ENCRYPTED = "The address must start with https://, so that nobody on the way can read or change what we send."
_WITH_PASSWORD = "Leave out the user name and password: the signature says that the message is ours."  # noqa: S105
_UNKNOWN_HOST = "There is no host with the name {host}. Check the address for typing errors."
_NOT_PUBLIC = (
    "{host} leads to a private network, and we only call public addresses. Enter a public address, or ask the operator "
    "of this platform to allow the host (OUTSIDE_HOSTS)."
)


class Poster:
    """Posts for one channel. Threads share it."""

    def __init__(self, system: str, surroundings: Surroundings, time_limits: TimeLimits = TIME_LIMITS) -> None:
        # On a developer's machine the receiver is on it as well; private addresses are never called by themselves.
        self._addresses = replace(
            surroundings.addresses, public_only=True, loopback_too=not surroundings.addresses.public_only
        )
        self._system = system
        self._limiter = surroundings.limiter
        self._time_limits = time_limits

    def problem_with(self, address: str) -> str | None:
        parts = _split(address)
        if parts is None or parts.hostname is None:
            return _NOT_AN_ADDRESS
        if parts.username is not None or parts.password is not None:
            return _WITH_PASSWORD
        try:
            found = resolve(parts.hostname, parts.port, self._time_limits.connect_seconds)
        except (OSError, UnicodeError):
            return _UNKNOWN_HOST.format(host=parts.hostname)
        reached = [where[0] for *_, where in found]
        if any(self._addresses.why_refused(parts.hostname, one) for one in reached):
            return _NOT_PUBLIC.format(host=parts.hostname)
        if parts.scheme != "https" and not self._may_be_plain(reached):
            return _NOT_ENCRYPTED
        return None

    def post(
        self,
        endpoint_id: int,
        address: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        secrets: Collection[str] = (),
    ) -> Reply:
        """Sends once.

        Args:
            secrets: what must not be seen in the answer, beyond what the headers have.
        """
        started = time.monotonic()
        sent = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **(headers or {})}
        wire = self._wire(endpoint_id, address)
        result = wire.exchange("POST", address, route=f"/{self._system}", headers=sent, body=body)
        milliseconds = round((time.monotonic() - started) * 1000)
        match result:
            case Answer():
                return _reply(result, milliseconds, Secrets(frozenset(secrets)))
            case Limited(retry_after):
                return Reply(None, pause=retry_after)
            case _:
                return Reply(None, result.detail, milliseconds=milliseconds)

    def _may_be_plain(self, reached: list[str]) -> bool:
        return self._addresses.loopback_too and all(map(is_loopback, reached))

    def _wire(self, endpoint_id: int, address: str) -> Wire:
        """One for each send: an address that is called now and then is worth no open connection."""
        rules: AddressRules = self._addresses
        if urlsplit(address).scheme != "https":
            # The name may lead elsewhere since it was entered; unencrypted we go to this machine and nowhere else.
            rules = _OnlyLoopback(loopback_too=rules.loopback_too)
        limit_key = f"{self._system}:{endpoint_id}"
        return Wire(self._system, self._limiter, limit_key, _RATES, self._time_limits, _SIZES, rules)


class _OnlyLoopback(AddressRules):
    """For a plain address, which is good for trying things out on one machine."""

    def why_refused(self, host: str, address: str) -> str | None:  # noqa: ARG002 - whatever the host is called
        if self.loopback_too and is_loopback(address):
            return None
        return "an address without https is not called"


def _split(address: str) -> SplitResult | None:
    """The parts of an address that can be sent to at all."""
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment and parts.port != 0
    return parts if is_whole and len(address) <= ADDRESS_CHARACTERS_MAX else None


def _reply(answer: Answer, milliseconds: int, secrets: Secrets) -> Reply:
    told = secrets.hidden_in(answer.body.decode("utf-8", "replace"))
    text = answer.words(told, ANSWER_CHARACTERS_MAX)
    return Reply(answer.status, _detail(answer), text, milliseconds)


def _detail(answer: Answer) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return "a redirect, which we do not follow; enter the address that it leads to"
    return ""
