"""Differences between ConnectWise tenants, and unknown behaviour: every open question is a switch."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any, Literal, Self


class _Settings:
    """A frozen dataclass of named choices that refuses any other value."""

    def __post_init__(self) -> None:
        for name, annotation in typing.get_type_hints(type(self)).items():
            choices = (True, False) if annotation is bool else typing.get_args(annotation)
            if getattr(self, name) not in choices:
                allowed = ", ".join(str(choice) for choice in choices)
                raise ValueError(f"{name} is one of {allowed}, not {getattr(self, name)!r}.")

    def changed(self, **changes: Any) -> Self:
        # dataclasses.replace speaks of __init__ when a name is wrong; the person at the control API did not call it.
        unknown = set(changes) - set(typing.get_type_hints(type(self)))
        if unknown:
            raise ValueError(f"There is no {', '.join(sorted(unknown))}.")
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # every subclass is a dataclass


@dataclass(frozen=True)
class Switches(_Settings):
    # "ConnectWise only allow a single payment per invoice" (Zynk); the API itself is a list resource.
    second_payment: Literal["accept", "reject", "overwrite"] = "accept"
    # "If the paid amount exceeds the balance due, the paid amount will be set to the total" (Zynk, SOAP): clamp.
    overpayment: Literal["accept", "reject", "clamp"] = "accept"
    closed_invoice_post: Literal["accept", "reject"] = "accept"
    posted_delete: Literal["accept", "refuse"] = "accept"
    payment_date: Literal["as_sent", "truncated"] = "as_sent"
    # eOne's connector patches the amount as a string.
    amount_as_string: Literal["accept", "reject"] = "accept"
    extra_fields: Literal["ignore", "reject"] = "ignore"
    # The cloud may hide a tenant from a stranger behind a 404 (ConnectWise's Developer Guide).
    bad_credentials: Literal[401, 404] = 401
    # Connectors send "P"; what a GET then shows is not published.
    payment_type: Literal["as_sent", "word"] = "as_sent"
    # An invoice's payments and balance may lag behind the payment itself.
    sums: Literal["at_once", "late"] = "at_once"
    # Whether a payment moves its invoice's own lastUpdated is not published.
    payment_moves_invoice: Literal["moves", "stays"] = "moves"
    # What the address of an invoice answers that the member's locations hide from it.
    hidden_invoice: Literal[404, 403] = 404
    # SQL Server compares text without regard to case unless it was set up otherwise.
    text_comparison: Literal["ignore_case", "exact"] = "ignore_case"
    # SQL Server pads texts with blanks before it compares them with = or in; whether ConnectWise does is not known.
    trailing_spaces: Literal["ignore", "count"] = "ignore"
    # The fate of a query that names one of the refused values: a filter rejects it, or the server fails on it.
    refused_values: Literal[400, 500] = 400
    # The word isClosed in conditions and answers: older versions do not know it.
    status_is_closed: Literal["known", "unknown"] = "known"
    # Whether a whole reference may be compared with null: glBatch=null.
    null_references: Literal["accept", "reject"] = "accept"
    # Whether this version has the list of unposted invoices at all.
    unposted_list: Literal["there", "absent"] = "there"
    # "Stays in Unposted for ever" (NexNow, Wise-Sync); by its name the list holds what can be posted.
    unposted_without_entries: Literal["include", "exclude"] = "include"
    # UnpostedInvoice has an id and a billingLogId; whether the first one is an invoice's id is not published.
    unposted_id: Literal["invoice", "own"] = "invoice"
    # 5.2456 is exported as 5.25 (Wise-Sync); whether the line's total follows the rounded price is not published.
    export_unit_price: Literal["rounded", "exact", "rounded_and_multiplied"] = "rounded"
    # In Zynk's sample the ids of the details are missing from the header's glEntryIds: only both together are all.
    gl_entry_ids: Literal["without_details", "all"] = "without_details"
    export_status: Literal[200, 201] = 200
    # An existing identifier is rejected (Zynk); accept: the records are added to the existing batch.
    existing_batch: Literal["reject", "accept"] = "reject"
    partly_batched: Literal["reject", "take_rest"] = "reject"
    # Whether ConnectWise writes a down payment that was applied as a number above or below zero.
    downpayment_applied: Literal["positive", "negative"] = "positive"


@dataclass(frozen=True)
class Permissions(_Settings):
    """The rights in the API member's security role.

    The first three are the levels of Finance > Invoicing; a payment is an edit of its invoice.
    """

    inquire: bool = True
    edit: bool = True
    delete: bool = True
    # Finance > Accounting Interface: the unposted list and the export, making a batch, deleting one.
    accounting_inquire: bool = True
    accounting_edit: bool = True
    accounting_delete: bool = True
    # The lines of invoices: Procurement > Products, Time & Expense > Time Entry and Expense Report Entry.
    products_inquire: bool = True
    time_inquire: bool = True
    expenses_inquire: bool = True
    # System > Table Setup: the billing statuses.
    tables_inquire: bool = True
