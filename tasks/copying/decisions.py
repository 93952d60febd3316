"""What follows from an answer about one invoice: pure, from the facts and the answer to the next step.

list entries -> create -> (add rounding) -> make batch -> copied
(list entries | make batch) -> verify batch -> copied | count
(remove) -> find batch -> remove batch -> taken back
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.base import Failure, FailureKind, NotSent, Paced, Refused, Removed, Throttled, Unknown
from connectors.copying import (
    AlreadyBatched,
    Applied,
    Batched,
    BatchExists,
    BatchOutcome,
    Booked,
    BookOutcome,
    NotDone,
    NumberTaken,
    PeriodClosed,
    Stale,
    UnbatchOutcome,
    UnbookOutcome,
)
from domain.copying.afterwards import (
    AddRounding,
    ChangeInvoice,
    DeleteInvoice,
    IsBatched,
    MakeBatch,
    RemoveBatch,
    RemoveOurs,
    judge_booked,
    judge_taking_back,
    judge_update,
)
from domain.copying.billed import Batch
from domain.copying.booked import FIRST_VERSION, BookedInvoice
from domain.copying.reasons import CopyReason
from domain.copying.states import CopyAction
from domain.copying.terms import CopyTerms
from domain.copying.verdict import (
    CreateCustomer,
    CreateInvoice,
    HoldCopy,
    TakeAsCopy,
    batch_name,
    how_many,
    is_ours,
    judge_copy,
)
from tasks.copying.facts import Facts
from tasks.copying.results import (
    Change,
    CountInBooks,
    Create,
    EndCopied,
    EndHeld,
    EndPresent,
    EndTakenBack,
    Entries,
    FindBatch,
    Go,
    InDoubt,
    Keep,
    ListEntries,
    LookLater,
    NeedsCustomer,
    Next,
    NotNow,
    NotSentAfterAll,
    PutIntoBatch,
    Remove,
    Seen,
    TakeOutOfBatch,
    Undo,
    Verified,
    VerifyBatch,
)

# What it means for an invoice that its ledger entries cannot be read. Every other failure is not about the invoice.
UNREADABLE_BECAUSE: Mapping[FailureKind, CopyReason] = {
    FailureKind.NOT_FOUND: CopyReason.CHANGED_MEANWHILE,
    FailureKind.REFUSED: CopyReason.LINES_UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides about the invoices of one batch."""

    terms: CopyTerms

    # --- the first step ---

    def first(self, facts: Facts) -> Next:
        """How the work on an invoice begins."""
        row = facts.row
        if facts.is_not_shown_yet:
            # Taking it for gone would leave a copy in the books that nobody knows.
            return LookLater("the copy is not shown yet")
        if row.unwanted and not _is_changed(facts):
            return self._remove_unwanted(facts)
        if facts.action is not CopyAction.TAKE_BACK:
            return Go(ListEntries(row.id))
        match judge_taking_back(facts.copied, facts.booked):
            case DeleteInvoice(booked):
                return Go(Remove(row.id, booked, self.request_id(facts, "d")))
            case RemoveBatch():
                return self._find_batch(facts)
            case HoldCopy(reason, detail):
                return EndHeld(reason, detail)

    def _remove_unwanted(self, facts: Facts) -> Next:
        row, booked = facts.row, facts.booked
        reason = CopyReason(row.reason) if row.reason else CopyReason.TOTALS_DIFFER
        if booked is None or booked.voided:
            return EndHeld(reason, row.detail, gone=True)
        if booked.balance != booked.total:
            return EndHeld(CopyReason.PAYMENT_APPLIED, row.detail)
        return Go(Remove(row.id, booked, self.request_id(facts, "d")))

    # --- after the ledger entries ---

    def after_entries(self, facts: Facts, answer: Entries | Failure) -> Next:
        if isinstance(answer, Failure):
            reason = UNREADABLE_BECAUSE.get(answer.kind)
            return EndHeld(reason, answer.detail) if reason is not None else NotNow(answer)
        match facts.action:
            case CopyAction.COPY if facts.copied is None:
                return self._judged_copy(facts, answer)
            case CopyAction.COPY:
                return self._judged_booked(facts, facts.booked, answer, self._rounded_meanwhile(facts))
            case CopyAction.UPDATE:
                return self._judged_update(facts, answer)
            case _:
                return self._marked(facts, answer)

    def _rounded_meanwhile(self, facts: Facts) -> Seen | None:
        """The copy as it is now, if a rounding line of ours arrived without an answer.

        With another total it is not what we sent: a person has changed it.
        """
        booked, sent_for = facts.booked, facts.row.rounding_of_version
        has_arrived = (
            booked is not None
            and sent_for is not None
            and sent_for == facts.row.books_version != booked.version
            and booked.total == facts.invoice.total
        )
        return Seen(booked, facts.row.ours) if has_arrived and booked is not None else None

    def _judged_copy(self, facts: Facts, entries: Entries) -> Next:
        match judge_copy(facts.billed(entries), facts.books, self.terms, facts.mark):
            case CreateInvoice(draft):
                return Go(Create(facts.row.id, draft, self.request_id(facts)))
            case CreateCustomer(name, currency, _):
                return NeedsCustomer(name, currency)
            case TakeAsCopy(booked, ours=True):
                # Nobody has told us its version; what a person did to it before we found it is not ours to undo.
                return self._judged_booked(facts, booked, entries, Seen(booked, left_at=FIRST_VERSION))
            case TakeAsCopy(booked):
                return self._judged_booked(facts, booked, entries, Seen(booked, ours=False))
            case HoldCopy(reason, detail):
                return EndHeld(reason, detail)

    def _judged_update(self, facts: Facts, entries: Entries) -> Next:
        copied, booked, sent_for = facts.copied, facts.booked, facts.row.update_of_version
        if copied is None:
            return EndHeld(CopyReason.GONE_FROM_BOOKS)
        has_arrived = booked is not None and sent_for not in (None, booked.version)
        if has_arrived and booked is not None and booked.total == facts.invoice.total:
            # Our change arrived, with or without an answer: only the batch is left.
            return self._judged_booked(facts, booked, entries, Seen(booked, copied.ours))
        match judge_update(facts.billed(entries), booked, facts.books, self.terms, copied):
            case ChangeInvoice(there, draft):
                request_id = self.request_id(facts, f"u{there.version}")
                return Go(Change(facts.row.id, there, draft, request_id, rounding=False))
            case HoldCopy(reason, detail):
                return EndHeld(reason, detail)

    def _judged_booked(
        self,
        facts: Facts,
        booked: BookedInvoice | None,
        entries: Entries,
        seen: Seen | None = None,
    ) -> Next:
        """What follows for a copy that is in the books.

        Args:
            seen: it is not on disk yet that the copy is there, or that it is like this.
        """
        row = facts.row
        if booked is None:
            return EndHeld(CopyReason.GONE_FROM_BOOKS, gone=True)
        version = seen.version if seen is not None else row.books_version
        copied = facts.copied_as(booked.external_id, version, ours=seen.ours if seen is not None else None)
        billed = facts.billed(entries)
        match judge_booked(billed, booked, facts.books, self.terms, copied):
            case MakeBatch(entry_ids):
                return Go(PutIntoBatch(row.id, self.batch_of(facts), entry_ids), seen)
            case IsBatched():
                return Go(VerifyBatch(row.id, self.batch_of(facts)), seen)
            case AddRounding(draft, _):
                request_id = self.request_id(facts, f"r{booked.version}")
                return Go(Change(row.id, booked, draft, request_id, rounding=True), seen)
            case RemoveOurs(_, detail) if facts.action is CopyAction.UPDATE:
                # It was there, and right, before the update: a person decides what becomes of it.
                return EndHeld(CopyReason.UPDATE_DIFFERS, detail, seen=seen)
            case RemoveOurs(reason, detail):
                remove = Remove(row.id, booked, self.request_id(facts, "d"))
                return Undo(remove, reason, detail, seen or Seen(booked, copied.ours))
            case HoldCopy(reason, detail):
                is_gone = reason is CopyReason.GONE_FROM_BOOKS
                return EndHeld(reason, detail, gone=is_gone, seen=None if is_gone else seen)

    def _marked(self, facts: Facts, entries: Entries) -> Next:
        """What follows for an invoice that only goes into a batch."""
        if facts.copied is None and facts.action is CopyAction.LEAVE:
            return EndHeld(CopyReason.GONE_FROM_BOOKS)
        if facts.copied is not None and (facts.booked is None or facts.booked.voided):
            # With the mark it would count as copied, and nobody would miss it.
            return EndHeld(CopyReason.GONE_FROM_BOOKS, gone=True)
        if not entries:
            return EndHeld(CopyReason.NO_LEDGER_ENTRIES)
        batched = sum(one.batched for one in entries)
        if batched == len(entries):
            return Go(VerifyBatch(facts.row.id, self.batch_of(facts)))
        if batched:
            return EndHeld(CopyReason.BATCHED_ELSEWHERE, how_many(batched, len(entries)))
        ids = frozenset(one.external_id for one in entries)
        return Go(PutIntoBatch(facts.row.id, self.batch_of(facts), ids))

    # --- after writes to the books ---

    def after_create(self, facts: Facts, entries: Entries, outcome: BookOutcome) -> Next:
        match outcome:
            case Booked(invoice) if not _is_of(facts, invoice):
                # The books know our request id from somewhere else, and did not create anything: ask with another one.
                says = f"answered with invoice {invoice.number} over {invoice.total}"
                return EndHeld(CopyReason.BOOKS_REFUSED, says, gone=True)
            case Booked(invoice) if facts.row.sent > 1:
                # It may be the answer to an earlier try, about an invoice that somebody has deleted since.
                return Keep(Seen(invoice))
            case Booked(invoice):
                return self._judged_booked(facts, invoice, entries, Seen(invoice))
            case Stale(detail):
                return EndHeld(CopyReason.BOOKS_REFUSED, detail)
            case Unknown(detail):
                return InDoubt(detail)
            case NumberTaken() | PeriodClosed() | Refused(FailureKind.REFUSED | FailureKind.NOT_FOUND):
                return _not_done(outcome, CopyReason.BOOKS_REFUSED)
            case Refused() | Throttled() | Paced() | NotSent():
                return NotSentAfterAll()

    def after_change(self, facts: Facts, entries: Entries, outcome: BookOutcome) -> Next:
        """After a rounding line, or an update."""
        match outcome:
            case Booked(invoice):
                return self._judged_booked(facts, invoice, entries, Seen(invoice))
            case _:
                return _not_done(outcome, CopyReason.BOOKS_REFUSED)

    def after_remove(self, facts: Facts, outcome: UnbookOutcome) -> Next:
        row = facts.row
        match outcome:
            case Removed() if facts.action is CopyAction.TAKE_BACK:
                following = self._find_batch(facts)
                return replace(following, gone=True) if isinstance(following, Go) else following
            case Removed():
                reason = CopyReason(row.reason) if row.reason else CopyReason.TOTALS_DIFFER
                return EndHeld(reason, row.detail, gone=True)
            case _:
                return _not_done(outcome, CopyReason.BOOKS_REFUSED)

    # --- after batches ---

    def after_batch(self, facts: Facts, outcome: BatchOutcome) -> Next:
        row_id, identifier = facts.row.id, self.batch_of(facts)
        match outcome:
            case Batched():
                return self._is_marked(facts)
            case BatchExists(detail) | AlreadyBatched(detail):
                return Go(VerifyBatch(row_id, identifier, refused=detail))
            case Unknown():
                return Go(VerifyBatch(row_id, identifier))
            case _:
                return _not_done(outcome, CopyReason.BATCH_REFUSED)

    def after_verifying(self, facts: Facts, call: VerifyBatch, answer: Verified | Failure) -> Next:
        if isinstance(answer, Failure):
            return NotNow(answer)
        entries = answer.entries
        batched = sum(one.batched for one in entries)
        is_ours = answer.batch is not None
        if not entries:
            return EndHeld(CopyReason.NO_LEDGER_ENTRIES)
        if batched == len(entries):
            if is_ours:
                return self._is_marked(facts)
            is_mark = facts.action is CopyAction.MARK
            return EndHeld(CopyReason.BATCHED_ELSEWHERE) if is_mark else Go(CountInBooks(facts.row.id))
        if batched:
            return EndHeld(CopyReason.BATCHED_ELSEWHERE, how_many(batched, len(entries)))
        return EndHeld(CopyReason.BATCH_REFUSED, call.refused) if call.refused else LookLater("the batch is not there")

    def _is_marked(self, facts: Facts) -> Next:
        is_only_marked = facts.action is CopyAction.MARK and facts.row.books_id is None
        return EndPresent() if is_only_marked else EndCopied()

    def after_counting(self, answer: tuple[BookedInvoice, ...] | Failure) -> Next:
        """Another tool has marked the invoice while we copied it. Did it copy it as well?"""
        if isinstance(answer, Failure):
            return NotNow(answer)
        if len(answer) > 1:
            return EndHeld(CopyReason.SEVERAL_WITH_NUMBER, f"{len(answer)} invoices")
        return EndCopied(elsewhere=True)

    def _find_batch(self, facts: Facts) -> Next:
        identifier = facts.row.batch_identifier
        return Go(FindBatch(facts.row.id, identifier)) if identifier else EndTakenBack()

    def after_finding(self, facts: Facts, answer: Batch | Failure | None) -> Next:
        match answer:
            case Failure():
                return NotNow(answer)
            case None:
                return EndTakenBack()
            case Batch(closed=True):
                return EndHeld(CopyReason.BATCH_REFUSED, f"the batch {answer.identifier} is closed")
            case Batch():
                return Go(TakeOutOfBatch(facts.row.id, answer))

    def after_taking_out(self, outcome: UnbatchOutcome) -> Next:
        match outcome:
            case Removed():
                return EndTakenBack()
            case _:
                return _not_done(outcome, CopyReason.BATCH_REFUSED)

    # --- names ---

    def request_id(self, facts: Facts, what: str = "") -> str:
        """The books' idempotency key of one write: the same for each try of it, and for no other.

        No choice of a partner is part of it: it must not change while an answer is missing.
        """
        suffix = f"-{what}" if what else ""
        return f"EPS-{facts.row.token}-{facts.row.generation}{suffix}"

    def batch_of(self, facts: Facts) -> str:
        row = facts.row
        return batch_name(self.terms.prefix, row.number, row.token, row.generation, row.batches, row.batch_identifier)


