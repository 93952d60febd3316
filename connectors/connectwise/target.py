"""ConnectWise PSA as a target: finds invoices, lists their payments, and makes the only writes of payments.

The outcome rules (ConnectWise has no idempotency key): 201 created; no connection, 429 and other 4xx not created;
everything else is unknown, even a 2xx that is unexpected or unreadable.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from connectors.base import (
    Changed,
    Conflict,
    Created,
    Failure,
    FailureKind,
    Got,
    InvoicesFound,
    ReadResult,
    Refused,
    Removed,
    Unknown,
    WriteOutcome,
)
from connectors.budget import in_one_question
from connectors.connectwise import nearby, versions, wire
from connectors.connectwise.client import INFORMATION_PATH, THROTTLE_WAIT, Client
from connectors.connectwise.lists import NO_LIST, PAGE_SIZE, read_list, records_in
from connectors.connectwise.outcomes import NOT_ABOUT_THE_RECORD, not_done
from connectors.connectwise.searching import Search, search
from connectors.connectwise.wanted import (
    CONDITION_CHARACTERS_MAX,
    NEUTRAL_NUMBER,
    NO_INVOICE,
    id_condition,
    lists_of_ids,
    lists_of_numbers,
    number_condition,
)
from connectors.foreign_text import NAME_CHARACTERS_MAX, cleaned
from connectors.http import Answer, Exchange, Limited, NeverSent, NoAnswer
from connectors.outcomes import not_even_sent
from domain.records import TargetInvoice, TargetPayment

# The rights that payment integrations ask for (Finance > Invoicing); creating a payment is an edit of the invoice.
_WRITE_RIGHTS = {"POST": "Edit All", "DELETE": "Delete All"}
_CREATED, _OK, _NO_CONTENT, _BAD_REQUEST, _NOT_FOUND, _CONFLICT = 201, 200, 204, 400, 404, 409


class ConnectWiseTarget:
    def __init__(
        self,
        client: Client,
        default_currency: str | None,
        payment_hour_utc: int,
        payment_type: str = wire.PAYMENT_TYPE,
    ) -> None:
        self._client = client
        self._default_currency = default_currency
        self._payment_hour_utc = payment_hour_utc
        self._payment_type = payment_type

    def one_question(self) -> AbstractContextManager[None]:
        return self._client.one_question()

    def check(self) -> ReadResult[str]:
        """Checks credentials, clientId, version and each permission that we need, without touching any record."""
        result = self._client.read(INFORMATION_PATH, route="system/info")
        if isinstance(result, Failure):
            return result
        invoices = self._client.read("/finance/invoices", {"pageSize": "1", "fields": "id"}, route="invoices")
        if isinstance(invoices, Failure):
            return _missing_right(invoices, "Inquire All")
        for method, right in _WRITE_RIGHTS.items():
            refused = self._may_not(method)
            if refused is not None:
                return _missing_right(refused, right)
        told = str(result.value.get("version") or "") if isinstance(result.value, dict) else ""
        version = cleaned(told, NAME_CHARACTERS_MAX)
        return Got(f"ConnectWise {version}".strip() + versions.remark(version, self._client.version))

    def prove_access(self) -> Failure | None:
        return self._client.prove_access()

    def _may_not(self, method: str) -> Failure | None:
        """Tries a write on an invoice that cannot exist: keys with the right get 404 or 400.

        Anything else proves nothing and is returned as it is.
        """
        path = _payments_path(NO_INVOICE) + ("" if method == "POST" else "/0")
        body = None if method == "DELETE" else b"{}"
        exchange = self._client.write(method, path, body, route="payments of no invoice")
        match exchange:
            case Failure():
                return exchange
            case Limited(wait):
                return Failure(FailureKind.PACED, "our own limit", wait)
            case NeverSent(detail) | NoAnswer(detail):
                return Failure(FailureKind.UNAVAILABLE, detail)
            case Answer(status=status) if status in (_BAD_REQUEST, _NOT_FOUND):
                return None
            case Answer():
                return self._client.failure_of(exchange)

    @in_one_question
    def find_invoices(self, ids: Collection[str], numbers: Collection[str]) -> ReadResult[InvoicesFound]:
        id_lists, number_lists = list(lists_of_ids(ids)), list(lists_of_numbers(numbers))
        # An id belongs to one invoice at most; a number may belong to several.
        by_id = search(
            id_lists, lambda values: self._invoices_where(id_condition(values), most=len(values)), NO_INVOICE
        )
        by_number = Search[TargetInvoice](
            [number for values in number_lists for number in values], failure=by_id.failure
        )
        if by_id.failure is None:
            by_number = search(
                number_lists, lambda values: self._invoices_where(number_condition(values)), NEUTRAL_NUMBER
            )
        failure = by_number.failure
        is_settled = by_id.found or by_id.refused or by_number.found or by_number.refused
        asked = sum(map(len, (*id_lists, *number_lists)))
        if failure is not None and not is_settled and len(by_id.unread) + len(by_number.unread) == asked:
            return failure
        found = {invoice.external_id: invoice for invoice in (*by_id.found, *by_number.found)}
        return Got(
            InvoicesFound(
                tuple(found.values()),
                by_id.refused,
                by_number.refused,
                frozenset(by_id.unread),
                frozenset(by_number.unread),
                failure,
            )
        )

    def _invoices_where(self, condition: str, most: int | None = None) -> ReadResult[list[TargetInvoice]]:
        parameters = {
            "conditions": condition,
            "fields": wire.INVOICE_FIELDS,
            "pageSize": str(PAGE_SIZE),
            "orderBy": "id asc",
        }
        result = read_list(self._client, "/finance/invoices", parameters, "invoices", self._invoice_in, most=most)
        if isinstance(result, Failure):
            return result
        return Got([invoice for invoice in result.value if invoice is not None])

    @in_one_question
    def list_payments(self, invoice_id: str) -> ReadResult[tuple[TargetPayment, ...]]:
        parameters = {"pageSize": str(PAGE_SIZE)}
        result = read_list(self._client, _payments_path(invoice_id), parameters, "payments", wire.payment_from)
        if isinstance(result, Failure):
            return result
        payments = tuple(payment for payment in result.value if payment is not None)
        if len(payments) < len(result.value):
            # The unreadable one may be the very payment we look for, so a list without it is no answer.
            return Failure(FailureKind.UNAVAILABLE, "a payment on the invoice cannot be read")
        return Got(payments)

    @in_one_question
    def find_nearby(self, numbers: Collection[str]) -> ReadResult[tuple[TargetInvoice, ...]]:
        found: dict[str, TargetInvoice] = {}
        for condition in nearby.conditions(numbers, CONDITION_CHARACTERS_MAX):
            # The newest page is enough: most payments are for recent invoices, and this is only a hint.
            parameters = {
                "conditions": condition,
                "fields": wire.INVOICE_FIELDS,
                "pageSize": str(PAGE_SIZE),
                "orderBy": "id desc",
            }
            page = self._client.read_page("/finance/invoices", parameters, route="invoices nearby")
            if isinstance(page, Failure):
                return page
            records = records_in(page.value.value)
            if records is None:
                return Failure(FailureKind.UNAVAILABLE, NO_LIST)
            read = map(self._invoice_in, records)
            found |= {invoice.external_id: invoice for invoice in read if invoice is not None}
        return Got(tuple(found.values()))

    def _invoice_in(self, one: Any) -> TargetInvoice | None:
        return wire.invoice_from(one, self._default_currency)

    @in_one_question
    def create_payment(self, invoice_id: str, amount: Decimal, paid_on: date) -> WriteOutcome:
        digits = wire.digits_of(amount, self._default_currency)
        body = wire.payment_body(invoice_id, amount, digits, paid_on, self._payment_hour_utc, self._payment_type)
        exchange = self._client.write("POST", _payments_path(invoice_id), body, route="payments")
        if isinstance(exchange, Answer) and exchange.status == _CREATED:
            payment = _payment_in(exchange)
            return Created(payment) if payment else Unknown("HTTP 201 without a readable payment")
        if isinstance(exchange, Answer) and exchange.status == _NOT_FOUND:
            look = self.list_payments(invoice_id)
            missing = isinstance(look, Failure) and look.kind is FailureKind.NOT_FOUND
            return self._outcome(exchange) if missing else self._no_proof(exchange, look)
        return self._outcome(exchange)

    @in_one_question
    def change_payment(self, invoice_id: str, payment_id: str, amount: Decimal, paid_on: date) -> WriteOutcome:
        digits = wire.digits_of(amount, self._default_currency)
        body = wire.change_body(amount, digits, paid_on, self._payment_hour_utc)
        path = f"{_payments_path(invoice_id)}/{quote(payment_id, safe='')}"
        exchange = self._client.write("PATCH", path, body, route="payments/{id}")
        if isinstance(exchange, Answer) and exchange.status == _OK:
            payment = _payment_in(exchange)
            return Changed(payment) if payment else Unknown("HTTP 200 without a readable payment")
        if isinstance(exchange, Answer) and exchange.status == _NOT_FOUND:
            refused = Refused(FailureKind.NOT_FOUND, self._client.failure_of(exchange).detail)
            return self._not_found(exchange, invoice_id, payment_id, gone=refused)
        return self._outcome(exchange)

    @in_one_question
    def remove_payment(self, invoice_id: str, payment_id: str) -> WriteOutcome:
        path = f"{_payments_path(invoice_id)}/{quote(payment_id, safe='')}"
        exchange = self._client.write("DELETE", path, None, route="payments/{id}")
        if isinstance(exchange, Answer) and exchange.status == _NO_CONTENT:
            return Removed()
        if isinstance(exchange, Answer) and exchange.status == _NOT_FOUND:
            return self._not_found(exchange, invoice_id, payment_id, gone=Removed())
        return self._outcome(exchange)

    def _not_found(self, exchange: Answer, invoice_id: str, payment_id: str, gone: WriteOutcome) -> WriteOutcome:
        """The outcome after a 404 at a payment's own address; only a list without the payment proves it `gone`."""
        look = self.list_payments(invoice_id)
        is_gone = isinstance(look, Got) and all(payment.external_id != payment_id for payment in look.value)
        return gone if is_gone else self._no_proof(exchange, look)

    def _no_proof(self, exchange: Answer, look: ReadResult[Any]) -> WriteOutcome:
        """The outcome of a write that got a 404, if the look after it does not show that there is nothing to write to.

        The keys are bad, or the codebase has moved (the look has found the new one), or ConnectWise is not well.
        Nothing was done; Unknown allows another send, and only after another look.
        """
        if isinstance(look, Failure) and look.kind in NOT_ABOUT_THE_RECORD:
            return not_even_sent(look, THROTTLE_WAIT)
        return Unknown(self._client.failure_of(exchange).detail)

    def _outcome(self, exchange: Exchange | Failure) -> WriteOutcome:
        if isinstance(exchange, Answer) and exchange.status == _CONFLICT:
            return Conflict(self._client.failure_of(exchange).detail)
        return not_done(self._client, exchange)


def _missing_right(failure: Failure, right: str) -> Failure:
    if failure.kind is not FailureKind.FORBIDDEN:
        return failure
    detail = f"the API member's security role lacks Finance > Invoicing: {right}; {failure.detail}"
    return Failure(failure.kind, detail, failure.retry_after)


def _payments_path(invoice_id: str) -> str:
    return f"/finance/invoices/{quote(invoice_id, safe='')}/payments"


def _payment_in(answer: Answer) -> TargetPayment | None:
    parsed = answer.json()
    return wire.payment_from(parsed) if isinstance(parsed, dict) else None
