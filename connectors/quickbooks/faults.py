"""QuickBooks' error envelopes: two spellings, sometimes inside HTTP 200, one table.

The `detail` of a 401 can contain the access token (captured in the wild), so details are never passed on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Failure, FailureKind
from connectors.http import Answer

# Intuit's flat rule for a throttled caller (limits and throttles page).
THROTTLE_WAIT = timedelta(seconds=60)

_KIND_OF_CODE = {
    "610": FailureKind.NOT_FOUND,
    "3001": FailureKind.THROTTLED,
    "003001": FailureKind.THROTTLED,
    "3100": FailureKind.FORBIDDEN,
    "003100": FailureKind.FORBIDDEN,
    "3200": FailureKind.CREDENTIALS,
    "003200": FailureKind.CREDENTIALS,
    "6190": FailureKind.SUSPENDED,
    "10000": FailureKind.UNAVAILABLE,
}
_KIND_OF_STATUS = {
    401: FailureKind.CREDENTIALS,
    # Only a fault's code says that consent was taken back; without one it is some gateway's bad moment.
    403: FailureKind.UNAVAILABLE,
    404: FailureKind.REFUSED,
    408: FailureKind.UNAVAILABLE,
    429: FailureKind.THROTTLED,
}
_SERVER_ERROR = 500
_OK = 200


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    message: str


def failure_of(answer: Answer, now: datetime) -> Failure | None:
    """None for a good answer; else what went wrong, from the fault's code first and the status second."""
    parsed = answer.json()
    fault = _fault_in(parsed)
    if fault is None and answer.status == _OK:
        return None if isinstance(parsed, dict) else Failure(FailureKind.UNAVAILABLE, "the answer is not JSON")
    kind = _KIND_OF_CODE.get(fault.code) if fault else None
    if kind is None:
        fallback = FailureKind.UNAVAILABLE if answer.status >= _SERVER_ERROR else FailureKind.REFUSED
        kind = _KIND_OF_STATUS.get(answer.status, fallback)
    detail = f"HTTP {answer.status}" + (f", code {fault.code}: {fault.message}" if fault else "")
    wait = (answer.retry_after(now) or THROTTLE_WAIT) if kind is FailureKind.THROTTLED else None
    return Failure(kind, detail[:200], wait)


def _fault_in(parsed: Any) -> Fault | None:
    if not isinstance(parsed, dict):
        return None
    envelope = parsed.get("Fault") or parsed.get("fault")
    if not isinstance(envelope, dict):
        return None
    errors = envelope.get("Error") or envelope.get("error") or []
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code") or first.get("Code") or ""
    message = first.get("Message") or first.get("message") or ""
    return Fault(str(code), str(message))
