"""What follows the creation of a copy: does it agree to the cent, may it be marked, updated, taken back? Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.copying.billed import LineKind
from domain.copying.booked import BookedInvoice, DraftInvoice
from domain.copying.drafting import NoDraft, rounding_line
from domain.copying.reasons import CopyReason
from domain.copying.terms import CopyTerms
from domain.copying.verdict import (
    COPY_QUESTIONS,
    Billed,
    Case,
    HoldCopy,
    InBooks,
    Linked,
    changed_total,
    drafted,
    how_many,
)
from domain.money import money_text


@dataclass(frozen=True, slots=True)
class Copied:
    """What we remember of our copy.

    Attributes:
        ours: we created it; otherwise it was in the books before, and we neither change nor delete it.
        version: of the copy, as we left it.
        corrected: a rounding line has been added since it was created.
        mark: what it carries in its note.
        batched_elsewhere: another tool or a person has marked it at the biller, and we have not.
    """

    external_id: str
    ours: bool
    version: int | None
    corrected: bool
    mark: str
    batched_elsewhere: bool = False


# --- the verdicts ---


@dataclass(frozen=True, slots=True)
class MakeBatch:
    """The copy agrees to the cent: mark it as copied at the biller."""

    entry_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class IsBatched:
    """A batch holds all entries already, ours or another one."""


@dataclass(frozen=True, slots=True)
class AddRounding:
    """The books came to another total, by no more than the partner allows."""

    draft: DraftInvoice
    difference: Decimal


@dataclass(frozen=True, slots=True)
class RemoveOurs:
    """The copy is wrong and cannot be made right: it must not stay in the books."""

    reason: CopyReason
    detail: str


BookedVerdict = MakeBatch | IsBatched | AddRounding | RemoveOurs | HoldCopy


@dataclass(frozen=True, slots=True)
class DeleteInvoice:
    booked: BookedInvoice


@dataclass(frozen=True, slots=True)
class ChangeInvoice:
    booked: BookedInvoice
    draft: DraftInvoice


@dataclass(frozen=True, slots=True)
class RemoveBatch:
    """Nothing of ours is in the books (any more): only the batch is left to remove, if there is one."""


TakeBackVerdict = DeleteInvoice | RemoveBatch | HoldCopy
UpdateVerdict = ChangeInvoice | HoldCopy


# --- after the creation ---


def judge_booked(
    billed: Billed,
    booked: BookedInvoice | None,
    books: InBooks,
    terms: CopyTerms,
    copied: Copied,
) -> BookedVerdict:
    """The books have the copy: does it agree to the cent, and what is next?

    Args:
        booked: the copy as the books have it now; None if they do not have it.
    """
    invoice = billed.invoice
    if booked is None or booked.voided:
        return HoldCopy(CopyReason.GONE_FROM_BOOKS)
    detail = billed.detail
    if detail is not None and detail.total != invoice.total:
        # It was opened and edited since; its mark would say that the copy is right.
        return HoldCopy(CopyReason.CHANGED_MEANWHILE, changed_total(detail, invoice))
    if booked.number.strip() != invoice.number.strip():
        return _wrong_number(booked, invoice.number, copied)
    if booked.total != invoice.total:
        return _wrong_total(billed, booked, books, terms, copied)
    entries = billed.entries
    if not entries:
        return HoldCopy(CopyReason.NO_LEDGER_ENTRIES)
    batched = sum(one.batched for one in entries)
    if batched == len(entries):
        return IsBatched()
    if batched:
        return HoldCopy(CopyReason.BATCHED_ELSEWHERE, how_many(batched, len(entries)))
    return MakeBatch(frozenset(one.external_id for one in entries))


def _wrong_number(booked: BookedInvoice, number: str, copied: Copied) -> BookedVerdict:
    """Nobody would find the copy by the invoice's number, and the next tool would copy it once more."""
    says = f"number {booked.number} in the books, {number} here"
    if not copied.ours or booked.version != copied.version:
        return HoldCopy(CopyReason.CHANGED_IN_BOOKS, says)
    if booked.balance != booked.total:
        return HoldCopy(CopyReason.PAYMENT_APPLIED, says)
    return RemoveOurs(CopyReason.NO_CUSTOM_NUMBERS, says)


