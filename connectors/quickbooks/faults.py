"""QuickBooks' error envelopes: two spellings, JSON or XML, sometimes inside HTTP 200, one table.

The `detail` of a 401 can contain the access token (captured in the wild), so a failed read never passes details on. A
refused write does (`words_of`), because only the detail says what to change, but never that of a refused token.
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
_OK, _UNAUTHORIZED, _FORBIDDEN, _TIMEOUT = 200, 401, 403, 408
_CLIENT_ERRORS = range(400, 500)
# The service broke while it worked on the request, whatever the status is.
_SYSTEM_FAILURE = "10000"


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    message: str
    detail: str = ""


def failure_of(answer: Answer, now: datetime, parsed: Any = None) -> Failure | None:
    """None for a good answer; else what went wrong, from the fault's code first and the status second.

    Args:
        parsed: the answer's JSON, if the caller has read it already.
    """
    parsed = answer.json() if parsed is None else parsed
    faults = faults_in(answer, parsed)
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


def faults_in(answer: Answer, parsed: Any = None) -> list[Fault]:
    """The faults that an answer reports, in any spelling.

    Args:
        parsed: the answer's JSON, if the caller has read it already.
    """
    told = answer.json() if parsed is None else parsed
    return _faults_in_xml(answer.body) if told is None else _faults_in(told)


def is_refusal(answer: Answer) -> bool:
    """Whether the answer proves that a write was not carried out.

    That is a client error, or a fault inside HTTP 200. A server error, a time limit of theirs, and a fault that says
    that the service broke prove nothing: it may have broken after it had saved the invoice.
    """
    faults = faults_in(answer)
    if any(one.code == _SYSTEM_FAILURE for one in faults):
        return False
    return bool(faults) if answer.status == _OK else answer.status in _CLIENT_ERRORS and answer.status != _TIMEOUT


def words_of(answer: Answer, fault: Fault) -> str:
    """The refusal of a write in the vendor's words, with the detail, which alone says what to change."""
    text = fault.message
    if fault.detail and answer.status not in (_UNAUTHORIZED, _FORBIDDEN):
        text = fault.detail if fault.detail.startswith(fault.message) else f"{fault.message}: {fault.detail}"
    return answer.words(f"HTTP {answer.status}, code {fault.code}: {text}")


def _faults_in(parsed: Any) -> list[Fault]:
    """The errors under fault and error, in any letter case, as a list or alone."""
    envelope = _under(parsed, "fault")
    if not isinstance(envelope, dict):
        return []
    errors = _under(envelope, "error")
    listed = errors if isinstance(errors, list) else [errors]
    told = [one for one in listed if isinstance(one, dict)] or [{}]
    return [_fault(_under(one, "code"), _under(one, "message"), _under(one, "detail")) for one in told]


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
    told = [
        _fault(one.of("code", "errorCode"), one.of("message", "errorMessage"), one.of("detail", "errorDetail"))
        for one in errors
    ]
    return told or [Fault("", "") for _ in faults[:1]]


def _fault(code: Any, message: Any, detail: Any) -> Fault:
    """The fault, with its code without leading zeros; a code that is only in the message is taken from there."""
    text = str(message or "").strip()
    known = str(code or "").strip()
    if not known:
        named = _CODE_IN_MESSAGE.search(text)
        known = named.group(1) if named else ""
    return Fault(known.lstrip("0") if known.isdigit() else known, text, str(detail or "").strip())
