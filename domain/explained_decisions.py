"""The sentences a partner reads about a decision: first the good ends, then the rules that stop a payment."""

from domain.reasons import NOTHING, NOTHING_RETRIED, Explanation, Reason

EXPLAINED_DECISIONS: dict[Reason, Explanation] = {
    Reason.ELIGIBLE: Explanation(
        "All checks passed; the payment is on its way to ConnectWise.", NOTHING, clears_itself=True
    ),
    Reason.SYNCED: Explanation(
        "The payment is on the ConnectWise invoice.",
        NOTHING,
        is_done=True,
    ),
    Reason.ADOPTED: Explanation(
        "Someone had already entered this payment in ConnectWise; we linked it and created nothing.",
        "Nothing to do. To avoid double work, leave entering QuickBooks payments to the sync.",
        is_done=True,
    ),
    Reason.EDITED: Explanation(
        "The payment was edited in QuickBooks after it had been synced; the ConnectWise payment is being changed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.VOIDED_AFTER_SYNC: Explanation(
        "The payment was voided in QuickBooks after it had been synced; the ConnectWise payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.DELETED_AFTER_SYNC: Explanation(
        "The payment was deleted in QuickBooks after it had been synced; the ConnectWise payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.MOVED_AFTER_SYNC: Explanation(
        "The payment no longer applies to this invoice in QuickBooks; the ConnectWise payment is being removed.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.RELINKED_AFTER_SYNC: Explanation(
        "The invoice was linked to another ConnectWise invoice after the payment had been synced; it is being moved there.",
        NOTHING,
        clears_itself=True,
    ),
    Reason.CORRECTED_BY_HAND: Explanation(
        "The payment changed in QuickBooks after it had been synced, and somebody made the same change in ConnectWise.",
        NOTHING,
        is_done=True,
    ),
    Reason.REVERSED: Explanation(
        "The payment no longer pays this invoice in QuickBooks, and we removed our payment from the ConnectWise invoice.",
        NOTHING,
        is_done=True,
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
        "This payment was created through this platform, so it is not external and already handled.", NOTHING
    ),
    Reason.INCOMPLETE: Explanation(
        "QuickBooks shows this payment incompletely: its total is not what its lines and its unapplied part come to. "
        "Nothing was changed in ConnectWise because of it.",
        "We read it again by ourselves. If it stays, open the payment in QuickBooks, check its lines and save it.",
        clears_itself=True,
        needs_person=True,
        read_again=True,
    ),
    Reason.VOIDED: Explanation("The payment is voided in QuickBooks, and nothing was synced before.", NOTHING),
    Reason.DELETED: Explanation("The payment was deleted in QuickBooks, and nothing was synced before.", NOTHING),
    Reason.REMOVED: Explanation(
        "The payment no longer applies to this invoice in QuickBooks, and nothing was synced before.",
        NOTHING,
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
    Reason.OTHER_DOCUMENT: Explanation(
        "This part of the payment is about another QuickBooks document (such as a deposit or a statement charge), not an "
        "invoice.",
        "Nothing to do in ConnectWise.",
    ),
    Reason.LINE_UNREADABLE: Explanation(
        "One line of the payment is linked to several documents at once, so we cannot tell which invoice it pays.",
        "Open the payment in QuickBooks and apply it to one document per line, or enter it in ConnectWise by hand.",
        needs_person=True,
    ),
    Reason.LINE_WITHOUT_DOCUMENT: Explanation(
        "One line of the payment does not say which document it is applied to.",
        "Open the payment in QuickBooks and apply the line to an invoice, or enter it in ConnectWise by hand.",
        needs_person=True,
    ),
    Reason.TOTAL_UNREADABLE: Explanation(
        "QuickBooks does not say how much money was received with this payment.",
        "We read it again by ourselves. If it stays, open the payment in QuickBooks, check its amount and save it.",
        clears_itself=True,
        needs_person=True,
        read_again=True,
    ),
    Reason.CREDIT_APPLIED: Explanation(
        "No money was received with this payment: it only applies a credit (such as a credit memo, a journal entry or an "
        "earlier deposit).",
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
        "This platform has no invoice with exactly this number.",
        "Create it in the Partner Dashboard or sync it with the Sync Tool. If the details name it with nearly the same "
        "number, make the numbers identical instead. The payment then goes on by itself.",
        clears_itself=True,
    ),
    Reason.SOURCE_NUMBER_AMBIGUOUS: Explanation(
        "More than one QuickBooks invoice has this number, so we cannot tell which of them is meant.",
        "Make the invoice numbers unique in QuickBooks, or import the invoices with their QuickBooks and ConnectWise ids; "
        "the payment then goes on by itself.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.PLATFORM_NUMBER_AMBIGUOUS: Explanation(
        "More than one invoice of this platform has this number, and none of them names its QuickBooks invoice.",
        "Import the invoices with their QuickBooks ids; the payment then goes on by itself.",
        clears_itself=True,
        needs_person=True,
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
        "ConnectWise cannot be reached right now.",
        NOTHING_RETRIED,
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_NUMBER_NEARLY: Explanation(
        "ConnectWise shows us no invoice with exactly this number, but one with nearly this number.",
        "If it is the same invoice, make the numbers identical in both systems (the details say how they differ); do not "
        "create it again. We look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_MISSING: Explanation(
        "ConnectWise does not show us the invoice: it does not exist there yet, or our API member may not see it.",
        "Look for the invoice in ConnectWise. If it is not there, create it with the same number. If it is, check that the "
        "number is exactly the same, and that the API member's security role (Finance > Invoicing: Inquire All) and its "
        "restrictions to companies, locations or departments do not hide it. We look again by ourselves.",
        clears_itself=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_AMBIGUOUS: Explanation(
        "More than one ConnectWise invoice has this number.",
        "Make the invoice number unique in ConnectWise, or import the invoice with its ConnectWise id.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_TAKEN: Explanation(
        "The ConnectWise invoice with this number is linked to another invoice of this platform.",
        "Check the invoice numbers in both systems, or import both invoices with their QuickBooks and ConnectWise ids.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TARGET_INVOICE_NOT_PAYABLE: Explanation(
        "The ConnectWise document with this number takes no payment: it is a credit memo, or its total or open balance "
        "cannot be read.",
        "Check the numbers in both systems, and the document in ConnectWise; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.NUMBER_DIFFERS: Explanation(
        "The invoice number is not the same in QuickBooks and in ConnectWise.",
        "Make the numbers identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.TOTAL_DIFFERS: Explanation(
        "The invoice total is not the same in QuickBooks and in ConnectWise.",
        "Make the totals identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.CURRENCY_DIFFERS: Explanation(
        "The currency is not the same in QuickBooks and in ConnectWise.",
        "Correct the currency in one of the systems; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.CUSTOMER_DIFFERS: Explanation(
        "The invoice belongs to different customers in QuickBooks and in ConnectWise.",
        "Check that this is the right invoice and make the customer names identical; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
    ),
    Reason.BEFORE_CUT_OFF: Explanation(
        "The payment is dated before your cut-off date.",
        "Move the cut-off date if older payments are to be synced as well.",
        clears_itself=True,
    ),
    Reason.EXCEEDS_BALANCE: Explanation(
        "The payment is larger than what is still open on the ConnectWise invoice.",
        "Check the payments on the ConnectWise invoice: if one that was entered by hand is the same money, link it. We "
        "look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
    ),
    Reason.TWIN_NEARBY: Explanation(
        "ConnectWise has a payment of the same amount on the same or a nearby date that we did not create.",
        "If it is the same money, link it, or remove it in ConnectWise: we look again by ourselves. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
        may_create_anyway=True,
    ),
    Reason.FORMER_PAYMENT_THERE: Explanation(
        "The ConnectWise invoice still has an earlier payment of the same amount on the same or a nearby date, which "
        "should not be there any more.",
        "If this payment was entered in its place, link the earlier one, or remove it in ConnectWise: we look again by "
        "ourselves. "
        "If it is other money, retry with 'create anyway'.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
        may_create_anyway=True,
    ),
}
