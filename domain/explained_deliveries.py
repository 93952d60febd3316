"""The sentences a partner reads about a payment on its way: corrections, waits, and the outside systems' answers.

{source} and {target} stand for the names of the two systems (`domain/words.py`).
"""

from domain.reasons import NOTHING_RETRIED, Explanation, Reason

EXPLAINED_DELIVERIES: dict[Reason, Explanation] = {
    Reason.CORRECTION_NEEDS_APPROVAL: Explanation(
        "The payment changed in {source} after it had been synced, and corrections need your approval.",
        "Correct the payment in {target} by hand (we notice it automatically), or set corrections to automatic.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.NOT_OURS_TO_CHANGE: Explanation(
        "The payment changed in {source}, but its {target} payment was entered by a person; we never change those.",
        "Correct the payment in {target} by hand; we notice it automatically.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.IN_DOUBT: Explanation(
        "{target} did not answer after we had sent the payment; we wait and look before anything is sent again.",
        "Nothing to do: we check automatically and continue.",
        clears_itself=True,
    ),
    Reason.SEVERAL_CANDIDATES: Explanation(
        "{target} did not answer, and we cannot tell which new payment on the invoice is ours, or whether any of them is.",
        "Look at the invoice in {target} and remove what is not right. We check again automatically.",
        clears_itself=True,
        needs_person=True,
        leaves_money=True,
        may_be_linked=True,
    ),
    Reason.TARGET_THROTTLED: Explanation(
        "{target} asked us to slow down.",
        "Nothing to do: we continue as soon as we are allowed to.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.PACED: Explanation(
        "We stay below the number of calls that {target} allows.",
        "Nothing to do: we continue in a moment.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.READS_USED_UP: Explanation(
        "This platform has made all the calls to {source} that its plan allows in a month.",
        "Upgrade the plan at {source}, or wait: payments continue next month. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.APPLICATION_REFUSED: Explanation(
        "{source} does not accept this platform's own client id and secret.",
        "The operator of the platform corrects the client id and secret in its settings; payments then continue automatically. "
        "The connection stays as it is, and nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.CLIENT_ID_REFUSED: Explanation(
        "{target} does not accept the client id with which this platform identifies itself.",
        "The operator of the platform corrects the client id in its settings; payments then continue automatically. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.SECRETS_UNREADABLE: Explanation(
        "This platform cannot decrypt the secrets that it stored for the connection.",
        "The operator of the platform puts the missing key back into ENCRYPTION_KEYS, or adds the connection again; payments "
        "then continue automatically. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.COMPANY_SUSPENDED: Explanation(
        "{source} says that the company's subscription is suspended or has ended.",
        "Renew the subscription; we ask every hour and continue automatically. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_SICK: Explanation(
        "{target} failed several times in a row, so we pause our calls for a while.",
        NOTHING_RETRIED,
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.KEYS_DOUBTED: Explanation(
        "{target} refused our keys a moment ago; that is often only temporary.",
        "Nothing to do yet: we try again for a few minutes, and tell you if the keys are still refused. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_CREDENTIALS: Explanation(
        "{target} does not accept the keys of this connection.",
        "Enter valid API keys for {target}, or make the old ones active there and test the connection; we also try them "
        "again automatically from time to time. Waiting payments then continue automatically.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_FORBIDDEN: Explanation(
        "Our access to {target} lacks a permission that is needed to read invoices or to enter payments.",
        "Give our access the permissions to read invoices and to enter, change and remove payments; we try again "
        "automatically, or at once if you test the connection and retry.",
        clears_itself=True,
        needs_person=True,
        is_failure=True,
        cannot_tell=True,
    ),
    Reason.TARGET_REFUSED: Explanation(
        "{target} refused the payment.",
        "Read {target}'s answer in the payment's details and correct the cause; we try again automatically, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
        is_failure=True,
    ),
    Reason.TARGET_LOOKUP_REFUSED: Explanation(
        "{target} refuses to answer when we ask for this invoice.",
        "{target}'s answer is in the payment's details. Correct the invoice's number in both systems if it has unusual "
        "characters, or ask the administrator of {target}. We ask again automatically, and nothing is lost.",
        clears_itself=True,
        needs_person=True,
        is_failure=True,
        cannot_tell=True,
    ),
    Reason.TARGET_REFUSES: Explanation(
        "{target} refuses all our requests about invoices.",
        "{target}'s answer is in the payment's details: show it to the administrator of {target}, or of a firewall or proxy in front of it. We ask "
        "again automatically, less and less often; nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_STOPPED: Explanation(
        "We stopped writing to this {target}: when a payment was added, an older one on the invoice disappeared or changed.",
        "Compare the invoice in both systems, set the strategy to 'single' if your {target} keeps one payment per invoice, "
        "and test the connection to continue.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.WRITES_STOPPED: Explanation(
        "We stopped writing for this organization: a check found that our own records break one of their rules.",
        "Nothing is lost. Integrations says which rule; the operator of this platform repairs the records, and an admin "
        "then lets writes go on there. The payment continues automatically.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_OCCUPIED: Explanation(
        "Your {target} keeps one payment per invoice, and someone else's payment is on this one.",
        "Enter the payment in {target} by hand, or remove the other one there; we check again automatically.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
    ),
    Reason.TARGET_LOCKED: Explanation(
        "{target} does not let the payment be changed: it is in a closed batch or in use.",
        "Open the batch in {target} or correct the payment there by hand; we try again automatically.",
        clears_itself=True,
        needs_person=True,
        is_failure=True,
    ),
    Reason.TARGET_CHANGED_IT: Explanation(
        "{target} took the payment but recorded a different amount or date from what we sent.",
        "Compare the payment in both systems and correct {target} by hand.",
        needs_person=True,
        leaves_money=True,
    ),
    Reason.TARGET_REPLACED: Explanation(
        "{target} replaced another payment on the invoice instead of adding this one.",
        "Compare the payments on the invoice in both systems and correct {target} by hand, before anything is retried.",
        needs_person=True,
        leaves_money=True,
    ),
    Reason.TARGET_HARMED: Explanation(
        "{target} removed or changed this payment when another one was added to the invoice.",
        "Compare the payments on the invoice in both systems, correct {target} by hand, and retry.",
        needs_person=True,
    ),
    Reason.TARGET_PAYMENT_GONE: Explanation(
        "The payment that was created or linked for this one is no longer on the {target} invoice; someone removed it.",
        "Enter the payment in {target} by hand (we notice it automatically), or retry if we should create it again.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.TARGET_PAYMENT_CHANGED: Explanation(
        "The payment in {target} no longer has its former amount or date: someone changed it there.",
        "Correct it in {target}, or make the same change in {source}: we check again automatically. Or retry: if "
        "corrections are automatic, we restore a payment that we created.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_PAYMENT_DOUBLED: Explanation(
        "The {target} invoice has this payment twice: there is another one of the same amount and date.",
        "Remove the extra one in {target}, not the one that we linked: we check again automatically. "
        "If it is other money, retry with 'create anyway': nothing more is created. We never remove a payment that may "
        "be someone else's.",
        clears_itself=True,
        needs_person=True,
        may_create_anyway=True,
    ),
    Reason.TARGET_INVOICE_GONE: Explanation(
        "The {target} invoice that the payment is on can no longer be found: it was removed there, or we no longer "
        "have permission to see it.",
        "Check the invoice in {target}, and whether we have permission to see it: we check again automatically. If it was "
        "created again with the same number, retry.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.ATTEMPTS_EXHAUSTED: Explanation(
        "We tried many times and {target} kept failing; now we try only rarely.",
        "Read the last answer in the payment's details and correct the cause; we try again automatically, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
        is_failure=True,
    ),
}
