"""The words that pages show for names in the records."""

from domain.preferences import InvoiceOrigin
from domain.push.effect import EffectKind, EffectState
from domain.records import AllocationKind, PaymentState
from models.connections import ConnectionStatus
from models.decisions import Action
from models.inbox import EventSource

CONNECTION_LABELS = {
    ConnectionStatus.ACTIVE: "Connected",
    ConnectionStatus.NEEDS_RECONNECT: "Needs reconnecting",
    ConnectionStatus.DISCONNECTED: "Disconnected",
    ConnectionStatus.STOPPED: "Stopped: needs a person",
}
ORIGIN_LABELS = {
    InvoiceOrigin.PARTNER_DASHBOARD: "Partner Dashboard",
    InvoiceOrigin.SYNC_TOOL: "Sync Tool",
    InvoiceOrigin.MATCHED: "Found in both systems",
}
KIND_LABELS = {
    AllocationKind.INVOICE: "Invoice",
    AllocationKind.CREDIT_MEMO: "Credit memo",
    AllocationKind.JOURNAL_ENTRY: "Journal entry",
    AllocationKind.REFUND: "Refund",
    AllocationKind.OTHER: "Other document",
    AllocationKind.UNAPPLIED: "Not applied",
    AllocationKind.UNREADABLE: "Unreadable line",
    AllocationKind.NOTHING: "Nothing",
}
PAYMENT_STATE_LABELS = {
    PaymentState.LIVE: "Recorded",
    PaymentState.VOIDED: "Voided",
    PaymentState.DELETED: "Deleted",
}
EVENT_SOURCE_LABELS = {
    EventSource.WEBHOOK: "Webhook",
    EventSource.CATCH_UP: "Catch-up",
    EventSource.BACKFILL: "Backfill",
}
ACTION_LABELS = {
    Action.PUSH: "Sync",
    Action.ADJUST: "Change",
    Action.REVERSE: "Remove",
    Action.SKIP: "Skip",
    Action.HOLD: "Hold",
}
EFFECT_KIND_LABELS = {EffectKind.CREATE: "Create", EffectKind.ADJUST: "Change to", EffectKind.REVERSE: "Remove"}
EFFECT_STATE_LABELS = {
    EffectState.PENDING: "waiting for its turn",
    EffectState.SENDING: "being sent",
    EffectState.IN_DOUBT: "sent, answer lost; we check before anything is sent again",
    EffectState.DELIVERED: "done",
    EffectState.HELD: "held",
    EffectState.DEAD: "given up",
    EffectState.CANCELLED: "no longer wanted, not sent",
}
# How an attempt ended, by its stored name.
OUTCOME_LABELS = {
    "created": "created",
    "changed": "changed",
    "removed": "removed",
    "refused": "refused",
    "conflict": "in use there, will be tried again",
    "throttled": "too many calls, will be sent again",
    "paced": "delayed by our own rate limit, will be sent later",
    "notsent": "could not be sent",
    "notbegun": "not sent, because nothing more was to be sent at that moment",
    "unknown": "no answer",
}
FIELD_LABELS = {
    "number": "Number",
    "total": "Total",
    "currency": "Currency",
    "customer": "Customer",
    "balance": "Balance",
}
