"""What a break means for a bookkeeper: one sentence, and one advice with one way out, for each kind."""

from domain.comparing.words import Told
from domain.reconciliation.breaks import Break, BreakKind, WayOut
from domain.reconciliation.bridge import BridgeLine
from domain.reconciliation.roll_forward import Movement, Standing
from domain.words import Words

BREAK_LABELS: dict[BreakKind, str] = {
    BreakKind.IN_FLIGHT: "On its way",
    BreakKind.HELD: "Held",
    BreakKind.SKIPPED_BY_RULE: "Left out by a rule",
    BreakKind.MISSING_AT_TARGET: "Missing in {target}",
    BreakKind.MISSING_AT_SOURCE: "Missing in {source}",
    BreakKind.COUNTED_TWICE: "Perhaps counted twice",
    BreakKind.VOIDED_AT_SOURCE: "Voided in {source} only",
    BreakKind.AMOUNT_DIFFERS: "Amount differs",
    BreakKind.DATE_DIFFERS: "Date differs",
    BreakKind.NOT_LINKED: "In both, not linked",
    BreakKind.LEDGER_DISAGREES: "Gone from {target}",
    BreakKind.CREDIT_DIFFERS: "Credit on one side",
    BreakKind.NON_PAYMENT_REDUCTION: "Lowered without a payment",
    BreakKind.INVOICE_TOTAL_DIFFERS: "Invoice total differs",
    BreakKind.CUSTOMER_DIFFERS: "Customer differs",
    BreakKind.CURRENCY_DIFFERS: "Currency differs",
    BreakKind.NUMBER_DIFFERS: "Number differs",
    BreakKind.NUMBER_NOT_UNIQUE: "Number used twice",
    BreakKind.INVOICE_MISSING_AT_TARGET: "Invoice missing in {target}",
    BreakKind.INVOICE_MISSING_AT_SOURCE: "Invoice missing in {source}",
    BreakKind.ONLY_AT_SOURCE: "Only in {source}",
    BreakKind.ONLY_AT_TARGET: "Only in {target}",
    BreakKind.NOT_COMPARABLE: "Not comparable",
    BreakKind.UNIDENTIFIED: "Unidentified",
}

_SENTENCES: dict[BreakKind, Told] = {
    BreakKind.IN_FLIGHT: Told("The payment is on its way to {target}.", "Nothing to do."),
    BreakKind.HELD: Told("The payment is held.", "Open the payment; it says what to do."),
    BreakKind.SKIPPED_BY_RULE: Told("The payment was left out by a rule that you chose.", "Nothing to do."),
    BreakKind.MISSING_AT_TARGET: Told(
        "{source} has this payment; {target} does not, and we had not heard of it.",
        "We have asked {source} for it; it is synced like any other payment. If it is still here tomorrow, tell us.",
    ),
    BreakKind.MISSING_AT_SOURCE: Told(
        "{target} has this payment, which we did not write; {source} does not have it.",
        "If the money came in, record it in {source}. If not, delete it in {target}.",
    ),
    BreakKind.COUNTED_TWICE: Told(
        "{target} has a second payment of the same amount and date beside the one that belongs to {source}’s.",
        "If the money came in once, delete one of the two in {target}.",
    ),
    BreakKind.VOIDED_AT_SOURCE: Told(
        "The payment is still in {target}, but no longer on this invoice in {source}.",
        "Take it back, or delete it in {target}.",
    ),
    BreakKind.AMOUNT_DIFFERS: Told(
        "These are the same payment, with two amounts.", "Correct the wrong one, or accept the difference."
    ),
    BreakKind.DATE_DIFFERS: Told(
        "These are the same payment, with two dates.", "If the date matters to you, correct it in {target}."
    ),
    BreakKind.NOT_LINKED: Told(
        "Both systems have a payment of this amount and date, but nothing says that it is the same money.",
        "Open the payment and link the two.",
    ),
    BreakKind.LEDGER_DISAGREES: Told(
        "We had written this payment to {target} and it is no longer there.",
        "If it was removed by mistake, open the payment and retry it.",
    ),
    BreakKind.CREDIT_DIFFERS: Told(
        "A credit was applied to the invoice in one system only. Credits are not synced.",
        "Apply the same credit in the other system, or accept the difference.",
    ),
    BreakKind.NON_PAYMENT_REDUCTION: Told(
        "The balance was lowered without a payment: by a deposit on the invoice form, a discount or a journal entry.",
        "Enter the same in the other system, or accept the difference.",
    ),
    BreakKind.INVOICE_TOTAL_DIFFERS: Told(
        "The invoice has another total in each system.", "Correct the wrong one; payments on it are held until then."
    ),
    BreakKind.CUSTOMER_DIFFERS: Told(
        "The invoice has another customer in each system.", "Check that it is the same invoice."
    ),
    BreakKind.CURRENCY_DIFFERS: Told(
        "The invoice has another currency in each system, so the amounts cannot be compared.",
        "Correct the currency in one of them.",
    ),
    BreakKind.NUMBER_DIFFERS: Told(
        "The invoice was linked before, and its number is another one in each system by now.",
        "Check that it is the same invoice.",
    ),
    BreakKind.NUMBER_NOT_UNIQUE: Told(
        "Several invoices have this number, so nobody can tell which one is meant.",
        "Give each of them a number of its own.",
    ),
    BreakKind.INVOICE_MISSING_AT_TARGET: Told(
        "{target} no longer has this invoice, which we had found in both systems.",
        "If it was deleted by mistake, create it again. If not, delete it in {source} too, or accept the difference.",
    ),
    BreakKind.INVOICE_MISSING_AT_SOURCE: Told(
        "{source} no longer has this invoice, which we had found in both systems.",
        "If it was deleted by mistake, create it again. If not, delete it in {target} too, or accept the difference.",
    ),
    BreakKind.ONLY_AT_SOURCE: Told(
        "This invoice is in {source} only, and was never linked to one in {target}.",
        "Nothing to do, unless it should be in {target} as well.",
    ),
    BreakKind.ONLY_AT_TARGET: Told(
        "This invoice is in {target} only, and was never linked to one in {source}.",
        "Nothing to do if it will be copied. If it should be in {source} by now, copy it with the Sync Tool.",
    ),
    BreakKind.NOT_COMPARABLE: Told(
        "One of the two systems did not tell us everything about this invoice.",
        "Nothing to do: it is compared again in the next run.",
    ),
    BreakKind.UNIDENTIFIED: Told(
        "The balances differ, and no payment, credit or deposit explains it.",
        "Look at the invoice in both systems: a discount, a write-off or a journal entry may have lowered one of them.",
    ),
}

