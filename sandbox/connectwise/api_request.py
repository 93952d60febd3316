"""What the handlers of all areas share: the company that asks, its conditions, its body."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.connectwise import errors
from sandbox.connectwise.comparisons import Record
from sandbox.connectwise.conditions import Conditions, parse_conditions
from sandbox.connectwise.errors import ApiError, record_missing
from sandbox.connectwise.fields import Kind
from sandbox.connectwise.listing import list_response, refuse_what_is_not_played
from sandbox.connectwise.world import Company, Invoice
from sandbox.replies import json_response, read_json

_JSON_TYPES = {"application/json", "application/json-patch+json", "application/vnd.connectwise.com+json"}


class ApiRequest:
    """One request of one company; `site` is the API's own address, for the links inside records.

    Each public method of a subclass answers one route; its arguments are the numbers in the path.
    """

    # The rights in the member's role that this area asks for, by the beginning of their names.
    area: ClassVar[str] = ""

    def __init__(self, company: Company, request: Request, site: str, now: datetime) -> None:
        self._company = company
        self._request = request
        self._site = site
        self._now = now

    def _conditions(self, fields: Mapping[str, Kind]) -> Conditions:
        refuse_what_is_not_played(self._request)
        return parse_conditions(
            self._request.args.get("conditions", ""),
            fields,
            ignore_case=self._company.switches.text_comparison == "ignore_case",
            ignore_trailing_spaces=self._company.switches.trailing_spaces == "ignore",
        )

    def _list(self, items: Sequence[Record], fields: Mapping[str, Kind]) -> Response:
        """Answers with a page of the items, given in ascending order of their ids, that match the conditions."""
        return list_response(self._request, self._matching(items, fields), fields)

    def _count(self, items: Sequence[Record], fields: Mapping[str, Kind]) -> Response:
        return json_response({"count": len(self._matching(items, fields))})

    def _matching(self, items: Sequence[Record], fields: Mapping[str, Kind]) -> list[Record]:
        conditions = self._conditions(fields)
        return [item for item in items if conditions.hold_for(item)]

    def _invoice(self, invoice_id: int) -> Invoice:
        invoice = self._company.invoices.get(invoice_id)
        if invoice is None:
            raise record_missing("Invoice", invoice_id)
        if not self._company.shows(invoice):
            is_denied = self._company.switches.hidden_invoice == 403  # noqa: PLR2004 - a status
            raise ApiError(403, errors.DENIED) if is_denied else record_missing("Invoice", invoice_id)
        return invoice

    def _body(self) -> Any:
        if self._request.mimetype not in _JSON_TYPES:
            raise ApiError(415, {"code": "ConnectWiseApi", "message": "The media type is not supported."})
        try:
            return read_json(self._request)
        except BadRequest as error:
            raise ApiError(400, {"code": "InvalidObject", "message": str(error.description)}) from error
