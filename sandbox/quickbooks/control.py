"""The QuickBooks sandbox's control API for other processes: the sandbox's own operations by the same names."""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sandbox.control_client import ControlClient
from sandbox.quickbooks.operations.books import BookOperations
from sandbox.quickbooks.operations.connections import ConnectionOperations
from sandbox.quickbooks.operations.lists import ListOperations
from sandbox.quickbooks.operations.payments import PaymentOperations
from sandbox.quickbooks.operations.webhooks import WebhookOperations
from sandbox.quickbooks.truth import CustomerTruth, InvoiceTruth, PaymentTruth

P = ParamSpec("P")
R = TypeVar("R")


def _as_it_is(result: Any) -> Any:
    return result


def remote(
    operation: Callable[Concatenate[Any, P], R],
    read: Callable[[Any], R] = _as_it_is,
) -> Callable[Concatenate["QuickBooksControl", P], R]:
    """The operation with its own signature, carried out by the sandbox in the other process."""
    signature = inspect.signature(operation)
    name = operation.__name__

    def call(self: "QuickBooksControl", /, *args: P.args, **kwargs: P.kwargs) -> R:
        body: dict[str, Any] = {}
        for argument, value in signature.bind(self, *args, **kwargs).arguments.items():
            if signature.parameters[argument].kind is inspect.Parameter.VAR_KEYWORD:
                body.update(value)
            elif argument != "self":
                body[argument] = value
        return read(self.do(name, body))

    call.__name__ = name
    call.__doc__ = operation.__doc__
    return call


class QuickBooksControl(ControlClient):
    """Health, faults, calls and reset come from the common client; the rest is QuickBooks' own."""

    def do(self, operation: str, arguments: dict[str, Any]) -> Any:
        return self._call("POST", f"/control/do/{operation}", arguments)["result"]

    add_company = remote(BookOperations.add_company)
    add_customer = remote(BookOperations.add_customer)
    rename_customer = remote(BookOperations.rename_customer)
    add_invoice = remote(BookOperations.add_invoice)
    edit_invoice = remote(BookOperations.edit_invoice)
    void_invoice = remote(BookOperations.void_invoice)
    delete_invoice = remote(BookOperations.delete_invoice)
    add_credit_memo = remote(BookOperations.add_credit_memo)
    add_journal_entry = remote(BookOperations.add_journal_entry)
    add_bank_deposit = remote(BookOperations.add_bank_deposit)
    invoices = remote(BookOperations.invoices, lambda found: [InvoiceTruth.from_json(one) for one in found])
    invoice = remote(BookOperations.invoice, InvoiceTruth.from_json)
    payments = remote(BookOperations.payments, lambda found: [PaymentTruth.from_json(one) for one in found])
    payment = remote(BookOperations.payment, PaymentTruth.from_json)
    deleted_payments = remote(BookOperations.deleted_payments)
    deleted_invoices = remote(BookOperations.deleted_invoices)

    add_item = remote(ListOperations.add_item)
    rename_item = remote(ListOperations.rename_item)
    add_tax_code = remote(ListOperations.add_tax_code)
    set_active = remote(ListOperations.set_active)
    add_name_owner = remote(ListOperations.add_name_owner)
    set_preferences = remote(ListOperations.set_preferences)
    customers = remote(ListOperations.customers, lambda found: [CustomerTruth.from_json(one) for one in found])

    record_payment = remote(PaymentOperations.record_payment)
    record_many_payments = remote(PaymentOperations.record_many_payments)
    record_platform_payment = remote(PaymentOperations.record_platform_payment)
    edit_payment = remote(PaymentOperations.edit_payment)
    split_payment = remote(PaymentOperations.split_payment)
    move_payment = remote(PaymentOperations.move_payment)
    apply_payment = remote(PaymentOperations.apply_payment)
    link_to_several = remote(PaymentOperations.link_to_several)
    link_to_journal_entry = remote(PaymentOperations.link_to_journal_entry)
    link_to_expense = remote(PaymentOperations.link_to_expense)
    apply_credit_memo = remote(PaymentOperations.apply_credit_memo)
    apply_journal_credit = remote(PaymentOperations.apply_journal_credit)
    void_payment = remote(PaymentOperations.void_payment)
    delete_payment = remote(PaymentOperations.delete_payment)
    deposit_payment = remote(PaymentOperations.deposit_payment)
    remove_from_deposit = remote(PaymentOperations.remove_from_deposit)

    issue_tokens = remote(ConnectionOperations.issue_tokens)
    expire_access_tokens = remote(ConnectionOperations.expire_access_tokens)
    disconnect = remote(ConnectionOperations.disconnect)
    set_switches = remote(ConnectionOperations.set_switches)
    get_switches = remote(ConnectionOperations.get_switches)
    metered_reads = remote(ConnectionOperations.metered_reads)
    reset_metered_reads = remote(ConnectionOperations.reset_metered_reads)

    add_webhook = remote(WebhookOperations.add_webhook)
    remove_webhook = remote(WebhookOperations.remove_webhook)
    lose_webhooks = remote(WebhookOperations.lose_webhooks)
    double_webhooks = remote(WebhookOperations.double_webhooks)
    reorder_webhooks = remote(WebhookOperations.reorder_webhooks)
    hold_webhooks = remote(WebhookOperations.hold_webhooks)
    release_webhooks = remote(WebhookOperations.release_webhooks)
    send_test_webhook = remote(WebhookOperations.send_test_webhook)
    send_event = remote(WebhookOperations.send_event)
    resend_webhook = remote(WebhookOperations.resend_webhook)
    send_raw_webhook = remote(WebhookOperations.send_raw_webhook)
    webhook_deliveries = remote(WebhookOperations.webhook_deliveries)
    lost_webhooks = remote(WebhookOperations.lost_webhooks)
    webhooks_idle = remote(WebhookOperations.webhooks_idle)
