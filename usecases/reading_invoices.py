"""One invoice in both systems, read live because a person wants to know whether they agree.

Called by: the Partner Dashboard, the JSON API and the command line.
Does: two calls to the source (three where we do not know the invoice's id there) and two to the target; none of them
changes anything. Calls to the source may be metered, so nobody but a person starts this.
Leaves behind: what both systems said, with the outcome, so that pages and lists can show it without a call.
If one side cannot be read, the other one and what we have stored are shown, and it is said what was not read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from connectors.base import Failure, FailureKind, Got, ReadResult
from domain.breaker import CallKind
from domain.comparing.comparison import Comparison, compare
from domain.comparing.sides import BothSides, NotRead, TargetSide, WhyNotRead
from domain.reasons import Reason
from domain.records import InvoiceStatement, TargetInvoice
from domain.words import Words
from models.comparisons import store_comparison
from models.connections import Connection
from models.invoice_facts import known_parts
from models.locks import lock_organization
from models.organizations import organization_with_connections
from models.secrets import SecretsUnreadable
from models.views.invoice_list import InvoiceRow, invoice_row
from tasks.calls import note_failure, note_unreadable
from tasks.context import Context
from tasks.permits import Permits
from usecases.failure_words import FAILURE_SENTENCES
from usecases.results import Rejected

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InvoiceRead:
    """What both systems said, and what that means."""

    sides: BothSides
    comparison: Comparison


def read_invoice_in_both(context: Context, organization_id: int, invoice_id: int) -> InvoiceRead | Rejected:
    """Reads the invoice in both systems now, compares, and keeps the outcome."""
    with context.database.reading() as session:
        row = invoice_row(session, organization_id, invoice_id)
        if row is None:
            return Rejected("There is no such invoice in your list.")
        _, source, target = organization_with_connections(session, organization_id)
    words = context.words([source, target])
    of_source, reads = _Side(context, source, words).read_source(row)
    source_read_at = context.clock.now()
    of_target = _Side(context, target, words).read_target(row)
    target_read_at = context.clock.now()
    with context.database.reading() as session:
        known = known_parts(session, organization_id, _source_id(row, of_source), _target_id(row, of_target))
    sides = BothSides(of_source, of_target, known, source_read_at, target_read_at, reads)
    comparison = compare(sides)
    _store(context, organization_id, row, sides, comparison)
    return InvoiceRead(sides, comparison)


def _source_id(row: InvoiceRow, side: InvoiceStatement | NotRead) -> str | None:
    return row.source_id if isinstance(side, NotRead) else side.invoice.external_id


def _target_id(row: InvoiceRow, side: TargetSide | NotRead) -> str | None:
    return row.target_id if isinstance(side, NotRead) else side.invoice.external_id


def _store(context: Context, organization_id: int, row: InvoiceRow, sides: BothSides, comparison: Comparison) -> None:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        stored = store_comparison(session, organization_id, row.id, sides, comparison)
    log.info(
        "invoice.compared",
        organization_id=organization_id,
        invoice_id=row.id,
        outcome=comparison.compared_as.value,
        reads=sides.reads,
        stored=stored,
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """The calls to one system, each only if the connection may be called."""

    context: Context
    connection: Connection | None
    words: Words

    def read_source(self, row: InvoiceRow) -> tuple[InvoiceStatement | NotRead, int]:
        """The source's side, and how many calls it took."""
        connection = self.connection
        if connection is None or not connection.is_active:
            return NotRead(WhyNotRead.NOT_CONNECTED), 0
        context, invoice_id, reads = self.context, row.source_id, 0
        if invoice_id is None:
            numbered = self._ask(CallKind.INGEST, lambda: context.source(connection).find_invoices(row.number))
            if isinstance(numbered, NotRead):
                return numbered, 0
            reads, alive = 1, [one for one in numbered if not one.deleted]
            if len(alive) != 1:
                return NotRead(WhyNotRead.AMBIGUOUS if alive else WhyNotRead.NOT_FOUND), reads
            invoice_id = alive[0].external_id
        there = invoice_id
        statement = self._ask(CallKind.INGEST, lambda: context.source(connection).read_statement(there))
        if isinstance(statement, NotRead):
            return statement, reads + (statement.why is WhyNotRead.GONE)
        return statement, reads + statement.reads

    def read_target(self, row: InvoiceRow) -> TargetSide | NotRead:
        connection = self.connection
        if connection is None or not connection.is_active:
            return NotRead(WhyNotRead.NOT_CONNECTED)
        invoice = self._find(connection, row)
        if isinstance(invoice, NotRead):
            return invoice
        target = self.context.target
        payments = self._ask(CallKind.LOOK, lambda: target(connection).list_payments(invoice.external_id))
        return payments if isinstance(payments, NotRead) else TargetSide(invoice, payments)

    def _find(self, connection: Connection, row: InvoiceRow) -> TargetInvoice | NotRead:
        ids, numbers = ((row.target_id,), ()) if row.target_id is not None else ((), (row.number,))
        target = self.context.target
        found = self._ask(CallKind.FIND, lambda: target(connection).find_invoices(ids, numbers))
        if isinstance(found, NotRead):
            return found
        refused = [*found.refused_ids.values(), *found.refused_numbers.values()]
        if refused or found.unread_ids or found.unread_numbers:
            return NotRead(WhyNotRead.NO_ANSWER, refused[0] if refused else "")
        fitting = [one for one in found.invoices if row.target_id is not None or one.number == row.number]
        if not fitting:
            return NotRead(WhyNotRead.NOT_FOUND if row.target_id is None else WhyNotRead.GONE)
        if len(fitting) > 1:
            return NotRead(WhyNotRead.AMBIGUOUS)
        return fitting[0] if fitting[0].payable else NotRead(WhyNotRead.NO_AMOUNTS)

    def _ask(self, kind: CallKind, call: Callable[[], ReadResult[T]]) -> T | NotRead:
        """Makes one call if it may be made now. What a failure means for the connection holds for the workers too."""
        context, connection = self.context, self.connection
        assert connection is not None
        with context.database.reading() as session:
            permits = Permits.read(context, session, connection.id)
        if not permits.begin(kind):
            return NotRead(WhyNotRead.PAUSED)
        try:
            result = call()
        except SecretsUnreadable as error:
            note_unreadable(context, error)
            return NotRead(WhyNotRead.NO_ANSWER, self.words.sentence(Reason.SECRETS_UNREADABLE))
        match result:
            case Got(value):
                permits.note_success(kind)
                return value
            case Failure(FailureKind.NOT_FOUND):
                # It answered; what it does not have is this invoice.
                permits.note_success(kind)
                return NotRead(WhyNotRead.GONE)
            case Failure(failure_kind):
                if failure_kind is not FailureKind.REFUSED:
                    note_failure(context, connection, result, kind)
                return NotRead(WhyNotRead.NO_ANSWER, FAILURE_SENTENCES[failure_kind])
