"""May this allocation be synced, and what has to be done about it? Pure, total, ordered.

`decide_early` checks everything that needs no look at the target, so that only the rest costs a wire call. `decide`
then makes the one decision. The first rule that fails gives the reason; the order is that of `RULES` below.
"""

from collections.abc import Callable

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.match.comparison import compare_invoices, first_difference
from domain.match.decisions import Adjust, Decision, Hold, Keep, Push, Reverse, Skip
from domain.match.facts import Ambiguous, Facts, Found, NearlyFound, NotFound, NotReachable, SyncedPayment, TargetLookup
from domain.money import fits_currency
from domain.preferences import CorrectionPolicy, InvoiceOrigin, SyncMode
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, TargetInvoice

Stop = Skip | Hold

_REASON_OF_FINDING = {
    Finding.GONE: Reason.TARGET_PAYMENT_GONE,
    Finding.CHANGED: Reason.TARGET_PAYMENT_CHANGED,
    Finding.DOUBLED: Reason.TARGET_PAYMENT_DOUBLED,
    Finding.INVOICE_GONE: Reason.TARGET_INVOICE_GONE,
}
_NOT_THERE = (Finding.GONE, Finding.INVOICE_GONE)


def decide_early(facts: Facts) -> Decision | None:
    """Decides what can be decided without a look at the target; None means: look, then call `decide`."""
    if facts.synced is not None:
        return _decide_synced(facts, facts.synced)
    if facts.was_reversed and not facts.is_wanted and facts.flaw is None:
        if facts.left_behind and facts.left_out is not LeftOut.DISMISSED:
            return Hold(Reason.TARGET_PAYMENT_DOUBLED, seen=facts.left_behind)
        if facts.is_paid:
            return Skip(Reason.TAKEN_BACK)
        return Keep(Reason.CORRECTED_BY_HAND if facts.removed_by_hand else Reason.REVERSED)
    return _first_stop(facts)


def decide(facts: Facts, lookup: TargetLookup) -> Decision:
    """The decision for one allocation, given what the look at the target showed."""
    early = decide_early(facts)
    if early is not None:
        return early
    match lookup:
        case NotReachable(reason, detail):
            return Hold(reason, detail=detail)
        case NotFound(_, detail):
            if facts.platform_origin is None:
                return Skip(Reason.INVOICE_ONLY_IN_SOURCE, detail=detail or facts.nearly_in_the_platform)
            return Hold(Reason.TARGET_INVOICE_MISSING, detail=detail)
        case NearlyFound(detail):
            return Hold(Reason.TARGET_NUMBER_NEARLY, detail=detail)
        case Ambiguous(reason, detail):
            return Hold(reason, detail=detail)
        case Found(invoice):
            return _decide_found(facts, invoice)


def _decide_found(facts: Facts, invoice: TargetInvoice) -> Decision:
    source_invoice, currency, paid_on = facts.source_invoice, facts.currency, facts.paid_on
    if source_invoice is None or currency is None or paid_on is None:
        raise AssertionError("the early rules let an incomplete payment through")
    if not invoice.payable:
        return Hold(Reason.TARGET_INVOICE_NOT_PAYABLE)
    verdicts = compare_invoices(source_invoice, invoice, payment_currency=currency)
    difference = first_difference(verdicts)
    if difference is not None:
        return Hold(difference, verdicts)
    cut_off_on = facts.preferences.cut_off_on
    if cut_off_on is not None and paid_on < cut_off_on:
        return Skip(Reason.BEFORE_CUT_OFF, verdicts)
    # Push checks twins and the open balance, with the invoice's payments in hand. A payment typed by hand is the usual
    # reason for a balance that is too small, and it then explains more than the balance does.
    return Push(invoice.external_id, facts.amount, currency, paid_on, Reason.ELIGIBLE, verdicts)


# --- payments already synced ---