def _wrong_total(
    billed: Billed, booked: BookedInvoice, books: InBooks, terms: CopyTerms, copied: Copied
) -> BookedVerdict:
    invoice = billed.invoice
    there, here = money_text(booked.total, invoice.currency), money_text(invoice.total, invoice.currency)
    says = f"{there} in the books, {here} due"
    if not copied.ours:
        return HoldCopy(CopyReason.NUMBER_TAKEN, says)
    if booked.balance != booked.total:
        return HoldCopy(CopyReason.PAYMENT_APPLIED, says)
    if booked.version != copied.version:
        return HoldCopy(CopyReason.CHANGED_IN_BOOKS, says)
    corrected = None if copied.corrected else _with_rounding(billed, booked, books, terms, copied)
    return corrected or RemoveOurs(CopyReason.TOTALS_DIFFER, says)


def _with_rounding(
    billed: Billed, booked: BookedInvoice, books: InBooks, terms: CopyTerms, copied: Copied
) -> AddRounding | None:
    """The copy with a rounding line that makes it right; None if the partner allows none of that size.

    A draft may have a rounding line already: both together stay within the limit.
    """
    case = Case(billed, books, terms, copied.mark)
    if billed.detail is None or billed.invoice.issued_on is None or billed.invoice.currency is None:
        return None
    draft = drafted(case, booked.customer_id)
    if isinstance(draft, NoDraft):
        return None
    item = terms.items.get(LineKind.ADJUSTMENT)
    before = sum((one.amount for one in draft.lines if one.item_id == item), Decimal(0))
    difference = billed.invoice.total - booked.total
    if abs(before + difference) > terms.rounding_max:
        return None
    line = rounding_line(difference, draft.currency, draft.tax_mode, terms)
    return AddRounding(replace(draft, lines=(*draft.lines, line)), difference) if line is not None else None


# --- taking back and updating ---


def judge_taking_back(copied: Copied | None, booked: BookedInvoice | None) -> TakeBackVerdict:
    """May our copy be deleted from the books?

    Args:
        copied: None if there never was a copy: the invoice was only marked.
    """
    if copied is not None and copied.batched_elsewhere:
        # Without the copy it would still count as copied, and nobody would miss it.
        return HoldCopy(CopyReason.BATCHED_ELSEWHERE)
    if copied is None or booked is None or not copied.ours:
        # A copy that was there before us stays; only our batch goes.
        return RemoveBatch()
    if booked.balance != booked.total:
        return HoldCopy(CopyReason.PAYMENT_APPLIED)
    if booked.version != copied.version and not booked.voided:
        return HoldCopy(CopyReason.CHANGED_IN_BOOKS)
    return DeleteInvoice(booked)


def judge_update(
    billed: Billed, booked: BookedInvoice | None, books: InBooks, terms: CopyTerms, copied: Copied
) -> UpdateVerdict:
    """May our copy be set to what the biller says now?"""
    if booked is None or booked.voided:
        return HoldCopy(CopyReason.GONE_FROM_BOOKS)
    if not copied.ours:
        return HoldCopy(CopyReason.NOT_OUR_COPY)
    if booked.balance != booked.total:
        return HoldCopy(CopyReason.PAYMENT_APPLIED)
    if booked.version != copied.version:
        return HoldCopy(CopyReason.CHANGED_IN_BOOKS)
    others = tuple(one for one in books.same_number if one.external_id != booked.external_id)
    case = Case(billed, replace(books, same_number=others), terms, copied.mark)
    for question in COPY_QUESTIONS:
        answer = question(case)
        if isinstance(answer, HoldCopy):
            return answer
        if answer is not None:
            # Another invoice of the books is identical: two of them would be left.
            return HoldCopy(CopyReason.NUMBER_TAKEN)
    customer = books.customer
    if not isinstance(customer, Linked):
        return HoldCopy(CopyReason.CUSTOMER_NOT_LINKED)
    draft = drafted(case, customer.customer_id)
    return HoldCopy(draft.reason, draft.detail) if isinstance(draft, NoDraft) else ChangeInvoice(booked, draft)
