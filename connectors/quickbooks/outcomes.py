"""What became of a write: from QuickBooks' answer, or the lack of one, to an outcome of `connectors/copying.py`.

HTTP 200 with the object: done. No connection, no token, too many calls, a client error, a fault inside HTTP 200: not
done. Everything else is unknown, even a success that cannot be read; a request id makes the next send safe as long as
QuickBooks remembers it, which Intuit does not say.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from connectors.base import Failure, FailureKind, Refused, Throttled, Unknown
from connectors.copying import Applied, NameTaken, NotDone, NumberTaken, PeriodClosed, Stale
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer
from connectors.outcomes import not_even_sent, without_answer
from connectors.quickbooks.faults import THROTTLE_WAIT, failure_of, faults_in, is_refusal, words_of

# By the code of the fault.
INVOICE_REFUSALS: Mapping[str, Callable[[str], NumberTaken | PeriodClosed | Stale]] = {
    "5010": Stale,
    "6140": NumberTaken,
    "6210": PeriodClosed,
}
CUSTOMER_REFUSALS: Mapping[str, Callable[[str], NameTaken]] = {"6240": NameTaken}
# A deletion names an id and a version only, so a business rule (6000) can object to nothing but what hangs on the
# invoice: a payment, or (6540) a payment that is in a bank deposit.
REMOVAL_REFUSALS: Mapping[str, Callable[[str], Stale | PeriodClosed | Applied]] = {
    "5010": Stale,
    "6000": Applied,
    "6210": PeriodClosed,
    "6540": Applied,
}
_OK = 200

Special = TypeVar("Special")


def content_of(exchange: Exchange | Failure, entity: str, now: datetime) -> dict[str, Any] | None:
    """The object in the answer to a write that was carried out; None for any other answer."""
    if not isinstance(exchange, Answer) or exchange.status != _OK or failure_of(exchange, now) is not None:
        return None
    parsed = exchange.json()
    content = parsed.get(entity) if isinstance(parsed, dict) else None
    return content if isinstance(content, dict) else None


def not_done(
    exchange: Exchange | Failure, now: datetime, refusals: Mapping[str, Callable[[str], Special]]
) -> Special | NotDone:
    """The outcome of a write whose answer has no object that we can read.

    Args:
        refusals: the outcomes for refusals with a code of their own; made with the vendor's words.
    """
    match exchange:
        case Failure():
            return not_even_sent(exchange, THROTTLE_WAIT)
        case Limited() | NeverSent() | NoAnswer():
            return without_answer(exchange)
        case Answer():
            return _answered(exchange, now, refusals)


def _answered(answer: Answer, now: datetime, refusals: Mapping[str, Callable[[str], Special]]) -> Special | NotDone:
    failure = failure_of(answer, now)
    if failure is None:
        return Unknown("HTTP 200 without a readable object")
    if not is_refusal(answer):
        return Unknown(failure.detail)
    if failure.kind is FailureKind.THROTTLED:
        return Throttled(failure.detail, failure.retry_after or THROTTLE_WAIT)
    faults = faults_in(answer)
    fault = next((one for one in faults if one.code in refusals), faults[0] if faults else None)
    if fault is not None and fault.code in refusals:
        return refusals[fault.code](words_of(answer, fault))
    is_about_content = fault is not None and failure.kind in (FailureKind.REFUSED, FailureKind.NOT_FOUND)
    return Refused(failure.kind, words_of(answer, fault) if fault is not None and is_about_content else failure.detail)
