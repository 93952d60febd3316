"""The kinds of news that an organization's endpoints can be told, and which of them a payment's status is.

A closed list: a receiver may rely on it. Another kind of news (a connection was lost) is a row here, a body in
`body.py`, and one place that writes it.
"""

from enum import StrEnum
from types import MappingProxyType

from domain.explanations import explain
from domain.reasons import Reason
from domain.status import PaymentStatus


class NoticeKind(StrEnum):
    PAYMENT_ON_ITS_WAY = "payment.on_its_way"
    PAYMENT_WAITING = "payment.waiting"
    PAYMENT_HELD = "payment.held"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_SYNCED = "payment.synced"
    PAYMENT_SKIPPED = "payment.skipped"
    PAYMENT_TAKEN_BACK = "payment.taken_back"
    # Only sent when a person asks for it, whatever an endpoint has chosen.
    TEST_PING = "test.ping"


KIND_LABELS = MappingProxyType(
    {
        NoticeKind.PAYMENT_SYNCED: "Synced",
        NoticeKind.PAYMENT_HELD: "Needs attention",
        NoticeKind.PAYMENT_FAILED: "Failed",
        NoticeKind.PAYMENT_WAITING: "Waiting",
        NoticeKind.PAYMENT_SKIPPED: "Skipped",
        NoticeKind.PAYMENT_TAKEN_BACK: "Taken back",
        NoticeKind.PAYMENT_ON_ITS_WAY: "On its way",
        NoticeKind.TEST_PING: "Test",
    }
)
KIND_TEXTS = MappingProxyType(
    {
        NoticeKind.PAYMENT_SYNCED: "The payment is on its invoice.",
        NoticeKind.PAYMENT_HELD: "The payment is held until a person acts.",
        NoticeKind.PAYMENT_FAILED: "The payment was refused, or could not be entered after many tries.",
        NoticeKind.PAYMENT_WAITING: "The payment waits for something that goes away without a click.",
        NoticeKind.PAYMENT_SKIPPED: "By rule, or because a person said so, nothing is synced.",
        NoticeKind.PAYMENT_TAKEN_BACK: "A person had our payment removed, and it is not synced again.",
        NoticeKind.PAYMENT_ON_ITS_WAY: "The payment is new or has changed; a decision or a delivery follows.",
    }
)
# What can be chosen, in the order in which a page lists it.
CHOOSABLE = tuple(KIND_TEXTS)
# What a new endpoint is told: all but what is followed by other news a moment later.
CHOSEN_AT_FIRST = tuple(one for one in CHOOSABLE if one is not NoticeKind.PAYMENT_ON_ITS_WAY)

_KIND_OF_STATUS = MappingProxyType(
    {
        PaymentStatus.NEEDS_ATTENTION: NoticeKind.PAYMENT_HELD,
        PaymentStatus.WAITING: NoticeKind.PAYMENT_WAITING,
        PaymentStatus.ON_ITS_WAY: NoticeKind.PAYMENT_ON_ITS_WAY,
        PaymentStatus.SYNCED: NoticeKind.PAYMENT_SYNCED,
        PaymentStatus.SKIPPED: NoticeKind.PAYMENT_SKIPPED,
    }
)


def kind_of(status: PaymentStatus, reason: Reason | None) -> NoticeKind:
    """What the news is that a payment has this status for this reason.

    Args:
        reason: None while nothing has been decided.
    """
    if status is PaymentStatus.NEEDS_ATTENTION and reason is not None and explain(reason).is_failure:
        return NoticeKind.PAYMENT_FAILED
    if reason is Reason.TAKEN_BACK:
        return NoticeKind.PAYMENT_TAKEN_BACK
    return _KIND_OF_STATUS[status]