def _not_done(outcome: NumberTaken | PeriodClosed | Stale | Applied | NotDone, refused: CopyReason) -> Next:
    """What follows from a write that was not done. Whether one without an answer was, the next look says.

    Args:
        refused: the reason if the system does not want this write, and says no more.
    """
    match outcome:
        case NumberTaken(detail):
            return EndHeld(CopyReason.NUMBER_TAKEN, detail)
        case PeriodClosed(detail):
            return EndHeld(CopyReason.PERIOD_CLOSED, detail)
        case Stale(detail):
            return EndHeld(CopyReason.CHANGED_IN_BOOKS, detail)
        case Applied(detail):
            return EndHeld(CopyReason.PAYMENT_APPLIED, detail)
        case Unknown(detail):
            return LookLater(detail)
        case Refused(FailureKind.REFUSED | FailureKind.NOT_FOUND, detail):
            return EndHeld(refused, detail)
        case Refused() | Throttled() | Paced() | NotSent():
            return NotNow(outcome)


def _is_changed(facts: Facts) -> bool:
    """Whether a person has changed our copy since: it is theirs to put right, and judged like any other."""
    booked = facts.booked
    return booked is not None and not booked.voided and booked.version != facts.row.books_version


def _is_of(facts: Facts, answer: BookedInvoice) -> bool:
    """Whether an answer to a creation is about this invoice, even if the books gave it another number or total."""
    is_like_it = answer.total == facts.row.total and answer.issued_on == facts.row.issued_on
    return answer.number == facts.row.number or (is_ours(answer, facts.mark) and is_like_it)
