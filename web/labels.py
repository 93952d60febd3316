"""The words that pages show for names in the records."""

from domain.copying.billed import InvoiceKind, LineKind
from domain.copying.booked import NameOwner
from domain.copying.states import CopyAction, CopyState, ItemState, RunState
from domain.match.foresight import Certainty, Outcome
from domain.notices.trying import NoticeState
from domain.payment_actions import PaymentAction
from domain.preferences import InvoiceOrigin
from domain.push.effect import EffectKind, EffectState
from domain.records import AllocationKind, PaymentState
from domain.set_up import StepState
from models.connections import ConnectionStatus
from models.decisions import Action
from models.inbox import EventSource
from models.long_works import WorkState

FORESEEN_LABELS = {
    Outcome.SYNCED: "Would be synced",
    Outcome.CORRECTED: "Would be corrected",
    Outcome.TAKEN_OUT: "Taken out of the queue",
    Outcome.HELD: "Held",
    Outcome.SKIPPED: "Skipped",
    Outcome.UNCHANGED: "Unchanged",
}
FORESEEN_BADGES = {
    Outcome.SYNCED: "synced",
    Outcome.CORRECTED: "on_its_way",
    Outcome.TAKEN_OUT: "needs_attention",
    Outcome.HELD: "waiting",
    Outcome.SKIPPED: "skipped",
    Outcome.UNCHANGED: "skipped",
}
CERTAINTY_LABELS = {
    Certainty.SURE: "Sure: decided from what is stored",
    Certainty.SEEN: "As last seen; checked again first",
    Certainty.NOT_SEEN: "Not looked up yet; checked first",
}
NOTICE_STATE_BADGES = {
    NoticeState.WAITING: "waiting",
    NoticeState.DELIVERED: "synced",
    NoticeState.FAILED: "needs_attention",
    NoticeState.REPLACED: "skipped",
}
STEP_STATE_BADGES = {
    StepState.DONE: "synced",
    StepState.TO_DO: "waiting",
    StepState.LATER: "",
    StepState.PROBLEM: "needs_attention",
}
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
    EventSource.COUNT: "Look after a count",
}
ACTION_LABELS = {
    Action.PUSH: "Sync",
    Action.ADJUST: "Change",
    Action.REVERSE: "Remove",
    Action.SKIP: "Skip",
    Action.HOLD: "Hold",
}
# What a person can do about a payment: on a button, and as the head of the page that asks about many.
PAYMENT_ACTION_LABELS = {
    PaymentAction.RETRY: "Retry",
    PaymentAction.DISMISS: "Dismiss",
    PaymentAction.TAKE_BACK: "Take back",
    PaymentAction.MARK_OWN: "Mark as our own",
    PaymentAction.SYNC_AFTER_ALL: "Sync after all",
}
PAYMENT_ACTION_MEANING_LABELS = {
    PaymentAction.RETRY: "Everything that is stuck is tried again now. Nothing is created twice.",
    PaymentAction.DISMISS: (
        "Nobody is waited for any more. Nothing is changed in {target}, and nothing is synced until the payment "
        "changes in {source} or somebody chooses “Sync after all”."
    ),
    PaymentAction.TAKE_BACK: (
        "What we entered is removed from {target}, and nothing else: a payment that a person typed or changed there "
        "stays. Nothing is synced again until somebody chooses “Sync after all”."
    ),
    PaymentAction.MARK_OWN: (
        "What is marked counts as made by this platform, and so as accounted for: it is not external, and is not "
        "synced."
    ),
    PaymentAction.SYNC_AFTER_ALL: (
        "The rules decide again, as if nothing had been dismissed, taken back or marked as our own."
    ),
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
# --- the Sync Tool ---
COPY_STATE_LABELS = {
    CopyState.AVAILABLE: "Not copied yet",
    CopyState.QUEUED: "Waits for its turn",
    CopyState.CREATING: "Being sent",
    CopyState.IN_DOUBT: "Sent, answer lost",
    CopyState.HELD: "Held",
    CopyState.COPIED: "Copied",
    CopyState.PRESENT: "Marked as present",
    CopyState.ELSEWHERE: "Handled elsewhere",
    CopyState.CHANGED: "Changed after the copy",
}
# What is told about an invoice without a reason.
COPY_STATE_SENTENCE_LABELS = {
    CopyState.AVAILABLE: "Nobody has copied or marked this invoice yet.",
    CopyState.QUEUED: "What was asked for is done in its turn.",
    CopyState.CREATING: "The invoice is on its way into {source}.",
    CopyState.IN_DOUBT: "The invoice was sent to {source}, and we look whether it arrived.",
    CopyState.HELD: "This invoice is held.",
    CopyState.COPIED: "The invoice is in {source}, and marked as copied in {target}.",
    CopyState.PRESENT: "A person said that {source} has this invoice already; nothing was created.",
    CopyState.ELSEWHERE: "Another tool or a person has batched this invoice in {target}, or opened it again.",
    CopyState.CHANGED: "The invoice was taken out of its batch in {target} after it had been copied.",
}
COPY_STATE_BADGES = {
    CopyState.AVAILABLE: "",
    CopyState.QUEUED: "on_its_way",
    CopyState.CREATING: "on_its_way",
    CopyState.IN_DOUBT: "waiting",
    CopyState.HELD: "needs_attention",
    CopyState.COPIED: "synced",
    CopyState.PRESENT: "good",
    CopyState.ELSEWHERE: "",
    CopyState.CHANGED: "waiting",
}
COPY_ACTION_LABELS = {
    CopyAction.COPY: "Copy to QuickBooks",
    CopyAction.MARK: "Mark as present in QuickBooks",
    CopyAction.TAKE_BACK: "Take back",
    CopyAction.UPDATE: "Update in QuickBooks",
    CopyAction.LEAVE: "Leave as it is",
}
RUN_STATE_LABELS = {
    RunState.CHECKING: "Being checked",
    RunState.CHECKED: "Waits for your word",
    RunState.RUNNING: "Under way",
    RunState.DONE: "Done",
    RunState.STOPPED: "Stopped",
}
RUN_STATE_BADGES = {
    RunState.CHECKING: "on_its_way",
    RunState.CHECKED: "waiting",
    RunState.RUNNING: "on_its_way",
    RunState.DONE: "synced",
    RunState.STOPPED: "",
}
WORK_STATE_LABELS = {
    WorkState.COUNTING: "Being looked through",
    WorkState.READY: "Waits for your word",
    WorkState.TAKING: "Under way",
    WorkState.STOPPED: "Stopped",
    WorkState.DONE: "Done",
}
WORK_STATE_BADGES = {
    WorkState.COUNTING: "on_its_way",
    WorkState.READY: "waiting",
    WorkState.TAKING: "on_its_way",
    WorkState.STOPPED: "",
    WorkState.DONE: "synced",
}
ITEM_STATE_LABELS = {
    ItemState.CHECKING: "Not checked yet",
    ItemState.READY: "Ready",
    ItemState.PROBLEM: "Problem",
    ItemState.QUEUED: "Waits for its turn",
    ItemState.DONE: "Done",
    ItemState.HELD: "Held",
    ItemState.LEFT_OUT: "Left out",
}
ITEM_STATE_BADGES = {
    ItemState.CHECKING: "",
    ItemState.READY: "good",
    ItemState.PROBLEM: "needs_attention",
    ItemState.QUEUED: "on_its_way",
    ItemState.DONE: "synced",
    ItemState.HELD: "needs_attention",
    ItemState.LEFT_OUT: "",
}
INVOICE_KIND_LABELS = {
    InvoiceKind.AGREEMENT: "Agreement",
    InvoiceKind.CREDIT_MEMO: "Credit memo",
    InvoiceKind.DOWN_PAYMENT: "Down payment",
    InvoiceKind.MISCELLANEOUS: "Miscellaneous",
    InvoiceKind.PROGRESS: "Progress",
    InvoiceKind.STANDARD: "Standard",
    InvoiceKind.CONSOLIDATED: "Consolidated",
    InvoiceKind.OTHER: "Another kind",
}
LINE_KIND_LABELS = {
    LineKind.SERVICE: "Services",
    LineKind.PRODUCT: "Products",
    LineKind.EXPENSE: "Expenses",
    LineKind.AGREEMENT: "Agreements",
    LineKind.ADJUSTMENT: "Adjustments and rounding",
}
NAME_OWNER_LABELS = {
    NameOwner.CUSTOMER: "a customer",
    NameOwner.VENDOR: "a vendor",
    NameOwner.EMPLOYEE: "an employee",
}
# What a write of the Sync Tool was, by its stored name.
COPY_WRITE_LABELS = {
    "create": "Create the invoice in QuickBooks",
    "change": "Change the invoice in QuickBooks",
    "delete": "Delete the invoice in QuickBooks",
    "batch": "Put it into a batch in ConnectWise",
    "unbatch": "Remove its batch in ConnectWise",
}
