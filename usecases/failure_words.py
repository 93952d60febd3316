"""The meaning of a failed call, and advice about it, in words for the person who tested a connection."""

from connectors.base import FailureKind
from connectors.vendor import Vendor

FAILURE_SENTENCES = {
    FailureKind.THROTTLED: "The system asks us to slow down.",
    FailureKind.PACED: "We stay below the number of calls that the system allows.",
    FailureKind.USED_UP: "This platform has made all the calls to the system that its plan allows this month.",
    FailureKind.UNAVAILABLE: "The system cannot be reached, or is having problems.",
    FailureKind.CREDENTIALS: "The system does not accept the secrets of this connection.",
    FailureKind.MISCONFIGURED: "The system does not accept this platform's own client id or secret.",
    FailureKind.SUSPENDED: "The system says that this account is suspended, or that its subscription has ended.",
    FailureKind.FORBIDDEN: "The system accepts the secrets, but they lack a permission that we need.",
    FailureKind.NOT_FOUND: "The system does not know this account.",
    FailureKind.REFUSED: "The system refused the call.",
}
_ADVICE = {
    FailureKind.THROTTLED: "Test again in a minute.",
    FailureKind.PACED: "Test again in a moment.",
    FailureKind.USED_UP: "Upgrade the plan at the vendor, or wait for the next month.",
    FailureKind.UNAVAILABLE: "Check the address, and test again later.",
    FailureKind.CREDENTIALS: "Add the connection again with valid secrets.",
    FailureKind.MISCONFIGURED: (
        "The operator of this platform has to correct its settings; the connection itself is fine."
    ),
    FailureKind.SUSPENDED: "Renew the subscription; waiting payments then continue automatically.",
    FailureKind.FORBIDDEN: "Give the API user the permissions it needs, and test again.",
    FailureKind.NOT_FOUND: "Check the account, and add the connection again.",
    FailureKind.REFUSED: "Read the system's answer, correct the cause, and test again.",
}


def advice_on(vendor: Vendor, kind: FailureKind) -> str:
    """Advice on the failure: the vendor's own words where it has some."""
    return vendor.advice.get(kind, _ADVICE[kind])
