"""The sentences a partner reads about a decision: first the good ends, then the rules that stop a payment.

{source} and {target} stand for the names of the two systems (`domain/words.py`).
"""

from domain.reasons import NOTHING, NOTHING_RETRIED, Explanation, Reason

EXPLAINED_DECISIONS: dict[Reason, Explanation] = {
    Reason.ELIGIBLE: Explanation(
        "All checks passed; the payment is on its way to {target}.", NOTHING, clears_itself=True
    ),
    Reason.SYNCED: Explanation(
        "The payment is on the {target} invoice.",
        NOTHING,
        is_done=True,
    ),
    Reason.ADOPTED: Explanation(
        "Someone had already entered this payment in {target}; we linked it and created nothing.",
        "Nothing to do. To avoid double work, let the sync enter payments from {source}.",
        is_done=True,
    ),
    Reason.EDITED: Explanation(
        "The payment was edited in {source} after it had been synced; the {target} payment is being changed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.VOIDED_AFTER_SYNC: Explanation(
        "The payment was voided in {source} after it had been synced; the {target} payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.DELETED_AFTER_SYNC: Explanation(
        "The payment was deleted in {source} after it had been synced; the {target} payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.MOVED_AFTER_SYNC: Explanation(
        "The payment no longer applies to this invoice in {source}; the {target} payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.RELINKED_AFTER_SYNC: Explanation(
        "The invoice was linked to another {target} invoice after the payment had been synced; it is being moved there.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.TAKING_BACK: Explanation(
        "A person took this payment back; the {target} payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.CORRECTED_BY_HAND: Explanation(
        "The payment changed in {source} after it had been synced, and someone made the same change in {target}.",
        NOTHING,
        is_done=True,
    ),
    Reason.REVERSED: Explanation(
        "The payment no longer pays this invoice in {source}, and we removed our payment from the {target} invoice.",
        NOTHING,
        is_done=True,
    ),
    Reason.SOURCE_DISCONNECTED: Explanation(
        "{source} is not connected.",
        "Reconnect {source} under Integrations; waiting payments then continue automatically.",
        clears_itself=True,
    ),
    Reason.TARGET_DISCONNECTED: Explanation(
        "{target} is not connected.",
        "Reconnect {target} under Integrations; waiting payments then continue automatically.",
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
        "This payment was created through this platform, so it is not external and is already accounted for.", NOTHING
    ),
    Reason.DISMISSED: Explanation(
        "A person dismissed this payment, so nothing is done about it.",
        "Nothing to do. If the payment changes in {source}, it is decided again; 'Sync it after all' does that now.",
    ),
    Reason.TAKEN_BACK: Explanation(
        "A person took this payment back: what we had entered in {target} was removed, and it is not synced again.",
        "Nothing to do. 'Sync it after all' lets it go again.",
    ),
    Reason.INCOMPLETE: Explanation(
        "{source} shows this payment incompletely: its total is not the sum of its lines and its unapplied part. "
        "Nothing was changed in {target} because of it.",
        "We read it again automatically. If it stays incomplete, open the payment in {source}, check its lines and save it.",
        clears_itself=True,
        needs_person=True,
        read_again=True,
    ),
    Reason.VOIDED: Explanation("The payment is voided in {source}, and nothing was synced before.", NOTHING),
    Reason.DELETED: Explanation("The payment was deleted in {source}, and nothing was synced before.", NOTHING),
    Reason.REMOVED: Explanation(
        "The payment no longer applies to this invoice in {source}, and nothing was synced before.",
        NOTHING,
    ),
    Reason.CURRENCY_UNKNOWN: Explanation(
        "{source} does not say which currency the payment is in.",
        "Set the home currency of the {source} connection.",
        clears_itself=True,
    ),
    Reason.DATE_MISSING: Explanation(
        "The payment has no readable date in {source}.",
        "Enter the payment date in {source}.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.UNAPPLIED: Explanation(
        "This part of the payment is not applied to any invoice; it is a customer credit in {source}.",
        "Apply it to an invoice in {source}; it is then synced.",
    ),
    Reason.CREDIT_MEMO: Explanation(
        "This part of the payment is a credit memo, not money received.",
        "Apply the credit in {target} yourself if you keep credits there.",
    ),
    Reason.JOURNAL_ENTRY: Explanation(
        "This part of the payment belongs to a journal entry, not to an invoice.", "Nothing to do in {target}."
    ),
    Reason.REFUND: Explanation(
        "This part of the payment offsets a refund to the customer, not an invoice.",
        "Nothing to do in {target}.",
    ),
    Reason.OTHER_DOCUMENT: Explanation(
        "This part of the payment belongs to another {source} document (such as a deposit or a statement charge), not to an "
        "invoice.",
        "Nothing to do in {target}.",
    ),
    Reason.LINE_UNREADABLE: Explanation(
        "One line of the payment is linked to several documents at once, so we cannot tell which invoice it pays.",
        "Open the payment in {source} and apply it to one document per line, or enter it in {target} by hand.",
        needs_person=True,
    ),
    Reason.LINE_WITHOUT_DOCUMENT: Explanation(
        "One line of the payment does not say which document it is applied to.",
        "Open the payment in {source} and apply the line to an invoice, or enter it in {target} by hand.",
        needs_person=True,
    ),
    Reason.TOTAL_UNREADABLE: Explanation(
        "{source} does not say how much money was received with this payment.",
        "We read it again automatically. If the amount is still missing, open the payment in {source}, check its amount and save it.",
        clears_itself=True,
        needs_person=True,
        read_again=True,
    ),
    Reason.CREDIT_APPLIED: Explanation(
        "No money was received with this payment: it only applies a credit (such as a credit memo, a journal entry or an "
        "earlier deposit).",
        "Apply the credit in {target} yourself if you keep credits there.",
    ),
    Reason.MIXED_WITH_CREDIT: Explanation(
        "The payment mixes money with credits or refunds, so {source} does not say how much money this invoice received.",
        "Enter the money part on the {target} invoice by hand, or record money and credit as two payments.",
        needs_person=True,
    ),
    Reason.NOTHING_APPLIED: Explanation("The payment has no amount and is not applied to anything.", "Nothing to do."),
    Reason.AMOUNT_NOT_REPRESENTABLE: Explanation(
        "The amount is not possible in its currency: it is not positive, or it has too many decimal places.",
        "Correct the amount in {source}.",
        needs_person=True,
    ),
    Reason.INVOICE_UNKNOWN: Explanation(
        "This platform has no invoice with exactly this number.",
        "Create it in the Partner Dashboard or sync it with the Sync Tool. If the details show an invoice with nearly the same "
        "number, make the numbers identical instead. The payment then continues automatically.",
        clears_itself=True,
    ),
    Reason.INVOICE_ONLY_IN_SOURCE: Explanation(
        "This invoice exists in {source} only: {target} shows us no invoice with exactly this number.",
        "Nothing to do if it belongs to {source} alone. Otherwise create it in {target} with the same number, or register "
        "it under Invoices; we check again automatically, less and less often.",
        clears_itself=True,
        cause_at_target=True,
    ),
    Reason.SOURCE_NUMBER_AMBIGUOUS: Explanation(
        "More than one {source} invoice has this number, so we cannot tell which one this is.",
        "Make the invoice numbers unique in {source}, or import the invoices with their {source} and {target} ids; "
        "the payment then continues automatically.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.PLATFORM_NUMBER_AMBIGUOUS: Explanation(
        "More than one invoice of this platform has this number, and none of them is linked to a {source} invoice.",
        "Import the invoices with their {source} ids; the payment then continues automatically.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.INVOICE_NOT_SYNCED: Explanation(
        "The sync mode is 'Synced Invoices Only', and this invoice was not synced with the Sync Tool.",
        "Sync the invoice with the Sync Tool, or choose 'All Invoices'.",
        clears_itself=True,
    ),
    Reason.SOURCE_INVOICE_MISSING: Explanation(
        "The invoice does not exist in {source}, or no longer does.",
        "Check the invoice in {source}; we check again automatically.",
        clears_itself=True,
    ),
    Reason.TARGET_UNREACHABLE: Explanation(
        "{target} cannot be reached right now.",
        NOTHING_RETRIED,
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_NUMBER_NEARLY: Explanation(
        "{target} shows us no invoice with exactly this number, but one with nearly this number.",
        "If it is the same invoice, make the numbers identical in both systems (the details say how they differ); do not "
        "create it again. We check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_MISSING: Explanation(
        "{target} does not show us the invoice: it does not exist there yet, or we do not have permission to see it.",
        "Look for the invoice in {target}. If it is not there, create it with the same number. If it is, check that the "
        "number is exactly the same, and that we have permission to see it. We check again automatically.",
        clears_itself=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_AMBIGUOUS: Explanation(
        "More than one {target} invoice has this number.",
        "Make the invoice number unique in {target}, or import the invoice with its {target} id.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_TAKEN: Explanation(
        "The {target} invoice with this number is linked to another invoice of this platform.",
        "Check the invoice numbers in both systems, or import both invoices with their {source} and {target} ids.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_NOT_PAYABLE: Explanation(
        "The {target} document with this number cannot take a payment: it is a credit memo, or its total or open balance "
        "cannot be read.",
        "Check the numbers in both systems, and the document in {target}; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.NUMBER_DIFFERS: Explanation(
        "The invoice number is not the same in {source} and in {target}.",
        "Make the numbers identical; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TOTAL_DIFFERS: Explanation(
        "The invoice total is not the same in {source} and in {target}.",
        "Make the totals identical; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.CURRENCY_DIFFERS: Explanation(
        "The currency is not the same in {source} and in {target}.",
        "Correct the currency in one of the systems; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.CUSTOMER_DIFFERS: Explanation(
        "The invoice belongs to different customers in {source} and in {target}.",
        "Check that this is the right invoice and make the customer names identical; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.BEFORE_CUT_OFF: Explanation(
        "The payment is dated before your cut-off date.",
        "Move the cut-off date if you want older payments synced as well.",
        clears_itself=True,
    ),
    Reason.EXCEEDS_BALANCE: Explanation(
        "The payment is larger than what is still open on the {target} invoice.",
        "Check the payments on the {target} invoice: if one that was entered by hand is the same money, link it. We "
        "check again automatically.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
    ),
    Reason.TWIN_NEARBY: Explanation(
        "{target} has a payment of the same amount, on the same or a nearby date, that we did not create.",
        "If it is the same money, link it, or remove it in {target}: we check again automatically. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
        may_create_anyway=True,
    ),
    Reason.FORMER_PAYMENT_THERE: Explanation(
        "The {target} invoice still has an earlier payment of the same amount, on the same or a nearby date, that "
        "should no longer be there.",
        "If this payment was entered in its place, link the earlier one, or remove it in {target}: we check again "
        "automatically. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
        may_create_anyway=True,
    ),
}
