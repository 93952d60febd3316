"""Why an invoice is not copied, not taken back or not changed: one closed list, with what a partner reads and does.

{source} stands for the books, {target} for the biller, as in `domain/explanations.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.words import Words


class CopyReason(StrEnum):
    # The books as a whole.
    NO_CUSTOM_NUMBERS = "no_custom_numbers"
    # This invoice as such.
    CREDIT_MEMO = "credit_memo_not_copied"
    DOWN_PAYMENT = "down_payment_not_copied"
    KIND_UNKNOWN = "kind_not_copied"
    NEGATIVE_TOTAL = "negative_total"
    ZERO_TOTAL = "zero_total"
    BEFORE_START = "before_start"
    INVOICE_DATE_MISSING = "invoice_date_missing"
    NUMBER_UNUSABLE = "number_unusable"
    INVOICE_CURRENCY_UNKNOWN = "invoice_currency_unknown"
    CURRENCY_NOT_KEPT = "currency_not_kept"
    PERIOD_CLOSED = "period_closed"
    # The biller.
    NO_LEDGER_ENTRIES = "no_ledger_entries"
    BATCHED_ELSEWHERE = "batched_elsewhere"
    LINES_UNREADABLE = "lines_unreadable"
    CHANGED_MEANWHILE = "changed_meanwhile"
    # What is in the books already.
    NUMBER_TAKEN = "number_taken"
    SEVERAL_WITH_NUMBER = "several_with_number"
    # What has to be chosen once.
    CUSTOMER_NOT_LINKED = "customer_not_linked"
    CUSTOMER_NAME_TAKEN = "customer_name_taken"
    CUSTOMER_GONE = "customer_gone"
    CUSTOMER_CURRENCY = "customer_currency"
    ITEM_NOT_CHOSEN = "item_not_chosen"
    TAX_NOT_CHOSEN = "tax_not_chosen"
    # The sum.
    TOO_MANY_LINES = "too_many_lines"
    LINES_DIFFER = "lines_differ"
    TOTALS_DIFFER = "totals_differ"
    # What became of a write.
    COPY_IN_DOUBT = "copy_in_doubt"
    BOOKS_REFUSED = "books_refused"
    BATCH_REFUSED = "batch_refused"
    TRIED_OUT = "tried_out"
    NO_ANSWER = "no_answer"
    GONE_FROM_BOOKS = "gone_from_books"
    # Taking back and updating.
    PAYMENT_APPLIED = "payment_applied"
    CHANGED_IN_BOOKS = "changed_in_books"
    NOT_OUR_COPY = "not_our_copy"
    UPDATE_DIFFERS = "update_differs"
    CHANGED_AFTER_COPY = "changed_after_copy"


@dataclass(frozen=True, slots=True)
class CopyExplanation:
    """One row of the table.

    Attributes:
        sentence: what has happened.
        advice: what to do about it.
        is_choice: a choice on our own pages ends it.
    """

    sentence: str
    advice: str
    is_choice: bool = False


EXPLAINED_COPIES: dict[CopyReason, CopyExplanation] = {
    CopyReason.NO_CUSTOM_NUMBERS: CopyExplanation(
        "{source} numbers invoices by itself, so a copy would get another number than the invoice in {target}.",
        "In {source}, open Account and settings > Sales, switch on custom transaction numbers, and try again.",
    ),
    CopyReason.CREDIT_MEMO: CopyExplanation(
        "This is a credit memo, and the Sync Tool copies invoices only.",
        "Enter the credit memo in {source} by hand, then mark it here as present in {source}.",
    ),
    CopyReason.DOWN_PAYMENT: CopyExplanation(
        "This is a down payment: to which account it goes is an accountant's decision.",
        "Enter it in {source} by hand, then mark it here as present in {source}.",
    ),
    CopyReason.KIND_UNKNOWN: CopyExplanation(
        "{target} calls this a kind of invoice that the Sync Tool does not know.",
        "Enter it in {source} by hand, then mark it here as present in {source}.",
    ),
    CopyReason.NEGATIVE_TOTAL: CopyExplanation(
        "The total is negative, and {source} takes no negative invoices.",
        "Enter it in {source} as a credit memo, then mark it here as present in {source}.",
    ),
    CopyReason.ZERO_TOTAL: CopyExplanation(
        "The invoice comes to nothing.",
        "Mark it as present in {source}, or choose in the preferences that invoices of nothing are copied as well.",
        is_choice=True,
    ),
    CopyReason.BEFORE_START: CopyExplanation(
        "The invoice is older than the start date in the preferences.",
        "Mark it as present in {source}, or choose an earlier start date.",
        is_choice=True,
    ),
    CopyReason.INVOICE_DATE_MISSING: CopyExplanation(
        "{target} shows no readable date for this invoice.",
        "Look at the invoice in {target}, then try again.",
    ),
    CopyReason.NUMBER_UNUSABLE: CopyExplanation(
        "{source} cannot hold this invoice number: it allows 21 characters.",
        "Give the invoice a shorter number in {target}, or enter it in {source} by hand and mark it as present.",
    ),
    CopyReason.INVOICE_CURRENCY_UNKNOWN: CopyExplanation(
        "{target} does not say in which currency this invoice is.",
        "Set the currency of the invoice in {target}, then try again.",
    ),
    CopyReason.CURRENCY_NOT_KEPT: CopyExplanation(
        "The books in {source} are kept in one currency, and this invoice is in another one.",
        "Switch on multicurrency in {source}, or enter the invoice by hand and mark it as present.",
    ),
    CopyReason.PERIOD_CLOSED: CopyExplanation(
        "The date of the invoice is in a period that is closed in {source}.",
        "Ask your accountant to open the period, or enter the invoice by hand and mark it as present.",
    ),
    CopyReason.NO_LEDGER_ENTRIES: CopyExplanation(
        "{target} has no general ledger entries for this invoice, so nothing can be marked as copied.",
        "Check its accounts in {target}; then set the invoice to an open status and to Closed once more, and refresh.",
    ),
    CopyReason.BATCHED_ELSEWHERE: CopyExplanation(
        "Another tool or a person has put this invoice into an accounting batch in {target}, so it counts as copied.",
        "Nothing to do if the invoice is in {source}. If it is not, remove that batch in {target} and refresh.",
    ),
    CopyReason.LINES_UNREADABLE: CopyExplanation(
        "{target} does not say clearly what the lines of this invoice come to.",
        "Look at the invoice in {target}, then try again; or enter it in {source} by hand and mark it as present.",
    ),
    CopyReason.CHANGED_MEANWHILE: CopyExplanation(
        "The invoice has changed in {target} since it was listed.",
        "Refresh the list and look at the invoice again.",
    ),
    CopyReason.NUMBER_TAKEN: CopyExplanation(
        "{source} has another invoice with this number, which differs from this one.",
        "Correct one of the two so that they agree, or mark this one as present in {source}.",
    ),
    CopyReason.SEVERAL_WITH_NUMBER: CopyExplanation(
        "{source} has several invoices with this number.",
        "Delete in {source} what is there twice, then try again.",
    ),
    CopyReason.CUSTOMER_NOT_LINKED: CopyExplanation(
        "It has not been chosen yet which customer in {source} this company is.",
        "Choose the customer under Customers, or let one be created.",
        is_choice=True,
    ),
    CopyReason.CUSTOMER_NAME_TAKEN: CopyExplanation(
        "In {source} a vendor, an employee or an inactive customer has this name, so none can be created with it.",
        "Choose a customer under Customers, enter another name for a new one, or make the inactive customer active.",
        is_choice=True,
    ),
    CopyReason.CUSTOMER_GONE: CopyExplanation(
        "The customer that was chosen for this company is deleted or inactive in {source}.",
        "Make the customer active in {source}, or choose another one under Customers.",
        is_choice=True,
    ),
    CopyReason.CUSTOMER_CURRENCY: CopyExplanation(
        "The customer in {source} is kept in another currency than this invoice.",
        "Choose a customer of that currency under Customers.",
        is_choice=True,
    ),
    CopyReason.ITEM_NOT_CHOSEN: CopyExplanation(
        "It has not been chosen yet which item in {source} this kind of line is booked to.",
        "Choose the item in the preferences of the Sync Tool.",
        is_choice=True,
    ),
    CopyReason.TAX_NOT_CHOSEN: CopyExplanation(
        "It has not been chosen yet how the tax of this invoice is entered in {source}.",
        "Choose the tax codes, or an item for the tax, in the preferences of the Sync Tool.",
        is_choice=True,
    ),
    CopyReason.TOO_MANY_LINES: CopyExplanation(
        "The invoice has more lines than {source} takes.",
        "Choose one line for each kind in the preferences, or enter the invoice by hand and mark it as present.",
        is_choice=True,
    ),
    CopyReason.LINES_DIFFER: CopyExplanation(
        "The lines and the tax in {target} do not add up to the invoice's total.",
        "Correct the invoice in {target}; or allow a larger rounding line in the preferences, and choose its item.",
        is_choice=True,
    ),
    CopyReason.TOTALS_DIFFER: CopyExplanation(
        "{source} came to another total than {target}; we have removed our copy, so nothing wrong is left.",
        "Check the tax settings in {source}; or allow a larger rounding line in the preferences, and try again.",
        is_choice=True,
    ),
    CopyReason.COPY_IN_DOUBT: CopyExplanation(
        "{source} did not answer after we had sent the invoice; we wait and look before anything is sent again.",
        "Nothing to do: we check automatically and continue.",
    ),
    CopyReason.BOOKS_REFUSED: CopyExplanation(
        "{source} refused the change.",
        "Read what {source} says, correct it there, and try again.",
    ),
    CopyReason.BATCH_REFUSED: CopyExplanation(
        "The invoice is in {source}, but {target} refuses to mark it as copied.",
        "Read what {target} says, correct it there, and try again. No second copy is made.",
    ),
    CopyReason.TRIED_OUT: CopyExplanation(
        "The invoice was sent several times and never arrived in {source}.",
        "Check that {source} is well, then try again.",
    ),
    CopyReason.NO_ANSWER: CopyExplanation(
        "A change was sent several times, and neither {source} nor {target} ever confirmed it.",
        "Check that both systems are well, then try again. We look before anything is sent, and do nothing twice.",
    ),
    CopyReason.GONE_FROM_BOOKS: CopyExplanation(
        "Our copy is not in {source} any more: somebody has deleted or voided it.",
        "Copy the invoice again, or mark it as present in {source}.",
    ),
    CopyReason.PAYMENT_APPLIED: CopyExplanation(
        "A payment or a credit is applied to the invoice in {source}, so we do not touch it.",
        "Take the payment off the invoice in {source} first, or make the change there by hand.",
    ),
    CopyReason.CHANGED_IN_BOOKS: CopyExplanation(
        "The invoice was changed in {source} after it was copied, and we never overwrite what a person did there.",
        "Make the change in {source} by hand, and leave the copy as it is.",
    ),
    CopyReason.NOT_OUR_COPY: CopyExplanation(
        "The invoice in {source} was there before, so it is not ours to change or to delete.",
        "Change or delete it in {source} by hand.",
    ),
    CopyReason.UPDATE_DIFFERS: CopyExplanation(
        "After the update, {source} comes to another total than {target}.",
        "Correct the copy in {source} by hand, then leave it as it is here.",
    ),
    CopyReason.CHANGED_AFTER_COPY: CopyExplanation(
        "The invoice was taken out of its batch in {target} after it had been copied.",
        "Update the copy in {source}, or leave it as it is. No second copy is made.",
    ),
}


def explain_copy(reason: CopyReason) -> CopyExplanation:
    return EXPLAINED_COPIES[reason]


def copy_sentence(words: Words, reason: CopyReason) -> str:
    """What has happened, with the names of the two systems."""
    return explain_copy(reason).sentence.format(source=words.source, target=words.target)


def copy_advice(words: Words, reason: CopyReason) -> str:
    """What to do about it, with the names of the two systems."""
    return explain_copy(reason).advice.format(source=words.source, target=words.target)
