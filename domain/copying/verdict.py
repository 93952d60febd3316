"""The verdict about one invoice of the Sync Tool: shall it be created in the books, after a look at both systems? Pure.

Questions in order; the first answer counts, and without one the invoice is created. The preview shows this verdict, and
the worker asks once more before it writes. What follows the creation is judged in `afterwards.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from domain.copying.billed import BilledDetail, BilledInvoice, Debtor, InvoiceKind, LedgerEntry
from domain.copying.booked import BookedInvoice, BooksRules, DraftInvoice, NamedParty, NameOwner
from domain.copying.drafting import NoDraft, Source, draft_of
from domain.copying.reasons import CopyReason
from domain.copying.terms import CopyTerms, DebtorChoice
from domain.money import money_text

# Intuit's Invoice reference; without the marks that a number of this length cannot be looked for with.
NUMBER_CHARACTERS_MAX = 21


# --- what the verdict depends on ---


@dataclass(frozen=True, slots=True)
class Linked:
    """The customer of the books that a company of the biller is, by a person's choice.

    Attributes:
        customer: as the books have it now; None if they do not have it any more.
    """

    customer_id: str
    customer: NamedParty | None


@dataclass(frozen=True, slots=True)
class ToBeCreated:
    """A person wants a customer with this name; `owner` has the name already, if anybody has."""

    name: str
    owner: NamedParty | None = None


@dataclass(frozen=True, slots=True)
class NotChosen:
    """Nobody has chosen yet. `proposal` has the company's name; it may be a vendor or an employee."""

    proposal: NamedParty | None = None


CustomerChoice = Linked | ToBeCreated | NotChosen


@dataclass(frozen=True, slots=True)
class Billed:
    """The invoice at the biller.

    Attributes:
        detail: what goes into the books; None if the export does not have it, with the reason in `unreadable`.
        entries: all its ledger entries, in a batch or not.
    """

    invoice: BilledInvoice
    detail: BilledDetail | None
    entries: tuple[LedgerEntry, ...]
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class InBooks:
    """The books.

    Attributes:
        same_number: their invoices with the number of ours.
        claimed: ids of those among them that are copies of other invoices.
    """

    rules: BooksRules
    customer: CustomerChoice
    same_number: tuple[BookedInvoice, ...] = ()
    claimed: frozenset[str] = frozenset()


# --- the verdicts ---


@dataclass(frozen=True, slots=True)
class CreateInvoice:
    draft: DraftInvoice


@dataclass(frozen=True, slots=True)
class CreateCustomer:
    """The customer comes first; then the invoice is judged again.

    Attributes:
        draft: the invoice as it will be, with no customer yet.
    """

    name: str
    currency: str | None
    draft: DraftInvoice


@dataclass(frozen=True, slots=True)
class TakeAsCopy:
    """The books have it already.

    Attributes:
        ours: it carries our mark, so we created it and our answer was lost; otherwise it is identical and was there.
    """

    booked: BookedInvoice
    ours: bool


@dataclass(frozen=True, slots=True)
class HoldCopy:
    """It cannot be done as things are.

    Attributes:
        detail: both values, or the words of the system that refuses.
    """

    reason: CopyReason
    detail: str = ""


CopyVerdict = CreateInvoice | CreateCustomer | TakeAsCopy | HoldCopy


