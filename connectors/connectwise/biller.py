"""ConnectWise PSA as the biller: invoices that wait for the books, what goes into the books, and what marks it as done.

An invoice counts as copied, for every tool, once an accounting batch holds its general ledger entries. Making and
removing a batch are the only writes here; the outcome rules are those of the target.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult, Refused, Removed, Unknown
from connectors.budget import in_one_question
from connectors.connectwise import batches, wire
from connectors.connectwise.client import THROTTLE_WAIT, Client
from connectors.connectwise.closed import closed_page
from connectors.connectwise.export import Export, entry_ids_in, export_in, question
from connectors.connectwise.lists import NO_LIST, PAGE_SIZE, TOO_MANY, quoted, read_list
from connectors.connectwise.outcomes import NOT_ABOUT_THE_RECORD, not_done
from connectors.connectwise.unposted import FIELDS, unposted_in
from connectors.copying import Batched, BatchOutcome, BilledPage, DetailsRead, NotDone, UnbatchOutcome
from connectors.http import Answer
from connectors.outcomes import not_even_sent
from domain.copying.billed import Batch, LedgerEntry

# An invoice of a hundred lines is about 6,000 values of JSON, and an answer may have 500,000.
INVOICES_PER_EXPORT = 50
# It takes seven calls to find the one of 50 invoices on which an export breaks.
EXPORTS_MAX = 12
# Begins the place of a page in the list of closed invoices, which stands in for that of unposted ones.
_CLOSED = "closed:"
_UNPOSTED = "/finance/accounting/unpostedinvoices"
_EXPORT = "/finance/accounting/export"
_BATCHES = "/finance/accounting/batches"
_OK, _CREATED, _NO_CONTENT, _NOT_FOUND = 200, 201, 204, 404
# Statuses with which ConnectWise refuses what a body says.
_ABOUT_THE_BODY = frozenset({400, 409, 422})


@dataclass(slots=True)
class _Exports:
    """What the exports have told so far."""

    merged: Export = field(default_factory=Export)
    answered: set[str] = field(default_factory=set)
    # Invoices on which an export breaks even if it is asked for nothing else, with the failure.
    suspects: dict[str, Failure] = field(default_factory=dict)
    failure: Failure | None = None


class ConnectWiseBiller:
    def __init__(self, client: Client) -> None:
        self._client = client

    def one_question(self) -> AbstractContextManager[None]:
        return self._client.one_question()

    @in_one_question
    def list_unposted(self, after: str | None = None) -> ReadResult[BilledPage]:
        """A page begins after the last id of the page before: page numbers would skip one for each that is batched."""
        if after is not None and after.startswith(_CLOSED):
            return self._closed(int(after.removeprefix(_CLOSED)))
        last = int(after) if after else 0
        parameters = {
            "conditions": f"id > {last}",
            "fields": FIELDS,
            "orderBy": "id asc",
            "pageSize": str(PAGE_SIZE),
        }
        page = self._client.read_page(_UNPOSTED, parameters, route="accounting/unpostedinvoices")
        if isinstance(page, Failure) and page.kind is FailureKind.NOT_FOUND:
            # This version has no such list.
            return self._closed(0)
        if isinstance(page, Failure):
            return _missing_right(page, "Inquire All")
        records = page.value.value
        if not isinstance(records, list):
            return Failure(FailureKind.UNAVAILABLE, NO_LIST)
        if len(records) > PAGE_SIZE:
            return Failure(FailureKind.UNAVAILABLE, TOO_MANY)
        found = unposted_in(records)
        if any(one >= other for one, other in zip((last, *found.ids), found.ids, strict=False)):
            # Going on from the last id would lose invoices without a word.
            return Failure(FailureKind.UNAVAILABLE, "the unposted invoices are not in the order of their ids")
        if not (records and page.value.may_go_on(len(records))):
            return Got(BilledPage(found.invoices, None, found.unreadable))
        if not found.ids:
            return Failure(FailureKind.UNAVAILABLE, "none of the unposted invoices says its id")
        return Got(BilledPage(found.invoices, str(found.ids[-1]), found.unreadable))

    def _closed(self, after: int) -> ReadResult[BilledPage]:
        page = closed_page(self._client, after)
        if isinstance(page, Failure) or page.value.next_after is None:
            return page
        return Got(replace(page.value, next_after=_CLOSED + page.value.next_after))

    @in_one_question
    def read_details(self, invoice_ids: Collection[str]) -> ReadResult[DetailsRead]:
        numbers = {one for one in invoice_ids if wire.record_id(one) == one}
        # What is no record number is in no export.
        strange = frozenset(invoice_ids) - numbers
        exports = self._exports_of(sorted(numbers, key=int))
        unreadable = exports.merged.unreadable
        absent = exports.answered - exports.merged.details.keys() - unreadable.keys()
        unread = numbers - exports.answered - unreadable.keys()
        failure = exports.failure
        if failure is not None and not (exports.answered or strange):
            return failure
        return Got(
            DetailsRead(
                details=tuple(exports.merged.details.values()),
                absent_ids=frozenset(absent) | strange,
                unreadable=tuple(unreadable.items()),
                unread_ids=frozenset(unread),
                failure=failure,
            )
        )

    def _exports_of(self, ids: list[str]) -> _Exports:
        """Exports many invoices in one call, and in halves those on which ConnectWise breaks."""
        exports = _Exports()
        waiting = [ids[start : start + INVOICES_PER_EXPORT] for start in range(0, len(ids), INVOICES_PER_EXPORT)]
        for _ in range(EXPORTS_MAX):
            if not waiting:
                break
            some = waiting.pop(0)
            answer = self._export(some)
            if not isinstance(answer, Failure):
                exports.answered.update(some)
                exports.merged.details |= answer.value.details
                exports.merged.unreadable |= answer.value.unreadable
            elif not answer.may_be_about_one_value:
                exports.failure = answer
                break
            elif len(some) == 1:
                exports.suspects[some[0]] = answer
            else:
                middle = len(some) // 2
                waiting[:0] = [some[:middle], some[middle:]]
        if exports.suspects and exports.failure is None:
            self._blame(exports)
        return exports

    def _blame(self, exports: _Exports) -> None:
        """Calls the suspects unreadable if another invoice can be exported now; else ConnectWise itself is not well.

        That one was exported before proves nothing: a server may have begun to fail since.
        """
        probe = self._export([next(iter(exports.answered))]) if exports.answered else None
        if isinstance(probe, Got):
            exports.merged.unreadable |= {one: failure.detail for one, failure in exports.suspects.items()}
        else:
            exports.failure = probe or next(iter(exports.suspects.values()))

    def _export(self, ids: Sequence[str]) -> ReadResult[Export]:
        answer = self._client.ask(_EXPORT, question(ids), route="accounting/export")
        if isinstance(answer, Failure):
            return _missing_right(answer, "Inquire All")
        export = export_in(answer.value, frozenset(ids))
        if export is None:
            return Failure(FailureKind.UNAVAILABLE, "the answer is not an export")
        if export.nameless:
            lost = "the export has an invoice without an id, which may be this one"
            found = export.details.keys() | export.unreadable.keys()
            export.unreadable |= {one: lost for one in ids if one not in found}
        return Got(export)

    @in_one_question
    def list_entries(self, invoice_id: str) -> ReadResult[tuple[LedgerEntry, ...]]:
        number = wire.record_id(invoice_id)
        if number is None:
            return _no_record(invoice_id)
        path = f"/finance/invoices/{number}/glEntries"
        result = read_list(self._client, path, {"pageSize": str(PAGE_SIZE)}, "glEntries", batches.entry_from)
        if isinstance(result, Failure):
            return _missing_right(result, "Inquire All")
        entries = tuple(one for one in result.value if one is not None)
        if len(entries) < len(result.value):
            # The unreadable one may be in a batch of somebody else.
            return Failure(FailureKind.UNAVAILABLE, "a general ledger entry of the invoice cannot be read")
        return Got(entries)

    @in_one_question
    def find_batch(self, identifier: str) -> ReadResult[Batch | None]:
        if '"' in identifier:
            return Failure(FailureKind.REFUSED, "a batch with a quotation mark in its name cannot be looked for")
        found = self._batches_where(f"batchIdentifier={quoted(identifier)}")
        if isinstance(found, Failure):
            return found
        # ConnectWise ignores letter case and blanks at the end.
        exact = [one for one in found.value if one.identifier == identifier]
        if len(exact) > 1:
            return Failure(FailureKind.REFUSED, f"ConnectWise has {len(exact)} batches with this identifier")
        return Got(exact[0] if exact else None)

    def _batches_where(self, condition: str) -> ReadResult[list[Batch]]:
        parameters = {"conditions": condition, "fields": batches.BATCH_FIELDS, "pageSize": str(PAGE_SIZE)}
        result = read_list(self._client, _BATCHES, parameters, "accounting/batches", batches.batch_from)
        if isinstance(result, Failure):
            return _missing_right(result, "Inquire All")
        found = [one for one in result.value if one is not None]
        if len(found) < len(result.value):
            return Failure(FailureKind.UNAVAILABLE, "a batch cannot be read, which may be the one we look for")
        return Got(found)

    @in_one_question
    def list_batch_invoices(self, batch_id: str) -> ReadResult[frozenset[str]]:
        number = wire.record_id(batch_id)
        if number is None:
            return _no_record(batch_id)
        path = f"{_BATCHES}/{number}/entries"
        result = read_list(
            self._client, path, {"pageSize": str(PAGE_SIZE)}, "accounting/batches/{id}/entries", batches.invoice_of
        )
        if isinstance(result, Failure):
            return _missing_right(result, "Inquire All")
        if None in result.value:
            return Failure(FailureKind.UNAVAILABLE, "an entry of the batch names an invoice that cannot be read")
        return Got(frozenset(one for one in result.value if one))

    @in_one_question
    def make_batch(self, identifier: str, entry_ids: Collection[str]) -> BatchOutcome:
        unusable = batches.why_unusable(identifier, entry_ids)
        if unusable is not None:
            return Refused(FailureKind.REFUSED, unusable)
        body = batches.batch_body(identifier, entry_ids)
        exchange = self._client.write("POST", _BATCHES, body, route="accounting/batches")
        if not isinstance(exchange, Answer):
            return not_done(self._client, exchange)
        if exchange.status in (_OK, _CREATED):
            return _batched_in(exchange, identifier, entry_ids)
        if exchange.status == _NOT_FOUND:
            return self._no_proof(exchange, self.find_batch(identifier))
        if exchange.status in _ABOUT_THE_BODY:
            refusal = batches.refusal_in(exchange.json(), self._client.failure_of(exchange).detail)
            if refusal is not None:
                return refusal
        return _without_right(not_done(self._client, exchange), "Add All, Edit All")

    @in_one_question
    def remove_batch(self, batch_id: str) -> UnbatchOutcome:
        number = wire.record_id(batch_id)
        if number is None:
            return Refused(FailureKind.NOT_FOUND, _no_record(batch_id).detail)
        path = f"{_BATCHES}/{number}"
        exchange = self._client.write("DELETE", path, None, route="accounting/batches/{id}")
        if isinstance(exchange, Answer) and exchange.status == _NO_CONTENT:
            return Removed()
        if isinstance(exchange, Answer) and exchange.status == _NOT_FOUND:
            # Refused keys and an API that has moved are answered with 404 too. Only a list of batches without this one
            # proves that it is gone, and then it does not matter who removed it: a batch that is not there holds
            # nothing, and ConnectWise gives its id to no other batch.
            look = self._batches_where(f"id={number}")
            is_gone = isinstance(look, Got) and all(one.external_id != number for one in look.value)
            return Removed() if is_gone else self._no_proof(exchange, look)
        return _without_right(not_done(self._client, exchange), "Delete All")

    def _no_proof(self, exchange: Answer, look: ReadResult[Any]) -> NotDone:
        """The outcome of a write that got a 404, after a look that does not prove what it means.

        Nothing was done; Unknown allows another send, and only after another look.
        """
        if isinstance(look, Failure) and look.kind in NOT_ABOUT_THE_RECORD:
            return not_even_sent(look, THROTTLE_WAIT)
        return Unknown(self._client.failure_of(exchange).detail)


def _batched_in(answer: Answer, identifier: str, entry_ids: Collection[str]) -> Batched | Unknown:
    """The outcome of a success. Where a part is in another batch already, ConnectWise may take the rest of them."""
    taken = entry_ids_in(answer.json())
    if taken is None:
        return Unknown(f"HTTP {answer.status} without a readable export")
    left = {wire.record_id(one) for one in entry_ids} - taken
    if left:
        return Unknown(
            f"HTTP {answer.status}, but the answer does not name {len(left)} of the {len(entry_ids)} entries"
        )
    return Batched(identifier)


def _missing_right(failure: Failure, right: str) -> Failure:
    if failure.kind is not FailureKind.FORBIDDEN:
        return failure
    return Failure(failure.kind, f"{_lacks(right)}; {failure.detail}", failure.retry_after)


def _without_right(outcome: NotDone, right: str) -> NotDone:
    if isinstance(outcome, Refused) and outcome.kind is FailureKind.FORBIDDEN:
        return Refused(outcome.kind, f"{_lacks(right)}; {outcome.detail}")
    return outcome


def _lacks(right: str) -> str:
    return f"the API member's security role lacks Finance > Accounting Interface: {right}"


def _no_record(identity: str) -> Failure:
    return Failure(FailureKind.NOT_FOUND, f"'{identity}' is not a record number")