WAY_OUT_LABELS: dict[WayOut, str] = {
    WayOut.WAIT: "Wait",
    WayOut.SYNC: "Sync it",
    WayOut.TAKE_BACK: "Take ours back",
    WayOut.LINK: "Link the two",
    WayOut.CORRECT: "Correct or accept",
    WayOut.NOTHING: "Nothing to do",
}

STANDING_LABELS: dict[Standing, str] = {
    Standing.OPEN: "Open",
    Standing.EXPLAINED: "Explained",
    Standing.ACCEPTED: "Accepted",
    Standing.GONE: "Resolved",
}

MOVEMENT_LABELS: dict[Movement, str] = {
    Movement.NEW: "New",
    Movement.CHANGED: "Changed",
    Movement.REOPENED: "Opened again",
    Movement.EXPLAINED: "Explained by our own decisions",
    Movement.ACCEPTED: "Accepted by a person",
    Movement.RESOLVED: "Resolved",
}

# Each line of the bridge: its name, and what is in it.
_BRIDGE: dict[BridgeLine, Told] = {
    BridgeLine.INVOICES: Told("Open invoices in {source}", "What customers still owe on their invoices."),
    BridgeLine.UNAPPLIED_PAYMENTS: Told(
        "Unapplied payments", "Money that came in and is on no invoice yet; it lowers what is owed."
    ),
    BridgeLine.CREDIT_MEMOS: Told("Credit memos", "Credit that is on no invoice yet; it lowers what is owed."),
    BridgeLine.JOURNAL_ENTRIES: Told("Journal entries", "Entries that an accountant made directly on a customer."),
    BridgeLine.OTHER_DOCUMENTS: Told("Other documents", "Whatever else {source} counts as owed or as credit."),
    BridgeLine.RECEIVABLES: Told(
        "Accounts receivable in {source}", "The sum of the lines above, as {source} itself reports it."
    ),
    BridgeLine.WITHOUT_TARGET: Told(
        "Open in {source} only", "Open invoices that have no counterpart in {target}; taken off."
    ),
    BridgeLine.DIFFERENCES: Told(
        "Differences", "Invoices of both systems whose open balances differ; taken off. Each is in the list below."
    ),
    BridgeLine.WITHOUT_SOURCE: Told(
        "Open in {target} only", "Open invoices that have no counterpart in {source}; added."
    ),
    BridgeLine.TARGET: Told("Open invoices in {target}", "What {target} has open, and where the lines have to lead."),
}


def bridge_told(line: BridgeLine, words: Words) -> Told:
    """The line's name, and in its advice one sentence about what is in it."""
    return _BRIDGE[line].filled(source=words.source, target=words.target)


def break_label(kind: BreakKind, words: Words) -> str:
    return BREAK_LABELS[kind].format(source=words.source, target=words.target)


def break_told(one: Break, words: Words) -> Told:
    """What is the case and what ends it; the decision's own words where a decision explains it."""
    told = _SENTENCES[one.kind].filled(source=words.source, target=words.target)
    if one.reason is None or not one.is_explained:
        return told
    return Told(words.sentence(one.reason), words.advice(one.reason))