def _decide_synced(facts: Facts, synced: SyncedPayment) -> Decision:
    """The target has a payment for this allocation: keep it, change it, or take it back."""
    in_its_place = is_in_its_place(facts, synced)
    is_as_wanted = facts.is_wanted and in_its_place and (facts.amount, facts.paid_on) == (synced.amount, synced.paid_on)
    is_in_order = is_as_wanted and synced.finding is None and not synced.harmed and facts.flaw is None
    if facts.left_out is LeftOut.DISMISSED and not is_in_order:
        return Skip(Reason.DISMISSED)
    if synced.harmed:
        return Hold(Reason.TARGET_HARMED)
    if facts.flaw is not None:
        # Whatever this picture lacks may still exist in the source.
        return Hold(facts.flaw)
    if facts.problem is not None and facts.payment_state is PaymentState.LIVE and not facts.removed:
        # We can no longer tell how much money this invoice got, and we change nothing on a guess.
        return Hold(facts.problem)
    if is_as_wanted:
        if synced.finding is not None:
            return Hold(_REASON_OF_FINDING[synced.finding], seen=synced.found)
        return Keep(Reason.SYNCED if synced.ours else Reason.ADOPTED)
    return _first_of(facts, RULES_FOR_CORRECTIONS) or _correct(facts, synced, in_its_place=in_its_place)


def _correct(facts: Facts, synced: SyncedPayment, *, in_its_place: bool) -> Decision:
    if synced.finding in _NOT_THERE and facts.is_wanted and in_its_place:
        # A payment that is gone cannot be corrected.
        return Hold(_REASON_OF_FINDING[synced.finding])
    is_taken_back = facts.left_out is LeftOut.TAKEN_BACK
    if not synced.ours:
        # What a person typed there is not ours to take back either.
        return Keep(Reason.ADOPTED) if is_taken_back and facts.is_paid else Hold(Reason.NOT_OURS_TO_CHANGE)
    if facts.preferences.correction_policy is CorrectionPolicy.HOLD and not is_taken_back:
        return Hold(Reason.CORRECTION_NEEDS_APPROVAL)
    if not facts.is_wanted:
        return Reverse(synced.target_invoice_id, synced.target_payment_id, _why_taken_back(facts))
    if not in_its_place:
        # We first take it back here; after that it is decided again, for the invoice that it belongs on.
        return Reverse(synced.target_invoice_id, synced.target_payment_id, Reason.RELINKED_AFTER_SYNC)
    stop = _first_of(facts, (_currency_known, _date_present, _amount_representable))
    if stop is not None:
        return stop
    if facts.currency is None or facts.paid_on is None:
        raise AssertionError("the correction rules let an incomplete payment through")
    return Adjust(synced.target_invoice_id, synced.target_payment_id, facts.amount, facts.currency, facts.paid_on)


def is_in_its_place(facts: Facts, synced: SyncedPayment) -> bool:
    """Whether the payment is on the invoice that it belongs on."""
    return facts.linked_target_id in (None, synced.target_invoice_id)


def _why_taken_back(facts: Facts) -> Reason:
    match facts.payment_state:
        case PaymentState.VOIDED:
            return Reason.VOIDED_AFTER_SYNC
        case PaymentState.DELETED:
            return Reason.DELETED_AFTER_SYNC
        case PaymentState.LIVE:
            return Reason.TAKING_BACK if facts.is_paid else Reason.MOVED_AFTER_SYNC


# --- the rules, one function each, in their order ---


def _source_connected(facts: Facts) -> Stop | None:
    return None if facts.source_active else Hold(Reason.SOURCE_DISCONNECTED)


def _target_connected(facts: Facts) -> Stop | None:
    if facts.target_refuses_keys:
        return Hold(Reason.TARGET_CREDENTIALS)
    if facts.target_stopped:
        return Hold(Reason.TARGET_STOPPED)
    if facts.writes_stopped:
        return Hold(Reason.WRITES_STOPPED)
    return None if facts.target_active else Hold(Reason.TARGET_DISCONNECTED)


def _switched_on(facts: Facts) -> Stop | None:
    return None if facts.preferences.sync_enabled else Skip(Reason.SWITCHED_OFF)


def _mode_allows_any(facts: Facts) -> Stop | None:
    preferences = facts.preferences
    disabled = preferences.sync_tool_enabled and preferences.sync_mode is SyncMode.DISABLED
    return Skip(Reason.MODE_DISABLED) if disabled else None


def _external(facts: Facts) -> Stop | None:
    return Skip(Reason.OWN_PAYMENT) if facts.is_own else None


