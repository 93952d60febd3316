"""The kinds of news that an organization's endpoints can be told, and which of them a payment's status is.

A closed list: a receiver may rely on it. Another kind of news is a row here, a body in `body.py`, and one place that
writes it. What becomes of payments is for programs; alarms are for people too (`domain/alarms`).
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
    ALARM_ATTENTION = "alarm.attention"
    ALARM_CONNECTION_LOST = "alarm.connection_lost"
    ALARM_SYNC_STOPPED = "alarm.sync_stopped"
    ALARM_CONSENT_ENDING = "alarm.consent_ending"
    ALARM_WEBHOOKS_SILENT = "alarm.webhooks_silent"
    ALARM_DIFFERENCE_FOUND = "alarm.difference_found"
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
        NoticeKind.ALARM_ATTENTION: "Payments need attention",
        NoticeKind.ALARM_CONNECTION_LOST: "Connection lost",
        NoticeKind.ALARM_SYNC_STOPPED: "Sync stopped",
        NoticeKind.ALARM_CONSENT_ENDING: "Consent ending",
        NoticeKind.ALARM_WEBHOOKS_SILENT: "Webhooks silent",
        NoticeKind.ALARM_DIFFERENCE_FOUND: "Difference found",
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
        NoticeKind.ALARM_ATTENTION: "Payments wait for a person; grouped by their reason.",
        NoticeKind.ALARM_CONNECTION_LOST: "A system no longer accepts our access; somebody has to connect it again.",
        NoticeKind.ALARM_SYNC_STOPPED: "Nothing is synced: it was stopped or switched off, or waits for a person.",
        NoticeKind.ALARM_CONSENT_ENDING: "A consent ends within 30 days, and once more within 7 days.",
        NoticeKind.ALARM_WEBHOOKS_SILENT: "Changes reach us only because we ask; webhooks do not arrive.",
        NoticeKind.ALARM_DIFFERENCE_FOUND: "The reconciliation has found money that is apart without an explanation.",
    }
)
# What can be chosen, in the order in which a page lists it.
CHOOSABLE = tuple(KIND_TEXTS)
# What becomes of one payment, told each time; and states of the whole organization, which begin and end.
PAYMENT_KINDS = tuple(one for one in CHOOSABLE if one.value.startswith("payment."))
ALARM_KINDS = tuple(one for one in CHOOSABLE if one not in PAYMENT_KINDS)
# What a new webhook is told: all of payments but what is followed by other news a moment later.
CHOSEN_AT_FIRST = tuple(one for one in PAYMENT_KINDS if one is not NoticeKind.PAYMENT_ON_ITS_WAY)

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