# --- copying ---


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that the questions about one invoice are about."""

    billed: Billed
    books: InBooks
    terms: CopyTerms
    mark: str

    @property
    def invoice(self) -> BilledInvoice:
        return self.billed.invoice

    def money(self, amount: Decimal) -> str:
        return money_text(amount, self.invoice.currency)


def debtor_of(invoice: BilledInvoice, terms: CopyTerms) -> Debtor:
    """Whose customer in the books the invoice is for."""
    return invoice.bill_to if terms.debtor is DebtorChoice.BILL_TO else invoice.company


def judge_copy(billed: Billed, books: InBooks, terms: CopyTerms, mark: str) -> CopyVerdict:
    """Shall this invoice be created in the books, and how?

    Args:
        mark: what a copy of this invoice carries in its note.
    """
    case = Case(billed, books, terms, mark)
    for question in COPY_QUESTIONS:
        answer = question(case)
        if answer is not None:
            return answer
    return _created(case)


def _has_arrived(case: Case) -> CopyVerdict | None:
    """Is our own copy in the books, from a try whose answer was lost?"""
    ours = [one for one in case.books.same_number if is_ours(one, case.mark) and not one.voided]
    return TakeAsCopy(ours[0], ours=True) if len(ours) == 1 else None


def _books_allow_it(case: Case) -> CopyVerdict | None:
    return None if case.books.rules.custom_numbers else HoldCopy(CopyReason.NO_CUSTOM_NUMBERS)


def _is_of_a_kind_we_copy(case: Case) -> CopyVerdict | None:
    invoice = case.invoice
    match invoice.kind:
        case InvoiceKind.CREDIT_MEMO:
            return HoldCopy(CopyReason.CREDIT_MEMO)
        case InvoiceKind.DOWN_PAYMENT:
            return HoldCopy(CopyReason.DOWN_PAYMENT)
        case InvoiceKind.OTHER:
            return HoldCopy(CopyReason.KIND_UNKNOWN)
        case _:
            pass
    if invoice.total < 0:
        return HoldCopy(CopyReason.NEGATIVE_TOTAL, case.money(invoice.total))
    if not invoice.total and not case.terms.zero_totals:
        return HoldCopy(CopyReason.ZERO_TOTAL)
    return None


def _is_of_a_day_we_copy(case: Case) -> CopyVerdict | None:
    issued_on, start_on, closed_on = case.invoice.issued_on, case.terms.start_on, case.books.rules.closed_on
    if issued_on is None:
        return HoldCopy(CopyReason.INVOICE_DATE_MISSING)
    if start_on is not None and issued_on < start_on:
        return HoldCopy(CopyReason.BEFORE_START, f"dated {issued_on}, start date {start_on}")
    if closed_on is not None and issued_on <= closed_on:
        return HoldCopy(CopyReason.PERIOD_CLOSED, f"dated {issued_on}, closed until {closed_on}")
    return None


def _fits_into_the_books(case: Case) -> CopyVerdict | None:
    invoice, rules = case.invoice, case.books.rules
    if len(invoice.number) > NUMBER_CHARACTERS_MAX:
        return HoldCopy(CopyReason.NUMBER_UNUSABLE, invoice.number)
    if invoice.currency is None:
        return HoldCopy(CopyReason.INVOICE_CURRENCY_UNKNOWN)
    if not rules.many_currencies and rules.home_currency not in (None, invoice.currency):
        return HoldCopy(CopyReason.CURRENCY_NOT_KEPT, f"{invoice.currency}, the books are in {rules.home_currency}")
    return None


def _may_be_marked(case: Case) -> CopyVerdict | None:
    """Could the copy be marked at the biller? One that cannot would be copied by the next tool once more."""
    entries = case.billed.entries
    if not entries:
        return HoldCopy(CopyReason.NO_LEDGER_ENTRIES)
    batched = sum(one.batched for one in entries)
    return HoldCopy(CopyReason.BATCHED_ELSEWHERE, how_many(batched, len(entries))) if batched else None


def _number_is_free(case: Case) -> CopyVerdict | None:
    there = case.books.same_number
    if not there:
        return None
    if len(there) > 1:
        return HoldCopy(CopyReason.SEVERAL_WITH_NUMBER, ", ".join(case.money(one.total) for one in there))
    difference = _difference(case, there[0])
    if difference or not case.terms.adopt:
        return HoldCopy(CopyReason.NUMBER_TAKEN, difference or "it is identical, and the preferences say to ask")
    return TakeAsCopy(there[0], ours=False)


def _is_readable(case: Case) -> CopyVerdict | None:
    detail, invoice = case.billed.detail, case.invoice
    if detail is None:
        return HoldCopy(CopyReason.LINES_UNREADABLE, case.billed.unreadable)
    if (detail.total, detail.number, detail.currency or invoice.currency) != (
        invoice.total,
        invoice.number,
        invoice.currency,
    ):
        return HoldCopy(CopyReason.CHANGED_MEANWHILE, changed_total(detail, invoice))
    return None


def _has_a_customer(case: Case) -> CopyVerdict | None:
    name = debtor_of(case.invoice, case.terms).name
    match case.books.customer:
        case NotChosen(NamedParty() as owner) if owner.owner is not NameOwner.CUSTOMER:
            return HoldCopy(CopyReason.CUSTOMER_NAME_TAKEN, _party(owner))
        case NotChosen(proposal):
            return HoldCopy(CopyReason.CUSTOMER_NOT_LINKED, name if proposal is None else f"{name}: {_party(proposal)}")
        case ToBeCreated(_, NamedParty() as owner) if owner.owner is not NameOwner.CUSTOMER or not owner.active:
            return HoldCopy(CopyReason.CUSTOMER_NAME_TAKEN, _party(owner))
        case ToBeCreated():
            return None
        case Linked(_, customer):
            if customer is None or not customer.active:
                return HoldCopy(CopyReason.CUSTOMER_GONE, customer.name if customer else name)
            if customer.currency not in (None, case.invoice.currency):
                return HoldCopy(CopyReason.CUSTOMER_CURRENCY, f"{customer.name} is kept in {customer.currency}")
            return None


COPY_QUESTIONS: tuple[Callable[[Case], CopyVerdict | None], ...] = (
    _has_arrived,
    _books_allow_it,
    _is_of_a_kind_we_copy,
    _is_of_a_day_we_copy,
    _fits_into_the_books,
    _may_be_marked,
    _has_a_customer,
    _number_is_free,
    _is_readable,
)


def _created(case: Case) -> CopyVerdict:
    customer = case.books.customer
    customer_id = customer.customer_id if isinstance(customer, Linked) else ""
    draft = drafted(case, customer_id)
    if isinstance(draft, NoDraft):
        return HoldCopy(draft.reason, draft.detail)
    if isinstance(customer, ToBeCreated):
        return CreateCustomer(customer.name, draft.currency if case.books.rules.many_currencies else None, draft)
    return CreateInvoice(draft)


def drafted(case: Case, customer_id: str) -> DraftInvoice | NoDraft:
    """The draft of a case whose questions have been answered."""
    invoice, detail = case.invoice, case.billed.detail
    assert detail is not None
    assert invoice.issued_on is not None
    assert invoice.currency is not None
    source = Source(invoice, detail, case.books.rules, customer_id, invoice.issued_on, invoice.currency, case.mark)
    return draft_of(source, case.terms)


def _difference(case: Case, booked: BookedInvoice) -> str:
    """How an invoice of the books differs from the biller's, in words; "" if it is identical."""
    invoice, rules = case.invoice, case.books.rules
    customer = case.books.customer
    currency = booked.currency or rules.home_currency
    if booked.external_id in case.books.claimed:
        return "it is the copy of another invoice"
    if booked.voided:
        return "the one there is voided"
    if currency not in (None, invoice.currency):
        return f"it is in {currency}"
    if booked.total != invoice.total:
        return f"{case.money(booked.total)} there, {case.money(invoice.total)} here"
    if not isinstance(customer, Linked) or booked.customer_id != customer.customer_id:
        return "it is for another customer"
    if booked.issued_on != invoice.issued_on:
        return f"dated {booked.issued_on} there, {invoice.issued_on} here"
    return ""


