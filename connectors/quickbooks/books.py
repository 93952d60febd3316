"""QuickBooks Online as the books of the Sync Tool: its rules and lists, its invoices, and the only writes to it."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult, Refused, Removed, Unknown
from connectors.copying import Booked, BookOutcome, CustomerMade, CustomerOutcome, UnbookOutcome
from connectors.http import Exchange
from connectors.outcomes import not_even_sent
from connectors.quickbooks import drafts, lists, parties
from connectors.quickbooks.asking import NOT_WHAT_WE_ASKED_FOR, Question, ask_all, ask_with
from connectors.quickbooks.client import Client
from connectors.quickbooks.faults import THROTTLE_WAIT
from connectors.quickbooks.outcomes import (
    CUSTOMER_REFUSALS,
    INVOICE_REFUSALS,
    REMOVAL_REFUSALS,
    content_of,
    not_done,
)
from connectors.quickbooks.wire import booked_from
from domain.copying.booked import BookedInvoice, BooksRules, DraftInvoice, Item, NamedParty, NameOwner, TaxCode

_DELETED = "Deleted"


class QuickBooksBooks:
    def __init__(self, client: Client) -> None:
        self._client = client

    def keeping(self, keep: Callable[[], None]) -> "QuickBooksBooks":
        """The same books for one step of work, as for a source."""
        return QuickBooksBooks(self._client.keeping(keep))

    # --- rules and lists ---

    def read_rules(self) -> ReadResult[BooksRules]:
        result = self._client.preferences()
        if isinstance(result, Failure):
            return result
        preferences = lists.preferences_from(result.value)
        if preferences is None:
            return NOT_WHAT_WE_ASKED_FOR
        if not preferences.depends_on_country:
            return Got(lists.rules_from(preferences, country=""))
        info = self._client.company_info()
        if isinstance(info, Failure):
            return info
        country = lists.country_from(info.value)
        return Got(lists.rules_from(preferences, country)) if country else NOT_WHAT_WE_ASKED_FOR

    def list_items(self) -> ReadResult[tuple[Item, ...]]:
        result = ask_all(self._client, Question("Item", order="Name"))
        if isinstance(result, Failure):
            return result
        items = [item for item in map(lists.item_from, result.value) if item is not None and item.active]
        return Got(tuple(sorted(items, key=lambda item: (item.name.casefold(), item.external_id))))

    def list_tax_codes(self) -> ReadResult[tuple[TaxCode, ...]]:
        # Nobody has a second page of them, so they need no order, which Intuit does not document for them.
        result = ask_all(self._client, Question("TaxCode", order=""))
        if isinstance(result, Failure):
            return result
        codes = [code for code in map(lists.tax_code_from, result.value) if code is not None and code.active]
        return Got(tuple(sorted(codes, key=lambda code: (code.name.casefold(), code.external_id))))

    # --- customers ---

    def find_parties(self, names: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
        return parties.find_parties(self._client, names)

    def read_customers(self, ids: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
        return parties.read_customers(self._client, ids)

    def create_customer(self, name: str, currency: str | None, request_id: str) -> CustomerOutcome:
        exchange = self._client.write("customer", drafts.customer_body(name, currency), request_id)
        content = content_of(exchange, "Customer", self._client.now())
        customer = lists.party_from(content, NameOwner.CUSTOMER)
        return CustomerMade(customer) if customer else not_done(exchange, self._client.now(), CUSTOMER_REFUSALS)

    # --- invoices ---

    def find_by_numbers(self, numbers: Collection[str]) -> ReadResult[tuple[BookedInvoice, ...]]:
        wanted = {number for number in numbers if number}
        result = ask_with(self._client, Question("Invoice", "DocNumber"), wanted)
        read = result if isinstance(result, Failure) else _booked(result.value)
        if isinstance(read, Failure):
            return read
        return Got(tuple(invoice for invoice in read.value if invoice.number in wanted))

    def read_booked(self, ids: Collection[str]) -> ReadResult[tuple[BookedInvoice, ...]]:
        result = ask_with(self._client, Question("Invoice"), ids)
        return result if isinstance(result, Failure) else _booked(result.value)

    def create_invoice(self, draft: DraftInvoice, request_id: str) -> BookOutcome:
        return self._booked(self._client.write("invoice", drafts.invoice_body(draft), request_id))

    def change_invoice(self, invoice_id: str, version: int, draft: DraftInvoice, request_id: str) -> BookOutcome:
        return self._booked(self._client.write("invoice", drafts.change_body(invoice_id, version, draft), request_id))

    def remove_invoice(self, invoice_id: str, version: int, request_id: str) -> UnbookOutcome:
        body = drafts.removal_body(invoice_id, version)
        exchange = self._client.write("invoice", body, request_id, operation="delete")
        content = content_of(exchange, "Invoice", self._client.now())
        if content is not None and content.get("status") == _DELETED and str(content.get("Id")) == invoice_id:
            return Removed()
        outcome = not_done(exchange, self._client.now(), REMOVAL_REFUSALS)
        is_gone = isinstance(outcome, Refused) and outcome.kind is FailureKind.NOT_FOUND
        return self._not_found(invoice_id, outcome) if is_gone else outcome

    def _not_found(self, invoice_id: str, refused: UnbookOutcome) -> UnbookOutcome:
        """The outcome after fault 610, which has two meanings: the invoice is gone, or something on it is inactive.

        Only a read of the invoice that gets 610 as well proves that it is gone, as a read involves nothing else. If we
        took an invoice for gone that is still there, the next copy would make a second one.
        """
        look = self._client.entity("invoice", invoice_id)
        match look:
            case Failure(FailureKind.NOT_FOUND):
                return Removed()
            case Failure(FailureKind.UNAVAILABLE | FailureKind.REFUSED):
                # Nothing was done; Unknown allows another send, and only after another look.
                return Unknown(look.detail)
            case Failure():
                # It says something about the connection; the deletion itself was refused.
                return not_even_sent(look, THROTTLE_WAIT)
            case _:
                return refused

    def _booked(self, exchange: Exchange | Failure) -> BookOutcome:
        """The invoice as QuickBooks answered: it computes total and tax itself, so the caller compares them.

        A repeated request id brings the first answer, even if the invoice has been changed or deleted since.
        """
        invoice = booked_from(content_of(exchange, "Invoice", self._client.now()))
        return Booked(invoice) if invoice else not_done(exchange, self._client.now(), INVOICE_REFUSALS)


def _booked(objects: Iterable[Any]) -> ReadResult[tuple[BookedInvoice, ...]]:
    invoices = [booked_from(one) for one in objects]
    read = tuple(invoice for invoice in invoices if invoice is not None)
    if len(read) < len(invoices):
        # The unreadable one may be the very invoice that we look for, so an answer without it is no answer.
        return Failure(FailureKind.UNAVAILABLE, "an invoice in the answer cannot be read")
    return Got(read)
