"""The accounting interface: unposted invoices, the export, batches, and the entries of one invoice."""

from typing import Any, ClassVar

from werkzeug.wrappers import Response

from sandbox.connectwise import booking
from sandbox.connectwise.accounting_body import BatchRequest, ExportRequest, read_batch, read_export
from sandbox.connectwise.accounting_json import (
    batch_entry_json,
    batch_json,
    billing_status_json,
    gl_entry_json,
    unposted_json,
)
from sandbox.connectwise.api_request import ApiRequest
from sandbox.connectwise.errors import invalid_object, record_missing, route_missing
from sandbox.connectwise.export import Export
from sandbox.connectwise.fields import (
    BATCH_ENTRY_FIELDS,
    BATCH_FIELDS,
    GL_ENTRY_FIELDS,
    STATUS_FIELDS,
    UNPOSTED_FIELDS,
)
from sandbox.connectwise.listing import selected
from sandbox.connectwise.records import STATUSES, Batch, GlEntry
from sandbox.connectwise.world import Invoice
from sandbox.replies import json_response


class Tables(ApiRequest):
    area: ClassVar[str] = "tables_"

    def list_billing_statuses(self) -> Response:
        return self._list([billing_status_json(one) for one in STATUSES], STATUS_FIELDS)

    def count_billing_statuses(self) -> Response:
        return self._count([billing_status_json(one) for one in STATUSES], STATUS_FIELDS)

    def get_billing_status(self, status_id: int) -> Response:
        found = next((one for one in STATUSES if one.id == status_id), None)
        if found is None:
            raise record_missing("BillingStatus", status_id)
        return json_response(selected(billing_status_json(found), self._request))


class Accounting(ApiRequest):
    area: ClassVar[str] = "accounting_"

    def list_unposted_invoices(self) -> Response:
        if self._company.switches.unposted_list == "absent":
            raise route_missing()
        response = self._list(self._unposted(), UNPOSTED_FIELDS)
        self._let_others_batch("unposted")
        return response

    def count_unposted_invoices(self) -> Response:
        return self._count(self._unposted(), UNPOSTED_FIELDS)

    def get_unposted_invoice(self, record_id: int) -> Response:
        found = next((one for one in self._unposted() if one["id"] == record_id), None)
        if found is None:
            raise record_missing("UnpostedInvoice", record_id)
        response = json_response(selected(found, self._request))
        self._let_others_batch("unposted", found["billingLogId"])
        return response

    def export(self) -> Response:
        """Reads only: what a batch made now would hold."""
        asked = read_export(self._body(), self._now)
        export = Export(self._site, self._company.switches, condensed=asked.condensed)
        exported = [
            (one, booking.free_entries(one)) for one in self._company.invoices.values() if _goes_into(one, asked)
        ]
        response = json_response(export.of(exported, asked.settings), self._company.switches.export_status)
        self._let_others_batch("export")
        return response

    def list_gl_entries(self, invoice_id: int) -> Response:
        response = self._list([gl_entry_json(one) for one in self._invoice(invoice_id).entries], GL_ENTRY_FIELDS)
        self._let_others_batch("gl_entries", invoice_id)
        return response

    def list_batches(self) -> Response:
        return self._list([batch_json(one) for one in self._company.batches.values()], BATCH_FIELDS)

    def count_batches(self) -> Response:
        return self._count([batch_json(one) for one in self._company.batches.values()], BATCH_FIELDS)

    def get_batch(self, batch_id: int) -> Response:
        return json_response(selected(batch_json(self._batch(batch_id)), self._request))

    def list_batch_entries(self, batch_id: int) -> Response:
        entries = booking.entries_in(self._company, self._batch(batch_id))
        return self._list([batch_entry_json(entry, one, self._site) for one, entry in entries], BATCH_ENTRY_FIELDS)

    def post_batch(self) -> Response:
        asked = read_batch(self._body())
        company = self._company
        known = booking.batch_named(company, asked.identifier)
        if known is not None and company.switches.existing_batch == "reject":
            message = f"The batch {asked.identifier} already exists."
            raise invalid_object("accountingBatch", "ObjectExists", message, "batchIdentifier")
        taken = self._entries_to_take(asked)
        batch = known or booking.add_batch(company, asked.identifier, company.member, self._now)
        for invoice, entries in taken:
            booking.put_into_batch(company, batch, invoice, entries, company.member, self._now)
        return json_response(Export(self._site, company.switches).of(taken, asked.settings), 201)

    def delete_batch(self, batch_id: int) -> Response:
        booking.remove_batch(self._company, self._batch(batch_id), self._company.member, self._now)
        return Response(status=204)

    def _unposted(self) -> list[dict[str, Any]]:
        switches = self._company.switches
        return [
            unposted_json(invoice, self._site, switches)
            for invoice in self._company.invoices.values()
            if invoice.closed and (booking.free_entries(invoice) or self._waits_without_entries(invoice))
        ]

    def _waits_without_entries(self, invoice: Invoice) -> bool:
        included = self._company.switches.unposted_without_entries == "include"
        return included and not (invoice.entries or invoice.posted)

    def _entries_to_take(self, asked: BatchRequest) -> list[tuple[Invoice, list[GlEntry]]]:
        owners = self._company.entry_invoices
        for record_id in sorted(asked.record_ids - owners.keys()):
            raise _refused("NotFound", f"The record {record_id} does not exist.")
        taken = []
        for invoice_id in sorted({owners[record_id].id for record_id in asked.record_ids}):
            invoice = self._company.invoices[invoice_id]
            wanted = [entry for entry in invoice.entries if entry.id in asked.record_ids]
            free = [entry for entry in wanted if entry.batch is None]
            if len(free) < len(wanted) and self._company.switches.partly_batched == "reject":
                raise _refused("InvalidField", "A record is in a batch already.")
            if free:
                taken.append((invoice, free))
        if not taken:
            raise _refused("InvalidField", "All records are in a batch already.")
        return taken

    def _batch(self, batch_id: int) -> Batch:
        batch = self._company.batches.get(batch_id)
        if batch is None:
            raise record_missing("AccountingBatch", batch_id)
        return batch

    def _let_others_batch(self, after: str, invoice_id: int | None = None) -> None:
        """Carries out the batches that were planned for right after such an answer."""
        company = self._company
        due = [
            one
            for one in company.planned_batches
            if one.after == after and invoice_id in (None, one.invoice_id) and one.invoice_id in company.invoices
        ]
        for planned in due:
            company.planned_batches.remove(planned)
            invoice = company.invoices[planned.invoice_id]
            batch = booking.add_batch(company, planned.identifier, planned.made_by, self._now)
            free = booking.free_entries(invoice)
            booking.put_into_batch(company, batch, invoice, free, planned.made_by, self._now)


def _goes_into(invoice: Invoice, asked: ExportRequest) -> bool:
    return (
        invoice.closed
        and bool(booking.free_entries(invoice))
        and invoice.invoice_date <= asked.thru_date
        and asked.location_id in (None, invoice.location.id)
        and (asked.included_ids is None or invoice.id in asked.included_ids)
        and invoice.id not in asked.excluded_ids
    )


def _refused(code: str, message: str) -> Exception:
    return invalid_object("accountingBatch", code, message, "processedRecordIds")