def is_ours(booked: BookedInvoice, mark: str) -> bool:
    """Whether an invoice of the books carries the mark of this copy, whatever else people have written there."""
    return mark in booked.note


def mark_of(token: str, generation: int) -> str:
    """What a copy carries in its note: it never changes for one try, and no other copy has it.

    Args:
        token: of the invoice; no other one has it, not even in another installation's database.
    """
    return f"Copied by the Sync Tool ({token}-{generation})"


def batch_name(prefix: str, number: str, token: str, generation: int, batches: int, known: str | None) -> str:
    """The name of the batch of one copy, at most 50 characters, with nothing that breaks a question about it.

    Args:
        batches: which batch of this copy it is, beginning at one.
        known: the name under which it may have been made already; the prefix may have changed since.
    """
    end = f"-{token}-{generation}" + (f"-{batches}" if batches > 1 else "")
    if known is not None and known.endswith(end):
        return known
    plain = "".join(one for one in number if one.isascii() and (one.isalnum() or one in "-_."))[:15]
    return f"{prefix}-I{plain}{end}"


def changed_total(detail: BilledDetail, invoice: BilledInvoice) -> str:
    now, listed = money_text(detail.total, invoice.currency), money_text(invoice.total, invoice.currency)
    return f"{now} now, {listed} when it was listed"


def how_many(batched: int, entries: int) -> str:
    return f"{batched} of {entries} ledger entries are in a batch"


def _party(party: NamedParty) -> str:
    words = {NameOwner.CUSTOMER: "a customer", NameOwner.VENDOR: "a vendor", NameOwner.EMPLOYEE: "an employee"}
    return f"{party.name} is {words[party.owner]}" + ("" if party.active else ", inactive")
