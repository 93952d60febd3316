"""QuickBooks' error envelopes: two spellings, JSON or XML, sometimes inside HTTP 200, one table.

The `detail` of a 401 can contain the access token (captured in the wild), so we never pass details on.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Failure, FailureKind
from connectors.http import Answer
from connectors.xml_errors import elements_in

# Intuit's flat rule for a throttled caller (limits and throttles page).
THROTTLE_WAIT = timedelta(seconds=60)

_KIND_OF_CODE = {
    "610": FailureKind.NOT_FOUND,
    "3001": FailureKind.THROTTLED,
    "3100": FailureKind.FORBIDDEN,
    "3200": FailureKind.CREDENTIALS,
    "6190": FailureKind.SUSPENDED,
    "10000": FailureKind.UNAVAILABLE,
}
_KIND_OF_STATUS = {
    401: FailureKind.CREDENTIALS,
    # Only a fault's code proves that consent was revoked; without one it is some gateway's bad moment.
    403: FailureKind.UNAVAILABLE,
    404: FailureKind.REFUSED,
    408: FailureKind.UNAVAILABLE,
    429: FailureKind.THROTTLED,
}
# "message=ThrottleExceeded; errorCode=003001; statusCode=429"
_CODE_IN_MESSAGE = re.compile(r"errorCode=(\d{1,9})\b")
_SERVER_ERROR = 500
_OK = 200


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    message: str


def failure_of(answer: Answer, now: datetime) -> Failure | None:
    """None for a good answer; else what went wrong, from the fault's code first and the status second."""
    parsed = answer.json()
    faults = _faults_in(parsed) if parsed is not None else _faults_in_xml(answer.body)
    # Of several faults we follow the one whose code we know.
    fault = next((one for one in faults if one.code in _KIND_OF_CODE), faults[0] if faults else None)
    if fault is None and answer.status == _OK:
        return None if isinstance(parsed, dict) else Failure(FailureKind.UNAVAILABLE, "the answer is not JSON")
    kind = _KIND_OF_CODE.get(fault.code) if fault else None
    if kind is None:
        fallback = FailureKind.UNAVAILABLE if answer.status >= _SERVER_ERROR else FailureKind.REFUSED
        kind = _KIND_OF_STATUS.get(answer.status, fallback)
    detail = f"HTTP {answer.status}" + (f", code {fault.code}: {fault.message}" if fault else "")
    wait = (answer.retry_after(now) or THROTTLE_WAIT) if kind is FailureKind.THROTTLED else None
    broke = answer.status == _SERVER_ERROR and kind is FailureKind.UNAVAILABLE
    return Failure(kind, answer.words(detail), wait, broke)


def _faults_in(parsed: Any) -> list[Fault]:
    """The errors under fault and error, in any letter case, as a list or alone."""
    envelope = _under(parsed, "fault")
    if not isinstance(envelope, dict):
        return []
    errors = _under(envelope, "error")
    listed = errors if isinstance(errors, list) else [errors]
    told = [one for one in listed if isinstance(one, dict)] or [{}]
    return [_fault(_under(one, "code"), _under(one, "message")) for one in told]


def _under(parsed: Any, name: str) -> Any:
    if not isinstance(parsed, dict):
        return None
    return next((value for key, value in parsed.items() if str(key).lower() == name and value), None)


def _faults_in_xml(body: bytes) -> list[Fault]:
    """`<Fault><Error code="..."><Message>`; a gateway may write `<errorCode>` and `<errorMessage>` instead."""
    elements = elements_in(body)
    faults = [one for one in elements if one.name.lower() == "fault"]
    errors = [one for one in elements if one.name.lower() == "error"]
    if not faults and not errors:
        errors = [one for one in elements if one.of("errorCode", "errorMessage")]
    told = [_fault(one.of("code", "errorCode"), one.of("message", "errorMessage")) for one in errors]
    return told or [Fault("", "") for _ in faults[:1]]


def _fault(code: Any, message: Any) -> Fault:
    """The fault, with its code without leading zeros; a code that is only in the message is taken from there."""
    text = str(message or "").strip()
    known = str(code or "").strip()
    if not known:
        named = _CODE_IN_MESSAGE.search(text)
        known = named.group(1) if named else ""
    return Fault(known.lstrip("0") if known.isdigit() else known, text)
