"""The finance routes: invoices to read, and the six operations on their payments."""

from datetime import datetime, timedelta
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.connectwise import rules
from sandbox.connectwise.conditions import parse_conditions
from sandbox.connectwise.errors import ApiError, bad_query, failed, record_missing
from sandbox.connectwise.fields import INVOICE_FIELDS, PAYMENT_FIELDS
from sandbox.connectwise.listing import list_response, refuse_what_is_not_played, selected
from sandbox.connectwise.payment_body import patch_payment, read_payment
from sandbox.connectwise.rendering import invoice_json, invoice_json_before, payment_json
from sandbox.connectwise.world import Company, Invoice, Payment
from sandbox.replies import json_response, read_json

# How far an invoice's sums lag behind where the switch says so.
LATE_SUMS_SECONDS = 2

_JSON_TYPES = {"application/json", "application/json-patch+json", "application/vnd.connectwise.com+json"}


class Finance:
    """One request of one company; `site` is the API's own address, for the links inside records."""

    def __init__(self, company: Company, request: Request, site: str, now: datetime) -> None:
        self._company = company
        self._request = request
        self._site = site
        self._now = now

    def list_invoices(self) -> Response:
        return list_response(self._request, self._matching_invoices(), INVOICE_FIELDS)

    def count_invoices(self) -> Response:
        return json_response({"count": len(self._matching_invoices())})

    def get_invoice(self, invoice_id: int) -> Response:
        invoice = self._invoice(invoice_id)
        return json_response(selected(self._shown(invoice), self._request))

    def list_payments(self, invoice_id: int) -> Response:
        invoice = self._invoice(invoice_id)
        refuse_what_is_not_played(self._request)
        conditions = parse_conditions(
            self._request.args.get("conditions", ""),
            PAYMENT_FIELDS,
            ignore_case=self._company.switches.text_comparison == "ignore_case",
            ignore_trailing_spaces=self._company.switches.trailing_spaces == "ignore",
        )
        items = [self._shown_payment(invoice.payments[one], invoice) for one in sorted(invoice.payments)]
        return list_response(
            self._request,
            [item for item in items if conditions.hold_for(item)],
            PAYMENT_FIELDS,
        )

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
        refuse_what_is_not_played(self._request)
        conditions = parse_conditions(
            self._request.args.get("conditions", ""),
            INVOICE_FIELDS,
            ignore_case=self._company.switches.text_comparison == "ignore_case",
            ignore_trailing_spaces=self._company.switches.trailing_spaces == "ignore",
        )
        named = frozenset().union(*conditions.equal_to.values())
        for value in sorted(named & self._company.refused_values):
            is_failure = self._company.switches.refused_values == 500  # noqa: PLR2004 - a status
            raise (failed if is_failure else bad_query)(f"The value {value} is not allowed.")
        numbers = conditions.equal_to.get("invoiceNumber")
        candidates = self._company.invoices.values() if numbers is None else self._company.numbered(numbers)
        items = [self._shown(invoice) for invoice in candidates]
        return [item for item in items if conditions.hold_for(item)]

    def _invoice(self, invoice_id: int) -> Invoice:
        invoice = self._company.invoices.get(invoice_id)
        if invoice is None:
            raise record_missing("Invoice", invoice_id)
        return invoice

    def _payment(self, invoice_id: int, payment_id: int) -> tuple[Payment, Invoice]:
        invoice = self._invoice(invoice_id)
        payment = invoice.payments.get(payment_id)
        if payment is None:
            raise record_missing("Payment", payment_id)
        return payment, invoice

    def _shown(self, invoice: Invoice) -> dict[str, Any]:
        lag = timedelta(seconds=LATE_SUMS_SECONDS)
        if self._company.switches.sums == "late" and self._now < invoice.updated_at + lag:
            return invoice_json_before(invoice, self._site)
        return invoice_json(invoice, self._site)

    def _shown_payment(self, payment: Payment, invoice: Invoice) -> dict[str, Any]:
        return payment_json(payment, invoice, self._site, self._company.switches)

    def _payment_response(self, payment: Payment, invoice: Invoice, status: int = 200) -> Response:
        return json_response(selected(self._shown_payment(payment, invoice), self._request), status)

    def _body(self) -> Any:
        if self._request.mimetype not in _JSON_TYPES:
            raise ApiError(415, {"code": "ConnectWiseApi", "message": "The media type is not supported."})
        try:
            return read_json(self._request)
        except BadRequest as error:
            raise ApiError(400, {"code": "InvalidObject", "message": str(error.description)}) from error
