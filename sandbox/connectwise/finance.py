"""The finance routes: invoices to read, and the six operations on their payments."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from sandbox.connectwise import booking, rules
from sandbox.connectwise.api_request import ApiRequest
from sandbox.connectwise.closed_invoice_body import patch_closed_invoice
from sandbox.connectwise.conditions import Conditions
from sandbox.connectwise.errors import bad_query, conflict, failed, record_missing
from sandbox.connectwise.fields import PAYMENT_FIELDS, invoice_fields
from sandbox.connectwise.listing import list_response, selected
from sandbox.connectwise.payment_body import patch_payment, read_payment
from sandbox.connectwise.rendering import closed_invoice_json, invoice_json, invoice_json_before, payment_json
from sandbox.connectwise.world import Invoice, Payment
from sandbox.replies import json_response

# How far an invoice's sums lag behind where the switch says so.
LATE_SUMS_SECONDS = 2


class Finance(ApiRequest):
    def list_invoices(self) -> Response:
        return list_response(self._request, self._matching_invoices(), invoice_fields(self._company.switches))

    def count_invoices(self) -> Response:
        return json_response({"count": len(self._matching_invoices())})

    def get_invoice(self, invoice_id: int) -> Response:
        invoice = self._invoice(invoice_id)
        return json_response(selected(self._shown(invoice), self._request))

    def patch_closed_invoice(self, invoice_id: int) -> Response:
        """Writes the two fields of a closed invoice that can still be written: its status and the internal notes."""
        invoice = self._invoice(invoice_id)
        if not invoice.closed:
            raise record_missing("ClosedInvoice", invoice_id)
        status, notes = patch_closed_invoice(self._body(), invoice)
        try:
            booking.set_status(self._company, invoice, status, self._company.member, self._now)
        except booking.StillBatched as error:
            raise conflict(str(error)) from error
        invoice.internal_notes = notes
        return json_response(closed_invoice_json(invoice, self._site, self._company.switches))

    def list_payments(self, invoice_id: int) -> Response:
        invoice = self._invoice(invoice_id)
        items = [self._shown_payment(invoice.payments[one], invoice) for one in sorted(invoice.payments)]
        return self._list(items, PAYMENT_FIELDS)

    def post_payment(self, invoice_id: int) -> Response:
        invoice = self._invoice(invoice_id)
        draft = read_payment(self._body(), invoice, self._company.switches, self._now)
        payment = rules.add_payment(self._company, invoice, draft, self._now)
        return self._payment_response(payment, invoice, 201)

    def get_payment(self, invoice_id: int, payment_id: int) -> Response:
        return self._payment_response(*self._payment(invoice_id, payment_id))

    def put_payment(self, invoice_id: int, payment_id: int) -> Response:
        payment, invoice = self._payment(invoice_id, payment_id)
        draft = read_payment(self._body(), invoice, self._company.switches, self._now)
        rules.change_payment(self._company, invoice, payment, draft, self._now)
        return self._payment_response(payment, invoice)

    def patch_payment(self, invoice_id: int, payment_id: int) -> Response:
        payment, invoice = self._payment(invoice_id, payment_id)
        draft = patch_payment(self._body(), payment, invoice, self._company.switches, self._now)
        rules.change_payment(self._company, invoice, payment, draft, self._now)
        return self._payment_response(payment, invoice)

    def delete_payment(self, invoice_id: int, payment_id: int) -> Response:
        payment, invoice = self._payment(invoice_id, payment_id)
        rules.remove_payment(self._company, invoice, payment, self._now)
        return Response(status=204)

    def _matching_invoices(self) -> list[Any]:
        conditions = self._conditions(invoice_fields(self._company.switches))
        named = frozenset().union(*conditions.equal_to.values())
        for value in sorted(named & self._company.refused_values):
            is_failure = self._company.switches.refused_values == 500  # noqa: PLR2004 - a status
            raise (failed if is_failure else bad_query)(f"The value {value} is not allowed.")
        shown = (self._shown(invoice) for invoice in self._candidates(conditions) if self._company.shows(invoice))
        return [item for item in shown if conditions.hold_for(item)]

    def _candidates(self, conditions: Conditions) -> Iterable[Invoice]:
        if (ids := conditions.equal_to.get("id")) is not None:
            return self._company.with_ids(ids)
        if (numbers := conditions.equal_to.get("invoiceNumber")) is not None:
            return self._company.numbered(numbers)
        return self._company.invoices.values()

    def _payment(self, invoice_id: int, payment_id: int) -> tuple[Payment, Invoice]:
        invoice = self._invoice(invoice_id)
        payment = invoice.payments.get(payment_id)
        if payment is None:
            raise record_missing("Payment", payment_id)
        return payment, invoice

    def _shown(self, invoice: Invoice) -> dict[str, Any]:
        lag = timedelta(seconds=LATE_SUMS_SECONDS)
        if self._company.switches.sums == "late" and self._now < invoice.updated_at + lag:
            return invoice_json_before(invoice, self._site, self._company.switches)
        return invoice_json(invoice, self._site, self._company.switches)

    def _shown_payment(self, payment: Payment, invoice: Invoice) -> dict[str, Any]:
        return payment_json(payment, invoice, self._site, self._company.switches)

    def _payment_response(self, payment: Payment, invoice: Invoice, status: int = 200) -> Response:
        return json_response(selected(self._shown_payment(payment, invoice), self._request), status)