def _left_out(facts: Facts) -> Stop | None:
    match facts.left_out:
        case LeftOut.DISMISSED:
            return Skip(Reason.DISMISSED)
        case LeftOut.TAKEN_BACK:
            return Skip(Reason.TAKEN_BACK)
        case None:
            return None


def _whole(facts: Facts) -> Stop | None:
    return Hold(facts.flaw) if facts.flaw is not None else None


def _live(facts: Facts) -> Stop | None:
    match facts.payment_state:
        case PaymentState.VOIDED:
            return Skip(Reason.VOIDED)
        case PaymentState.DELETED:
            return Skip(Reason.DELETED)
        case PaymentState.LIVE:
            return Skip(Reason.REMOVED) if facts.removed else None


def _currency_known(facts: Facts) -> Stop | None:
    return Hold(Reason.CURRENCY_UNKNOWN) if facts.currency is None else None


def _date_present(facts: Facts) -> Stop | None:
    return Hold(Reason.DATE_MISSING) if facts.paid_on is None else None


_SKIPPED_KINDS = {
    AllocationKind.UNAPPLIED: Reason.UNAPPLIED,
    AllocationKind.CREDIT_MEMO: Reason.CREDIT_MEMO,
    AllocationKind.JOURNAL_ENTRY: Reason.JOURNAL_ENTRY,
    AllocationKind.REFUND: Reason.REFUND,
    AllocationKind.OTHER: Reason.OTHER_DOCUMENT,
    AllocationKind.NOTHING: Reason.NOTHING_APPLIED,
}


def _to_an_invoice(facts: Facts) -> Stop | None:
    if facts.problem is Reason.CREDIT_APPLIED:
        return Skip(facts.problem)
    if facts.problem is not None or facts.kind is AllocationKind.UNREADABLE:
        return Hold(facts.problem or Reason.LINE_UNREADABLE)
    skipped = _SKIPPED_KINDS.get(facts.kind)
    return Skip(skipped) if skipped is not None else None


def _amount_representable(facts: Facts) -> Stop | None:
    payable = facts.currency is not None and facts.amount > 0 and fits_currency(facts.amount, facts.currency)
    return None if payable else Hold(Reason.AMOUNT_NOT_REPRESENTABLE)


def _in_the_platform(facts: Facts) -> Stop | None:
    if facts.platform_origin is not None:
        return None
    several = facts.number_ambiguous
    if several is not None:
        return Hold(several.reason, detail=several.detail)
    if facts.preferences.only_synced and not facts.nearly_in_the_platform:
        # The mode, and not the missing record, is what the partner would have to change.
        return Skip(Reason.INVOICE_NOT_SYNCED)
    if not facts.may_be_found:
        return Skip(Reason.INVOICE_UNKNOWN, detail=facts.nearly_in_the_platform)
    cut_off_on = facts.preferences.cut_off_on
    if cut_off_on is not None and facts.paid_on is not None and facts.paid_on < cut_off_on:
        # Years of old payments cost no look: they would not be synced whatever it showed.
        return Skip(Reason.BEFORE_CUT_OFF)
    return None


def _origin_eligible(facts: Facts) -> Stop | None:
    if facts.preferences.only_synced and facts.platform_origin is not InvoiceOrigin.SYNC_TOOL:
        return Skip(Reason.INVOICE_NOT_SYNCED)
    return None


def _exists_in_source(facts: Facts) -> Stop | None:
    gone = facts.source_invoice is None or facts.source_invoice.deleted
    return Hold(Reason.SOURCE_INVOICE_MISSING) if gone else None


Rule = Callable[[Facts], Stop | None]

RULES_FOR_CORRECTIONS: tuple[Rule, ...] = (
    _source_connected,
    _target_connected,
    _switched_on,
    _mode_allows_any,
)
RULES: tuple[Rule, ...] = (
    *RULES_FOR_CORRECTIONS,
    _external,
    _left_out,
    _whole,
    _live,
    _currency_known,
    _date_present,
    _to_an_invoice,
    _amount_representable,
    _in_the_platform,
    _origin_eligible,
    _exists_in_source,
)


def _first_stop(facts: Facts) -> Stop | None:
    return _first_of(facts, RULES)


def _first_of(facts: Facts, rules: tuple[Rule, ...]) -> Stop | None:
    for rule in rules:
        stop = rule(facts)
        if stop is not None:
            return stop
    return None
