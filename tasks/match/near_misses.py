"""Looks for invoices with nearly the number that was not found. Only informs a person; nothing acts on it.

Called by: match, once for each batch, after the look at the target.
Does: at most one more request for all missing numbers. If it fails, they simply count as missing: the rest of the
batch does not wait for a hint.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from connectors.base import Failure, FailureKind
from domain.breaker import CallKind
from domain.match.eligibility import decide_early
from domain.match.facts import NearlyFound, NotFound, TargetLookup
from domain.match.near_numbers import NearNumber, by_core, link_not_shown, told
from domain.records import TargetInvoice
from models.connections import Connection
from models.invoices import Invoice, owners_of
from tasks.calls import begin_call, note_failure
from tasks.context import Context
from tasks.match.facts import Case
from tasks.match.lookups import Lookups

log = structlog.get_logger()

# These failures say nothing about the connection, and match's own look has just succeeded: a hint must not pause it.
_ABOUT_THE_QUESTION = frozenset({FailureKind.REFUSED, FailureKind.NOT_FOUND, FailureKind.UNAVAILABLE})

LookedUp = Sequence[tuple[Case, TargetLookup]]


def look_nearby(
    context: Context, target: Connection | None, lookups: Lookups, looked_up: LookedUp
) -> list[tuple[Case, TargetLookup]]:
    """The same list, with hints for the invoices that were not found."""
    missing = [case for case, lookup in looked_up if _is_missing(case, lookup)]
    numbers = {case.number for case in missing if case.number}
    if target is None or not missing:
        return list(looked_up)
    # A target that ignores letter case or blanks has already shown some.
    shown = {one.external_id: one for some in lookups.by_number.values() for one in some}
    shown |= {one.external_id: one for one in _find_nearby(context, target, numbers)}
    nearly = by_core(shown.values(), lambda one: one.number)
    near = {number: nearly(number) for number in numbers}
    found = {one.external_id for some in near.values() for one in some}
    owners: Mapping[str, Sequence[Invoice]] = {}
    if found:
        with context.database.reading() as session:
            owners = owners_of(session, target.organization_id, found)
    name = context.words([target]).target
    return [
        (case, _explained(name, case, lookup, near.get(case.number, ()), owners))
        if isinstance(lookup, NotFound) and _is_missing(case, lookup)
        else (case, lookup)
        for case, lookup in looked_up
    ]


def _is_missing(case: Case, lookup: TargetLookup) -> bool:
    return isinstance(lookup, NotFound) and decide_early(case.facts) is None


def _find_nearby(context: Context, target: Connection, numbers: Collection[str]) -> Iterable[TargetInvoice]:
    if not numbers or not begin_call(context, target.id, CallKind.FIND):
        return ()
    result = context.target(target).find_nearby(numbers)
    if not isinstance(result, Failure):
        return result.value
    log.info("match.nearby_failed", connection_id=target.id, kind=result.kind.value, detail=result.detail)
    if result.kind not in _ABOUT_THE_QUESTION:
        note_failure(context, target, result, CallKind.FIND)
    return ()


def _explained(
    name: str, case: Case, missing: NotFound, near: Iterable[TargetInvoice], owners: Mapping[str, Sequence[Invoice]]
) -> NotFound | NearlyFound:
    rejected = [
        NearNumber(one.number, f"id {one.external_id}", _why_not(case, one, owners.get(one.external_id, ())))
        for one in sorted(near, key=lambda one: (one.number, one.external_id))
    ]
    # Invoices that a person can make the right one come first.
    rejected.sort(key=lambda one: bool(one.why_not))
    seen = f"{name} has {told(case.number, rejected)}" if rejected else ""
    if missing.linked_id:
        return replace(missing, detail="; ".join(filter(None, (link_not_shown(missing.linked_id), seen))))
    if any(not one.why_not for one in rejected):
        return NearlyFound(seen)
    return replace(missing, detail=seen)


def _why_not(case: Case, found: TargetInvoice, owners: Sequence[Invoice]) -> str:
    if not found.payable:
        return "cannot take a payment"
    others = [owner for owner in owners if case.invoice is None or owner.id != case.invoice.id]
    return f"linked to invoice {others[0].number}" if others else ""
