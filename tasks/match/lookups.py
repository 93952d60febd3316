"""The look at the target that match makes for a batch: which target invoices belong to its payments?

Called by: match, once for each batch. It uses the stored link first, then the exact number. A link that we found
ourselves gives way to the number when its invoice is gone for good: it may have been created anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import Failure, FailureKind
from domain.breaker import CallKind
from domain.clocks import Moment
from domain.match.eligibility import decide_early
from domain.match.facts import Ambiguous, Found, NotFound, NotReachable, TargetLookup
from domain.push.glance import StoredGlance, glance_of
from domain.reasons import Reason
from domain.records import TargetInvoice
from models.connections import Connection
from models.invoices import Invoice, owners_of, with_our_money
from tasks.calls import note_failure
from tasks.context import Context
from tasks.match.facts import Case
from tasks.payment_facts import sharing
from tasks.permits import Permits


@dataclass(frozen=True, slots=True)
class Lookups:
    """The result of the look.

    Attributes:
        given_up: links whose invoice no longer exists, so that the number decides now.
        owners: the platform's records that are linked to the invoices found by number.
        failure: why unread ones could not be looked for; `failure_words` are the target's words, if it refused.
        refused_ids, refused_numbers: the ones that the target refuses to answer about, with its words.
        unread_ids, unread_numbers: not looked for; without a failure they only have to wait their turn.
        asked: when the target was asked, for the first time if it was asked twice.
    """

    by_id: Mapping[str, TargetInvoice]
    by_number: Mapping[str, Sequence[TargetInvoice]]
    given_up: Collection[str] = ()
    owners: Mapping[str, Sequence[Invoice]] = field(default_factory=dict)
    failure: Reason | None = None
    failure_words: str = ""
    refused_ids: Mapping[str, str] = field(default_factory=dict)
    refused_numbers: Mapping[str, str] = field(default_factory=dict)
    unread_ids: Collection[str] = ()
    unread_numbers: Collection[str] = ()
    asked: Moment | None = None

    def of(self, case: Case) -> TargetLookup | None:
        """Stored link first, exact number second; None if the look is still to be made and the case stays due."""
        link = _link_of(case)
        by_link = bool(link) and link not in self.given_up
        value = link if by_link else case.number
        if value in (self.unread_ids if by_link else self.unread_numbers):
            # A partner need not hear about a moment's wait.
            return NotReachable(self.failure, self.failure_words) if self.failure not in (None, Reason.PACED) else None
        words = (self.refused_ids if by_link else self.refused_numbers).get(value)
        if words is not None:
            return NotReachable(Reason.TARGET_LOOKUP_REFUSED, words)
        if by_link:
            linked = self.by_id.get(link)
            return Found(linked) if linked else NotFound(linked_id=link)
        candidates = self.by_number.get(case.number, ())
        match len(candidates):
            case 0:
                return NotFound()
            case 1:
                return self._alone(case, candidates[0])
            case _:
                named = " and ".join(sorted(one.external_id for one in candidates))
                return Ambiguous(detail=f"the invoices with the number {case.number} have the ids {named}")

    def glance_of(self, lookup: TargetLookup) -> StoredGlance | None:
        """What push may go by in the same second; None if it has to read the invoice itself."""
        if not isinstance(lookup, Found) or self.asked is None:
            return None
        return glance_of(lookup.invoice, self.asked)

    def shows_to_be_gone(self, link: str) -> bool:
        """Whether we asked for it and the target does not have it."""
        return not any(link in some for some in (self.by_id, self.refused_ids, self.unread_ids))

    def _alone(self, case: Case, found: TargetInvoice) -> Found | Ambiguous:
        """The only target invoice with this number, unless the number or a link connects it to another invoice too."""
        if case.rivals:
            return sharing(case.number, (case.due.allocation.document_id, *case.rivals))
        for owner in self.owners.get(found.external_id, ()):
            if case.invoice is None or owner.id != case.invoice.id:
                whose = f"accounting id {owner.source_id}" if owner.source_id else "no accounting id"
                ours = f"this platform's invoice {owner.number} ({whose})"
                detail = f"the invoice with id {found.external_id} is linked to {ours}"
                return Ambiguous(Reason.TARGET_INVOICE_TAKEN, detail)
        return Found(found)


def look_up(context: Context, permits: Permits | None, cases: Sequence[Case]) -> Lookups:
    """Looks up the target invoices of the cases that get this far, in as few calls as possible."""
    wanted = [case for case in cases if decide_early(case.facts) is None]
    ids = {link for case in wanted if (link := _link_of(case))}
    numbers = {case.number for case in wanted if case.number and not _link_of(case)}
    if permits is None or not (ids or numbers):
        return Lookups({}, {})
    target = permits.connection
    lookups = _find(context, permits, ids, numbers)
    given_up = _given_up(context, target, wanted, lookups)
    if not given_up:
        return _with_owners(context, target, lookups)
    numbers |= {case.number for case in wanted if case.number and _link_of(case) in given_up}
    by_number = _find(context, permits, (), numbers)
    by_both = replace(
        by_number,
        by_id=lookups.by_id,
        asked=lookups.asked,
        given_up=given_up,
        refused_ids=lookups.refused_ids,
        unread_ids=lookups.unread_ids,
        failure=lookups.failure or by_number.failure,
        failure_words=lookups.failure_words or by_number.failure_words,
    )
    return _with_owners(context, target, by_both)


def _with_owners(context: Context, target: Connection, lookups: Lookups) -> Lookups:
    found = {one.external_id for some in lookups.by_number.values() for one in some}
    if not found:
        return lookups
    with context.database.reading() as session:
        return replace(lookups, owners=owners_of(session, target.organization_id, found))


def _link_of(case: Case) -> str:
    return (case.invoice.target_id or "") if case.invoice else ""


def _given_up(context: Context, target: Connection, wanted: Sequence[Case], lookups: Lookups) -> Collection[str]:
    lost = {
        link
        for case in wanted
        if case.invoice and case.invoice.link_learned and (link := _link_of(case)) and lookups.shows_to_be_gone(link)
    }
    if not lost:
        return ()
    # Keys that may not see a record also get "not found". Where money of ours may be, we keep the link.
    with context.database.reading() as session:
        return lost - with_our_money(session, target.id, lost)


def _find(context: Context, permits: Permits, ids: Collection[str], numbers: Collection[str]) -> Lookups:
    target = permits.connection
    if target.not_before is not None and target.not_before > context.clock.now():
        return _unread(ids, numbers, target.why_paused or Reason.TARGET_UNREACHABLE)
    if not permits.begin(CallKind.FIND):
        return _unread(ids, numbers, Reason.TARGET_SICK)
    asked = context.moment()
    result = context.target(target).find_invoices(ids, numbers)
    if isinstance(result, Failure):
        reason = note_failure(context, target, result, CallKind.FIND)
        return _unread(ids, numbers, reason, _words_of(result))
    found, failure = result.value, None
    if found.failure is not None:
        failure = note_failure(context, target, found.failure, CallKind.FIND)
    else:
        # Even if the target refused some: the connection works.
        permits.note_success(CallKind.FIND)
    by_number: dict[str, list[TargetInvoice]] = {}
    for invoice in found.invoices:
        by_number.setdefault(invoice.number, []).append(invoice)
    return Lookups(
        {invoice.external_id: invoice for invoice in found.invoices},
        by_number,
        failure=failure,
        failure_words=_words_of(found.failure) if found.failure is not None else "",
        refused_ids=found.refused_ids,
        refused_numbers=found.refused_numbers,
        unread_ids=found.unread_ids,
        unread_numbers=found.unread_numbers,
        asked=asked,
    )


def _words_of(failure: Failure) -> str:
    """The target's words if it refused to answer; an outage has no words worth showing."""
    return failure.detail if failure.kind is FailureKind.REFUSED else ""


def _unread(ids: Collection[str], numbers: Collection[str], failure: Reason, words: str = "") -> Lookups:
    return Lookups({}, {}, failure=failure, failure_words=words, unread_ids=ids, unread_numbers=numbers)
