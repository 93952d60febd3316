"""Why a payment was synced, skipped, held or given up: one closed list, one sentence each.

Pages, command line, logs and `docs/reasons.md` all print these words and no others. The order is the order of
precedence: where several apply, the first one is told.
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
    REVERSED = "reversed"
    CORRECTED_BY_HAND = "corrected_by_hand"
    # Eligibility, in the order in which the rules are asked.
    SOURCE_DISCONNECTED = "source_disconnected"
    TARGET_DISCONNECTED = "target_disconnected"
    SWITCHED_OFF = "switched_off"
    MODE_DISABLED = "mode_disabled"
    OWN_PAYMENT = "own_payment"
    VOIDED = "voided"
    DELETED = "deleted"
    REMOVED = "removed"
    CURRENCY_UNKNOWN = "currency_unknown"
    DATE_MISSING = "date_missing"
    UNAPPLIED = "unapplied"
    CREDIT_MEMO = "credit_memo"
    JOURNAL_ENTRY = "journal_entry"
    REFUND = "refund"
    LINE_UNREADABLE = "line_unreadable"
    TOTAL_UNREADABLE = "total_unreadable"
    CREDIT_APPLIED = "credit_applied"
    MIXED_WITH_CREDIT = "mixed_with_credit"
    NOTHING_APPLIED = "nothing_applied"
    AMOUNT_NOT_REPRESENTABLE = "amount_not_representable"
    INVOICE_UNKNOWN = "invoice_unknown"
    INVOICE_NOT_SYNCED = "invoice_not_synced"
    SOURCE_INVOICE_MISSING = "source_invoice_missing"
    TARGET_UNREACHABLE = "target_unreachable"
    TARGET_INVOICE_MISSING = "target_invoice_missing"
    TARGET_INVOICE_AMBIGUOUS = "target_invoice_ambiguous"
    TARGET_INVOICE_NOT_PAYABLE = "target_invoice_not_payable"
    NUMBER_DIFFERS = "number_differs"
    TOTAL_DIFFERS = "total_differs"
    CURRENCY_DIFFERS = "currency_differs"
    CUSTOMER_DIFFERS = "customer_differs"
    BEFORE_CUT_OFF = "before_cut_off"
    EXCEEDS_BALANCE = "exceeds_balance"
    TWIN_NEARBY = "twin_nearby"
    FORMER_PAYMENT_THERE = "former_payment_there"
    # Corrections of what was already synced.
    CORRECTION_NEEDS_APPROVAL = "correction_needs_approval"
    NOT_OURS_TO_CHANGE = "not_ours_to_change"
    # Delivery.
    IN_DOUBT = "in_doubt"
    SEVERAL_CANDIDATES = "several_candidates"
    TARGET_THROTTLED = "target_throttled"
    PACED = "paced"
    READS_USED_UP = "reads_used_up"
    APPLICATION_REFUSED = "application_refused"
    SECRETS_UNREADABLE = "secrets_unreadable"
    COMPANY_SUSPENDED = "company_suspended"
    TARGET_SICK = "target_sick"
    TARGET_CREDENTIALS = "target_credentials"
    TARGET_FORBIDDEN = "target_forbidden"
    TARGET_REFUSED = "target_refused"
    TARGET_STOPPED = "target_stopped"
    TARGET_OCCUPIED = "target_occupied"
    TARGET_LOCKED = "target_locked"
    TARGET_CHANGED_IT = "target_changed_it"
    TARGET_REPLACED = "target_replaced"
    TARGET_HARMED = "target_harmed"
    TARGET_PAYMENT_GONE = "target_payment_gone"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a partner reads.

    Attributes:
        sentence: what is the case.
        advice: what to do about it; starts with "Nothing to do" where the system goes on by itself.
        clears_itself: the cause can go away without a click here, and the payment then goes on by itself.
        needs_person: the cause does not go away before somebody has done something about this very payment or its
            invoice, in one of the two systems or here.
    """

    sentence: str
    advice: str
    clears_itself: bool = False
    needs_person: bool = False


