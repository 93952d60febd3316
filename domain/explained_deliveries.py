"""The sentences a partner reads about a payment on its way: corrections, waits, and the outside systems' answers.

{source} and {target} stand for the names of the two systems (`domain/words.py`).
"""

from domain.reasons import NOTHING_RETRIED, Explanation, Reason

EXPLAINED_DELIVERIES: dict[Reason, Explanation] = {
    Reason.CORRECTION_NEEDS_APPROVAL: Explanation(
        "The payment changed in {source} after it had been synced, and corrections need your approval.",
        "Correct the payment in {target} by hand: we see it by ourselves; or set corrections to automatic.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.NOT_OURS_TO_CHANGE: Explanation(
        "The payment changed in {source}, but its {target} payment was entered by a person; we never change those.",
        "Correct the payment in {target} by hand; we see it by ourselves.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.IN_DOUBT: Explanation(
        "{target} did not answer after we had sent the payment; we wait and look before anything is sent again.",
        "Nothing to do: we look by ourselves and go on.",
        clears_itself=True,
    ),
    Reason.SEVERAL_CANDIDATES: Explanation(
        "{target} did not answer, and we cannot tell which new payment on the invoice is ours, or whether one is.",
        "Look at the invoice in {target} and remove what is not right. We look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        leaves_money=True,
        may_be_linked=True,
    ),
    Reason.TARGET_THROTTLED: Explanation(
        "{target} asked us to slow down.",
        "Nothing to do: we go on when it allows.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.PACED: Explanation(
        "We keep below the number of calls that the other system allows.",
        "Nothing to do: we go on in a moment.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.READS_USED_UP: Explanation(
        "All calls to {source} that this platform may make in a month have been made.",
        "Raise the plan at {source}; else it goes on with the next month. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.APPLICATION_REFUSED: Explanation(
        "{source} does not accept this platform's own client id and secret.",
        "Whoever runs the platform corrects the client id and secret in its settings; then it goes on by itself. "
        "The connection stays as it is, and nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.CLIENT_ID_REFUSED: Explanation(
        "{target} does not accept the client id that this platform names itself with.",
        "Whoever runs the platform corrects the client id in its settings; then it goes on by itself. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.SECRETS_UNREADABLE: Explanation(
        "This platform cannot open the secrets that it has stored for the connection.",
        "Whoever runs the platform puts the missing key back into ENCRYPTION_KEYS, or adds the connection again; then it "
        "goes on by itself. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.COMPANY_SUSPENDED: Explanation(
        "{source} says that the company's subscription is suspended or has ended.",
        "Renew the subscription; we ask every hour and go on by ourselves. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_SICK: Explanation(
        "The other system failed several times in a row; we let it rest for a while.",
        NOTHING_RETRIED,
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.KEYS_DOUBTED: Explanation(
        "The other system refused our keys a moment ago; that is often a bad moment of theirs.",
        "Nothing to do yet: we ask again for some minutes, and say so if the keys stay refused. Nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_CREDENTIALS: Explanation(
        "{target} does not accept the keys of this connection.",
        "Enter valid API keys for {target}, or make the old ones active there and test the connection; we also try them "
        "again by ourselves, rarely. Waiting payments then go on by themselves.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_FORBIDDEN: Explanation(
        "Our access to {target} lacks a right that is needed to read invoices or to enter payments.",
        "Give our access the rights to read invoices and to enter, change and remove payments; we try again by "
        "ourselves, or at once if you test the connection and retry.",
        clears_itself=True,
        needs_person=True,
        cannot_tell=True,
    ),
    Reason.TARGET_REFUSED: Explanation(
        "{target} refused the payment.",
        "Read {target}'s answer below and correct the cause; we try again by ourselves, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_LOOKUP_REFUSED: Explanation(
        "{target} refuses to answer when we ask for this invoice.",
        "{target}'s words are with the payment. Correct the invoice's number in both systems if it has unusual "
        "characters, or ask whoever runs {target}. We ask again by ourselves, and nothing is lost.",
        clears_itself=True,
        needs_person=True,
        cannot_tell=True,
    ),
    Reason.TARGET_REFUSES: Explanation(
        "{target} refuses every question that we ask it about invoices.",
        "{target}'s words are with the payment: show them to whoever runs {target} or what stands before it. We ask "
        "again by ourselves, ever more rarely; nothing is lost.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_STOPPED: Explanation(
        "We stopped writing to this {target}: when a payment was added, an older one on the invoice vanished or changed.",
        "Compare the invoice in both systems, set the strategy to 'single' if your {target} keeps one payment per invoice, "
        "and test the connection to go on.",
        clears_itself=True,
        cannot_tell=True,
    ),
    Reason.TARGET_OCCUPIED: Explanation(
        "Your {target} keeps one payment per invoice, and somebody else's payment is on this one.",
        "Enter the payment in {target} by hand, or remove the other one there; we look again by ourselves.",
        clears_itself=True,
        needs_person=True,
        may_be_linked=True,
    ),
    Reason.TARGET_LOCKED: Explanation(
        "{target} does not let the payment be changed: it is in a closed batch or in use.",
        "Open the batch in {target} or correct the payment there by hand; we try again by ourselves.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_CHANGED_IT: Explanation(
        "{target} took the payment but recorded another amount or date than we sent.",
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
        "The payment that stood for this one is no longer on the {target} invoice; somebody removed it.",
        "Enter the payment in {target} by hand: we see it by ourselves; or retry if we are to create it again.",
        clears_itself=True,
        needs_person=True,
        cause_at_target=True,
        done_by_hand=True,
    ),
    Reason.TARGET_PAYMENT_CHANGED: Explanation(
        "The payment in {target} no longer has the amount or date that it had: somebody changed it there.",
        "Set it right in {target}, or make the same change in {source}: we look again by ourselves. Or retry: where "
        "corrections are automatic, we set a payment of ours back.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.TARGET_PAYMENT_DOUBLED: Explanation(
        "The {target} invoice has this payment twice: another one of the same amount and date stands beside it.",
        "Remove the one that is too much in {target}, not the one that we linked: we look again by ourselves. "
        "If it is other money, retry with 'create anyway': nothing more is created. We never remove what may be "
        "somebody else's.",
        clears_itself=True,
        needs_person=True,
        may_create_anyway=True,
    ),
    Reason.TARGET_INVOICE_GONE: Explanation(
        "The {target} invoice that the payment is on is not to be found any more: it was removed there, or we "
        "may not see it any more.",
        "Check the invoice in {target}, and whether we may see it: we look again by ourselves. If it was created "
        "anew under the same number, retry.",
        clears_itself=True,
        needs_person=True,
    ),
    Reason.ATTEMPTS_EXHAUSTED: Explanation(
        "We tried many times and {target} kept failing; now we try rarely.",
        "Read the last answer below and correct the cause; we try again by ourselves, or at once if you retry.",
        clears_itself=True,
        needs_person=True,
    ),
}
