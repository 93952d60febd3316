"""Adding one invoice by its number: both systems are asked, and a person confirms what they show.

Called by: the Partner Dashboard and the JSON API.
Does: one call to each system, which changes nothing. Adding asks both once more, and stores the invoice with both ids.
Leaves behind: the platform's record of the invoice; the payments on it are decided again. Adding it twice changes
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from connectors.base import Failure, FailureKind, ReadResult
from domain.activity import ActivityKind
from domain.breaker import CallKind
from domain.match.comparison import compare_invoices, first_difference
from domain.match.decisions import Verdict
from domain.preferences import InvoiceOrigin
from domain.reasons import Reason
from domain.records import SourceInvoice, TargetInvoice
from domain.words import Words
from models.connections import Connection
from models.invoice_store import InvoiceRow, store_invoices
from models.invoices import CUSTOMER_CHARACTERS_MAX, Invoice, invoices_with_ids
from models.organizations import organization_with_connections
from models.payments import match_documents_again
from tasks.calls import note_failure
from tasks.context import Context, Step
from tasks.new_facts import hold_steps
from tasks.permits import Permits
from usecases.activity import note
from usecases.failure_words import FAILURE_SENTENCES
from usecases.results import Rejected

log = structlog.get_logger()

NUMBER_CHARACTERS_MAX = 50
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InvoiceShown:
    """What both systems show under one number.

    Attributes:
        source, target: the only invoice with this number there; None if there is none, or more than one.
        verdicts: the comparison field by field, if there is one in each.
        problem: why it cannot be added, as a sentence; "" if it can.
    """

    number: str
    source: SourceInvoice | None
    target: TargetInvoice | None
    verdicts: tuple[Verdict, ...]
    problem: str


def look_up_invoice(context: Context, organization_id: int, number: str) -> InvoiceShown | Rejected:
    """Asks both systems for the invoice with exactly this number."""
    number = number.strip()
    if not 0 < len(number) <= NUMBER_CHARACTERS_MAX or not number.isprintable():
        return Rejected(f"Enter an invoice number of at most {NUMBER_CHARACTERS_MAX} characters.")
    with context.database.reading() as session:
        _, source, target = organization_with_connections(session, organization_id)
    words = context.words([source, target])
    if source is None or not source.is_active:
        return Rejected(f"{words.source} is not connected. Connect it under Integrations.")
    if target is None or not target.is_active:
        return Rejected(f"{words.target} is not connected. Connect it under Integrations.")
    in_source = _ask(
        context, source, words.source, CallKind.INGEST, lambda: context.source(source).find_invoices(number)
    )
    if isinstance(in_source, Rejected):
        return in_source
    in_target = _ask(
        context, target, words.target, CallKind.FIND, lambda: context.target(target).find_invoices((), {number})
    )
    if isinstance(in_target, Rejected):
        return in_target
    if in_target.unread_numbers:
        return Rejected(f"{words.target} did not answer when asked for this number. Try again in a minute.")
    if in_target.refused_numbers:
        return Rejected(f"{words.target} refuses to look up this number: {in_target.refused_numbers[number]}")
    alive = tuple(one for one in in_source if not one.deleted)
    exact = tuple(one for one in in_target.invoices if one.number == number)
    return _shown(context, organization_id, number, words, alive, exact)


def add_invoice(
    context: Context, organization_id: int, number: str, source_id: str, target_id: str
) -> InvoiceShown | Rejected:
    """Adds the invoice that a person has seen, if both systems still show exactly these two."""
    shown = look_up_invoice(context, organization_id, number)
    if isinstance(shown, Rejected):
        return shown
    source, target = shown.source, shown.target
    if shown.problem or source is None or target is None:
        return Rejected(shown.problem)
    if (source.external_id, target.external_id) != (source_id, target_id):
        return Rejected("The invoices have changed since you looked at them. Look them up again.")
    row = InvoiceRow(
        number=shown.number,
        origin=InvoiceOrigin.PARTNER_DASHBOARD.value,
        source_id=source_id,
        target_id=target_id,
        total=source.total,
        currency=source.currency or target.currency or "",
        customer=source.customer_name[:CUSTOMER_CHARACTERS_MAX],
    )
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, organization_id)
        store_invoices(session, organization_id, [row], now)
        match_documents_again(session, organization_id, {source_id}, now)
        note(context, session, organization_id, ActivityKind.INVOICE_ADDED, about=f"Invoice {shown.number}")
    log.info("invoice.added", organization_id=organization_id, source_id=source_id, target_id=target_id)
    context.nudge(Step.MATCH, organization_id)
    return shown


def _ask(
    context: Context, connection: Connection, name: str, kind: CallKind, call: Callable[[], ReadResult[T]]
) -> T | Rejected:
    with context.database.reading() as session:
        permits = Permits.read(context, session, connection.id)
    if not permits.begin(kind):
        return Rejected(f"Calls to {name} are paused right now. Try again in a minute.")
    result = call()
    if not isinstance(result, Failure):
        permits.note_success(kind)
        return result.value
    if result.kind is not FailureKind.REFUSED:
        # What it refuses is this number; everything else is about the connection, and holds for the workers as well.
        note_failure(context, connection, result, kind)
    return Rejected(f"{name} did not answer. {FAILURE_SENTENCES[result.kind]} Try again in a minute.")


def _shown(
    context: Context,
    organization_id: int,
    number: str,
    words: Words,
    in_source: tuple[SourceInvoice, ...],
    in_target: tuple[TargetInvoice, ...],
) -> InvoiceShown:
    source = in_source[0] if len(in_source) == 1 else None
    target = in_target[0] if len(in_target) == 1 else None
    if source is None or target is None:
        problem = " ".join(
            _how_many(len(found), name, number)
            for found, name in ((in_source, words.source), (in_target, words.target))
            if len(found) != 1
        )
        return InvoiceShown(number, source, target, (), problem)
    verdicts = compare_invoices(source, target, payment_currency=source.currency or target.currency or "")
    with context.database.reading() as session:
        known = invoices_with_ids(session, organization_id, [source.external_id], [target.external_id])
    difference = first_difference(verdicts)
    problem = _problem_with(known, source, target)
    if not problem and not target.payable:
        problem = words.sentence(Reason.TARGET_INVOICE_NOT_PAYABLE)
    if not problem and difference is not None:
        problem = f"{words.sentence(difference)} Correct it in one of the systems, and look the invoice up again."
    return InvoiceShown(number, source, target, verdicts, problem)


def _how_many(count: int, name: str, number: str) -> str:
    if not count:
        return f"{name} shows no invoice with exactly the number {number}."
    return f"{name} has {count} invoices with the number {number}, so we cannot tell which one you mean."


def _problem_with(known: Sequence[Invoice], source: SourceInvoice, target: TargetInvoice) -> str:
    for record in known:
        if (record.source_id, record.target_id) == (source.external_id, target.external_id):
            return "This invoice is already in your list."
        if record.source_id not in (None, source.external_id):
            return f"This invoice is already linked to another one in your list: {record.number}."
    return ""
