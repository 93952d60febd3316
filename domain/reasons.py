"""Why a payment was synced, skipped, held or given up: one closed list; `domain/explanations.py` has the sentences.

Pages, command line, logs and `docs/reasons.md` all print these words and no others. Match checks the reasons from
SOURCE_DISCONNECTED to BEFORE_CUT_OFF in this order and records the first that applies; the order of push's questions is
in `domain/push/verdict.py`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    # The good ends.
    ELIGIBLE = "eligible"
    SYNCED = "synced"
    ADOPTED = "adopted"
    EDITED = "edited"
    VOIDED_AFTER_SYNC = "voided_after_sync"
    DELETED_AFTER_SYNC = "deleted_after_sync"
    MOVED_AFTER_SYNC = "moved_after_sync"
    RELINKED_AFTER_SYNC = "relinked_after_sync"
    TAKING_BACK = "taking_back"
    REVERSED = "reversed"
    CORRECTED_BY_HAND = "corrected_by_hand"
    # Eligibility, in the order in which the rules are checked.
    SOURCE_DISCONNECTED = "source_disconnected"
    TARGET_DISCONNECTED = "target_disconnected"
    SWITCHED_OFF = "switched_off"
    MODE_DISABLED = "mode_disabled"
    OWN_PAYMENT = "own_payment"
    DISMISSED = "dismissed"
    TAKEN_BACK = "taken_back"
    INCOMPLETE = "incomplete"
    VOIDED = "voided"
    DELETED = "deleted"
    REMOVED = "removed"
    CURRENCY_UNKNOWN = "currency_unknown"
    DATE_MISSING = "date_missing"
    UNAPPLIED = "unapplied"
    CREDIT_MEMO = "credit_memo"
    JOURNAL_ENTRY = "journal_entry"
    REFUND = "refund"
    OTHER_DOCUMENT = "other_document"
    LINE_UNREADABLE = "line_unreadable"
    LINE_WITHOUT_DOCUMENT = "line_without_document"
    TOTAL_UNREADABLE = "total_unreadable"
    CREDIT_APPLIED = "credit_applied"
    MIXED_WITH_CREDIT = "mixed_with_credit"
    NOTHING_APPLIED = "nothing_applied"
    AMOUNT_NOT_REPRESENTABLE = "amount_not_representable"
    INVOICE_UNKNOWN = "invoice_unknown"
    INVOICE_ONLY_IN_SOURCE = "invoice_only_in_source"
    SOURCE_NUMBER_AMBIGUOUS = "source_number_ambiguous"
    PLATFORM_NUMBER_AMBIGUOUS = "platform_number_ambiguous"
    INVOICE_NOT_SYNCED = "invoice_not_synced"
    SOURCE_INVOICE_MISSING = "source_invoice_missing"
    TARGET_UNREACHABLE = "target_unreachable"
    TARGET_NUMBER_NEARLY = "target_number_nearly"
    TARGET_INVOICE_MISSING = "target_invoice_missing"
    TARGET_INVOICE_AMBIGUOUS = "target_invoice_ambiguous"
    TARGET_INVOICE_TAKEN = "target_invoice_taken"
    TARGET_INVOICE_NOT_PAYABLE = "target_invoice_not_payable"
    NUMBER_DIFFERS = "number_differs"
    TOTAL_DIFFERS = "total_differs"
    CURRENCY_DIFFERS = "currency_differs"
    CUSTOMER_DIFFERS = "customer_differs"
    BEFORE_CUT_OFF = "before_cut_off"
    EXCEEDS_BALANCE = "exceeds_balance"
    TWIN_NEARBY = "twin_nearby"
    FORMER_PAYMENT_THERE = "former_payment_there"
    # Corrections of payments already synced.
    CORRECTION_NEEDS_APPROVAL = "correction_needs_approval"
    NOT_OURS_TO_CHANGE = "not_ours_to_change"
    # Delivery.
    IN_DOUBT = "in_doubt"
    SEVERAL_CANDIDATES = "several_candidates"
    TARGET_THROTTLED = "target_throttled"
    PACED = "paced"
    READS_USED_UP = "reads_used_up"
    APPLICATION_REFUSED = "application_refused"
    CLIENT_ID_REFUSED = "client_id_refused"
    SECRETS_UNREADABLE = "secrets_unreadable"
    COMPANY_SUSPENDED = "company_suspended"
    TARGET_SICK = "target_sick"
    KEYS_DOUBTED = "keys_doubted"
    TARGET_CREDENTIALS = "target_credentials"
    TARGET_FORBIDDEN = "target_forbidden"
    TARGET_REFUSED = "target_refused"
    TARGET_LOOKUP_REFUSED = "target_lookup_refused"
    TARGET_REFUSES = "target_refuses"
    TARGET_STOPPED = "target_stopped"
    WRITES_STOPPED = "writes_stopped"
    TARGET_OCCUPIED = "target_occupied"
    TARGET_LOCKED = "target_locked"
    TARGET_CHANGED_IT = "target_changed_it"
    TARGET_REPLACED = "target_replaced"
    TARGET_HARMED = "target_harmed"
    TARGET_PAYMENT_GONE = "target_payment_gone"
    TARGET_PAYMENT_CHANGED = "target_payment_changed"
    TARGET_PAYMENT_DOUBLED = "target_payment_doubled"
    TARGET_INVOICE_GONE = "target_invoice_gone"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of the table of reasons: what a partner reads, and what the engine knows about it.

    Attributes:
        sentence: what has happened; {source} and {target} stand for the names of the two systems.
        advice: what to do about it, written likewise; "Nothing to do" comes first where the system continues by itself.
        clears_itself: the cause can go away without a click here, and the payment then continues automatically.
        needs_person: the cause stays until a person acts on this very payment or its invoice, in one of the two systems
            or here.
        is_done: the target says what the source says, through us or through a person.
        cannot_tell: we could not look, so we know nothing new: never a reason to touch the outbox.
        leaves_money: held, and yet the target may have taken the payment or done something else with it: never
            replaced and never cancelled by a new decision (`domain/push/effect.py`, Doubt).
        cause_at_target: the cause is in the target's invoice, so a new look there may end it.
        is_failure: the target refused the payment, or kept failing; the others that need a person were held by a rule.
        done_by_hand: a person may make the very change at the target, and a look recognizes it.
        read_again: the picture was not whole, so we ask the source for it again.
        may_be_linked: a person may say that one of the payments seen is this money ("same money: link it").
        may_create_anyway: a person may say that a similar payment is other money ("create anyway").
    """

    sentence: str
    advice: str
    clears_itself: bool = False
    needs_person: bool = False
    is_done: bool = False
    cannot_tell: bool = False
    leaves_money: bool = False
    cause_at_target: bool = False
    is_failure: bool = False
    done_by_hand: bool = False
    read_again: bool = False
    may_be_linked: bool = False
    may_create_anyway: bool = False


NOTHING = "Nothing to do."
NOTHING_RETRIED = "Nothing to do: we check again automatically and continue when the cause is gone."
