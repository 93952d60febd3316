"""What became of a write that ConnectWise did not answer with success; the same for every kind of record."""

from connectors.base import Failure, FailureKind, Refused, Throttled, Unknown
from connectors.connectwise.client import THROTTLE_WAIT, Client
from connectors.copying import NotDone
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer
from connectors.outcomes import not_even_sent, without_answer

# A look that ends in one of these says something about the connection; the write itself was answered with 404.
NOT_ABOUT_THE_RECORD = {
    FailureKind.THROTTLED,
    FailureKind.PACED,
    FailureKind.CREDENTIALS,
    FailureKind.FORBIDDEN,
}
_TIMEOUT = 408
_CLIENT_ERRORS = range(400, 500)


def not_done(client: Client, exchange: Exchange | Failure) -> NotDone:
    """The outcome of a write without the success that it was to have; Unknown unless the answer proves that it failed.

    ConnectWise has no idempotency key: a success that is unexpected or unreadable is Unknown as well.
    """
    match exchange:
        case Failure():
            return not_even_sent(exchange, THROTTLE_WAIT)
        case Limited() | NeverSent() | NoAnswer():
            return without_answer(exchange)
        case Answer(status=status) if status in _CLIENT_ERRORS and status != _TIMEOUT:
            failure = client.failure_of(exchange)
            if failure.kind is FailureKind.THROTTLED:
                return Throttled(failure.detail, failure.retry_after or THROTTLE_WAIT)
            return Refused(failure.kind, failure.detail)
        case Answer():
            return Unknown(client.failure_of(exchange).detail)