_NOTHING = "Nothing to do."
_NOTHING_RETRIED = "Nothing to do: we look again by ourselves and go on when the cause is gone."

EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.ELIGIBLE: Explanation(
        "All checks passed; the payment is on its way to ConnectWise.", _NOTHING, clears_itself=True
    ),
    Reason.SYNCED: Explanation("The payment is on the ConnectWise invoice.", _NOTHING),
    Reason.ADOPTED: Explanation(
        "Someone had already entered this payment in ConnectWise; we linked it and created nothing.",
        "Nothing to do. To avoid double work, leave entering QuickBooks payments to the sync.",
    ),
    Reason.EDITED: Explanation(
        "The payment was edited in QuickBooks after it had been synced; the ConnectWise payment is being changed.",
        _NOTHING,
        clears_itself=True,
    ),
    Reason.VOIDED_AFTER_SYNC: Explanation(
        "The payment was voided in QuickBooks after it had been synced; the ConnectWise payment is being removed.",
        _NOTHING,
        clears_itself=True,
    ),
    Reason.DELETED_AFTER_SYNC: Explanation(
        "The payment was deleted in QuickBooks after it had been synced; the ConnectWise payment is being removed.",
        _NOTHING,
        clears_itself=True,
    ),
    Reason.MOVED_AFTER_SYNC: Explanation(
        "The payment no longer applies to this invoice in QuickBooks; the ConnectWise payment is being removed.",
        _NOTHING,
        clears_itself=True,
    ),
    Reason.RELINKED_AFTER_SYNC: Explanation(
        "The invoice was linked to another ConnectWise invoice after the payment had been synced; it is being moved there.",
        _NOTHING,
        clears_itself=True,
    ),
    Reason.CORRECTED_BY_HAND: Explanation(
        "The payment changed in QuickBooks after it had been synced, and somebody made the same change in ConnectWise.",
        _NOTHING,
    ),
    Reason.REVERSED: Explanation(
        "The payment was taken back in QuickBooks, and we removed our payment from the ConnectWise invoice.",
        _NOTHING,
    ),
    Reason.SOURCE_DISCONNECTED: Explanation(
        "QuickBooks is not connected.",
        "Reconnect QuickBooks under Integrations; waiting payments then go on by themselves.",
        clears_itself=True,
    ),
    Reason.TARGET_DISCONNECTED: Explanation(
        "ConnectWise is not connected.",
        "Reconnect ConnectWise under Integrations; waiting payments then go on by themselves.",
        clears_itself=True,
    ),
    Reason.SWITCHED_OFF: Explanation(
        "External payment sync is switched off for your organization.",
        "Turn on 'Enable external payments sync' under Integrations > Preferences if you want payments synced.",
        clears_itself=True,
    ),
    Reason.MODE_DISABLED: Explanation(
        "The sync mode is set to Disabled.",
        "Choose 'All Invoices' or 'Synced Invoices Only' under Sync Invoices > Preferences if you want payments synced.",
        clears_itself=True,
    ),
    Reason.OWN_PAYMENT: Explanation(
        "This payment was created through this platform, so it is not external and already handled.", _NOTHING
    ),
    Reason.VOIDED: Explanation("The payment is voided in QuickBooks, and nothing was synced before.", _NOTHING),
    Reason.DELETED: Explanation("The payment was deleted in QuickBooks, and nothing was synced before.", _NOTHING),
    Reason.REMOVED: Explanation(
        "The payment no longer applies to this invoice in QuickBooks, and nothing was synced before.",
        _NOTHING,
    ),
    Reason.CURRENCY_UNKNOWN: Explanation(
        "QuickBooks does not say in which currency the payment is.",
        "Set the home currency of the QuickBooks connection.",
        clears_itself=True,
    ),
    Reason.DATE_MISSING: Explanation(
        "The payment has no readable date in QuickBooks.",
        "Enter the payment date in QuickBooks.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.UNAPPLIED: Explanation(
        "This part of the payment is not applied to any invoice; it is a customer credit in QuickBooks.",
        "Apply it to an invoice in QuickBooks, and it is synced then.",
    ),
    Reason.CREDIT_MEMO: Explanation(
        "This part of the payment is a credit memo, not money received.",
        "Apply the credit in ConnectWise yourself if you keep credits there.",
    ),
    Reason.JOURNAL_ENTRY: Explanation(
        "This part of the payment is about a journal entry, not an invoice.", "Nothing to do in ConnectWise."
    ),
    Reason.REFUND: Explanation(
        "This part of the payment offsets a refund to the customer, not an invoice.",
        "Nothing to do in ConnectWise.",
    ),
    Reason.LINE_UNREADABLE: Explanation(
        "One line of the payment is linked to several documents at once, so we cannot tell which invoice it pays.",
        "Open the payment in QuickBooks and apply it to one document per line, or enter it in ConnectWise by hand.",
        needs_person=True,
    ),
    Reason.TOTAL_UNREADABLE: Explanation(
        "QuickBooks does not say how much money was received with this payment.",
        "Open the payment in QuickBooks, check its amount and save it; the payment then goes on by itself.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.CREDIT_APPLIED: Explanation(
        "The invoice was paid with a credit (a credit memo or a journal entry), and no money was received.",
        "Apply the credit in ConnectWise yourself if you keep credits there.",
    ),
    Reason.MIXED_WITH_CREDIT: Explanation(
        "The payment mixes money with credits or refunds, so QuickBooks does not say how much money this invoice got.",
        "Enter the money part on the ConnectWise invoice by hand, or record money and credit as two payments.",
        needs_person=True,
    ),
    Reason.NOTHING_APPLIED: Explanation("The payment moves no money and is applied to nothing.", "Nothing to do."),
    Reason.AMOUNT_NOT_REPRESENTABLE: Explanation(
        "The amount cannot be paid in its currency: it is not positive, or has more digits than the currency.",
        "Correct the amount in QuickBooks.",
        needs_person=True,
    ),
    Reason.INVOICE_UNKNOWN: Explanation(
        "The invoice does not exist in this platform.",
        "Create it in the Partner Dashboard or sync it with the Sync Tool; the payment then goes on by itself.",
        clears_itself=True,
    ),
    Reason.INVOICE_NOT_SYNCED: Explanation(
        "The sync mode is 'Synced Invoices Only', and this invoice was not synced with the Sync Tool.",
        "Sync the invoice with the Sync Tool, or choose 'All Invoices'.",
        clears_itself=True,
    ),
    Reason.SOURCE_INVOICE_MISSING: Explanation(
        "The invoice does not exist in QuickBooks (any more).",
        "Check the invoice in QuickBooks; we look again by ourselves.",
        clears_itself=True,
    ),
    Reason.TARGET_UNREACHABLE: Explanation(
        "ConnectWise cannot be reached right now.", _NOTHING_RETRIED, clears_itself=True
    ),
    Reason.TARGET_INVOICE_MISSING: Explanation(
        "The invoice does not exist in ConnectWise yet.",
        "Create the invoice in ConnectWise with the same number; we look again by ourselves.",
        clears_itself=True,
    ),
    Reason.TARGET_INVOICE_AMBIGUOUS: Explanation(
        "More than one ConnectWise invoice has this number.",
        "Make the invoice number unique in ConnectWise, or import the invoice with its ConnectWise id.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_INVOICE_NOT_PAYABLE: Explanation(
        "The ConnectWise document with this number takes no payment: it is a credit memo, or its total or open balance "
        "cannot be read.",
        "Check the numbers in both systems, and the document in ConnectWise; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.NUMBER_DIFFERS: Explanation(
        "The invoice number is not the same in QuickBooks and in ConnectWise.",
        "Make the numbers identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TOTAL_DIFFERS: Explanation(
        "The invoice total is not the same in QuickBooks and in ConnectWise.",
        "Make the totals identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.CURRENCY_DIFFERS: Explanation(
        "The currency is not the same in QuickBooks and in ConnectWise.",
        "Correct the currency in one of the systems; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.CUSTOMER_DIFFERS: Explanation(
        "The invoice belongs to different customers in QuickBooks and in ConnectWise.",
        "Check that this is the right invoice and make the customer names identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.BEFORE_CUT_OFF: Explanation(
        "The payment is dated before your cut-off date.",
        "Move the cut-off date if older payments are to be synced as well.",
        clears_itself=True,
    ),
    Reason.EXCEEDS_BALANCE: Explanation(
        "The payment is larger than what is still open on the ConnectWise invoice.",
        "Check the payments on the ConnectWise invoice: one may have been entered by hand. We look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TWIN_NEARBY: Explanation(
        "ConnectWise has a payment of the same amount on the same or a nearby date that we did not create.",
        "If it is the same money, correct its date in ConnectWise, or remove it there: we look again by ourselves. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.FORMER_PAYMENT_THERE: Explanation(
        "The ConnectWise invoice still has an earlier payment of the same amount on the same or a nearby date, which "
        "should not be there any more.",
        "If this payment was entered in its place, remove the earlier one in ConnectWise: we look again by ourselves. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.CORRECTION_NEEDS_APPROVAL: Explanation(
        "The payment changed in QuickBooks after it had been synced, and corrections need your approval.",
        "Correct the payment in ConnectWise by hand: we see it by ourselves; or set corrections to automatic.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.NOT_OURS_TO_CHANGE: Explanation(
        "The payment changed in QuickBooks, but its ConnectWise payment was entered by a person; we never change those.",
        "Correct the payment in ConnectWise by hand; we see it by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.IN_DOUBT: Explanation(
        "ConnectWise did not answer after we had sent the payment; we wait and look before anything is sent again.",
        "Nothing to do: we look by ourselves and go on.",
        clears_itself=True,
    ),
    Reason.SEVERAL_CANDIDATES: Explanation(
        "ConnectWise did not answer, and we cannot tell which new payment on the invoice is ours, or whether one is.",
        "Look at the invoice in ConnectWise and remove what is not right. We look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_THROTTLED: Explanation(
        "ConnectWise asked us to slow down.", "Nothing to do: we go on when it allows.", clears_itself=True
    ),
    Reason.PACED: Explanation(
        "We keep below the number of calls that the other system allows.",
        "Nothing to do: we go on in a moment.",
        clears_itself=True,
    ),
    Reason.READS_USED_UP: Explanation(
        "All calls to QuickBooks that this platform may make in a month have been made.",
        "Raise the plan at Intuit and QUICKBOOKS_MONTHLY_READS_MAX; else it goes on with the next month. Nothing is lost.",
        clears_itself=True,
    ),
    Reason.APPLICATION_REFUSED: Explanation(
        "QuickBooks does not accept this platform's own client id and secret.",
        "Whoever runs the platform corrects QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET; then it goes on by itself. "
        "The connection stays as it is, and nothing is lost.",
        clears_itself=True,
    ),
    Reason.SECRETS_UNREADABLE: Explanation(
        "This platform cannot open the secrets that it has stored for the connection.",
        "Whoever runs the platform puts the missing key back into ENCRYPTION_KEYS, or adds the connection again; then it "
        "goes on by itself. Nothing is lost.",
        clears_itself=True,
    ),
    Reason.COMPANY_SUSPENDED: Explanation(
        "QuickBooks says that the company's subscription is suspended or has ended.",
        "Renew the subscription at Intuit; we ask every hour and go on by ourselves. Nothing is lost.",
        clears_itself=True,
    ),
    Reason.TARGET_SICK: Explanation(
        "The other system failed several times in a row; we let it rest for a while.",
        _NOTHING_RETRIED,
        clears_itself=True,
    ),
    Reason.TARGET_CREDENTIALS: Explanation(
        "ConnectWise does not accept the keys of this connection.",
        "Enter valid API keys for ConnectWise and test the connection; waiting payments then go on by themselves.",
        clears_itself=True,
    ),
    Reason.TARGET_FORBIDDEN: Explanation(
        "The ConnectWise API member lacks a right that is needed to read invoices or to enter payments.",
        "Give its security role 'Finance > Invoicing: Edit All, Inquire All, Delete All'; we try again by ourselves, or at "
        "once if you test the connection and retry.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_REFUSED: Explanation(
        "ConnectWise refused the payment.",
        "Read ConnectWise's answer below and correct the cause; we try again by ourselves, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_STOPPED: Explanation(
        "We stopped writing to this ConnectWise: when a payment was added, an older one on the invoice vanished or changed.",
        "Compare the invoice in both systems, set the strategy to 'single' if your ConnectWise keeps one payment per invoice, "
        "and test the connection to go on.",
        clears_itself=True,
    ),
    Reason.TARGET_OCCUPIED: Explanation(
        "Your ConnectWise keeps one payment per invoice, and somebody else's payment is on this one.",
        "Enter the payment in ConnectWise by hand, or remove the other one there; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_LOCKED: Explanation(
        "ConnectWise does not let the payment be changed: it is in a closed batch or in use.",
        "Open the batch in ConnectWise or correct the payment there by hand; we try again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_CHANGED_IT: Explanation(
        "ConnectWise took the payment but recorded another amount or date than we sent.",
        "Compare the payment in both systems and correct ConnectWise by hand.",
        needs_person=True,
    ),
    Reason.TARGET_REPLACED: Explanation(
        "ConnectWise replaced another payment on the invoice instead of adding this one.",
        "Compare the payments on the invoice in both systems and correct ConnectWise by hand, before anything is retried.",
        needs_person=True,
    ),
    Reason.TARGET_HARMED: Explanation(
        "ConnectWise removed or changed this payment when another one was added to the invoice.",
        "Compare the payments on the invoice in both systems, correct ConnectWise by hand, and retry.",
        needs_person=True,
    ),
    Reason.TARGET_PAYMENT_GONE: Explanation(
        "The payment that stood for this one is no longer on the ConnectWise invoice; somebody removed it.",
        "Enter the payment in ConnectWise by hand: we see it by ourselves; or retry if we are to create it again.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.ATTEMPTS_EXHAUSTED: Explanation(
        "We tried many times and ConnectWise kept failing; now we try rarely.",
        "Read the last answer below and correct the cause; we try again by ourselves, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
    ),
}

# What a person may overrule by saying that it is other money ("create anyway").
HELD_BESIDE_A_SIMILAR_ONE = frozenset({Reason.TWIN_NEARBY, Reason.FORMER_PAYMENT_THERE})


def explain(reason: Reason) -> Explanation:
    """The sentence and the advice a partner reads."""
    return EXPLANATIONS[reason]


def as_markdown() -> str:
    """The text of `docs/reasons.md`; `make docs` writes it and a test compares it."""
    lines = [
        "# Reasons",
        "",
        "Every payment ends with exactly one of these. This page is generated from `domain/reasons.py` by `make docs`.",
        "",
        "| reason | what it means | what to do | needs you | clears itself |",
        "|---|---|---|---|---|",
    ]
    for reason in Reason:
        told = EXPLANATIONS[reason]
        needs, clears = ("yes" if answer else "" for answer in (told.needs_person, told.clears_itself))
        lines.append(f"| `{reason}` | {told.sentence} | {told.advice} | {needs} | {clears} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - `make docs` redirects it into the file
