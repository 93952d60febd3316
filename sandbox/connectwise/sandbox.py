"""ConnectWise PSA as a real HTTP server: its addresses, its versions, its refusals."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.base import Sandbox, utc_now
from sandbox.connectwise import errors
from sandbox.connectwise.access import check_role, company_of
from sandbox.connectwise.accounting import Accounting, Tables
from sandbox.connectwise.api_request import ApiRequest
from sandbox.connectwise.billed_lines import ExpenseEntries, Products, TimeEntries
from sandbox.connectwise.billing_operations import BillingOperations
from sandbox.connectwise.control_api import control, control_rules
from sandbox.connectwise.errors import ApiError
from sandbox.connectwise.finance import Finance
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import Company
from sandbox.connectwise.world_file import load_companies
from sandbox.faults import Fault, FaultPlan
from sandbox.replies import json_response

CODEBASE = "v4_6_release/"
API = "/v4_6_release/apis/3.0"
CURRENT_VERSION = "2026.4"
# ConnectWise's guide: keep the address within 2,000 characters.
LONGEST_ADDRESS = 2000

_PAYMENTS = f"{API}/finance/invoices/<int:id>/payments"
# Werkzeug answers 404 if "count" does not fit <int:id>, exactly as ConnectWise does there.
_PAYMENT = f"{_PAYMENTS}/<int:payment_id>"
_INVOICE = f"{API}/finance/invoices/<int:id>"
_STATUSES = f"{API}/finance/billingStatuses"
_UNPOSTED = f"{API}/finance/accounting/unpostedinvoices"
_BATCHES = f"{API}/finance/accounting/batches"
_VERSIONED = re.compile(r"application/vnd\.connectwise\.com\+json\s*;\s*version=([\d.]+)")


# Each route is the method of the same name in one of them.
_HANDLERS: tuple[type[ApiRequest], ...] = (Finance, Tables, Accounting, Products, TimeEntries, ExpenseEntries)


class ConnectWiseSandbox(BillingOperations, Sandbox):
    name = "connectwise"
    route_prefix = API
    url_map = Map(
        [
            Rule("/login/companyinfo/<company_id>", methods=["GET"], endpoint="company_info"),
            Rule(f"{API}/system/info", methods=["GET"], endpoint="system_info"),
            Rule(f"{API}/finance/invoices", methods=["GET"], endpoint="list_invoices"),
            Rule(f"{API}/finance/invoices/count", methods=["GET"], endpoint="count_invoices"),
            Rule(f"{API}/finance/invoices/<int:id>", methods=["GET"], endpoint="get_invoice"),
            Rule(_PAYMENTS, methods=["GET"], endpoint="list_payments"),
            Rule(_PAYMENTS, methods=["POST"], endpoint="post_payment"),
            Rule(_PAYMENT, methods=["GET"], endpoint="get_payment"),
            Rule(_PAYMENT, methods=["PUT"], endpoint="put_payment"),
            Rule(_PAYMENT, methods=["PATCH"], endpoint="patch_payment"),
            Rule(_PAYMENT, methods=["DELETE"], endpoint="delete_payment"),
            Rule(f"{_INVOICE}/glEntries", methods=["GET"], endpoint="list_gl_entries"),
            Rule(f"{API}/finance/closedInvoices/<int:id>", methods=["PATCH"], endpoint="patch_closed_invoice"),
            Rule(_STATUSES, methods=["GET"], endpoint="list_billing_statuses"),
            Rule(f"{_STATUSES}/count", methods=["GET"], endpoint="count_billing_statuses"),
            Rule(f"{_STATUSES}/<int:id>", methods=["GET"], endpoint="get_billing_status"),
            Rule(_UNPOSTED, methods=["GET"], endpoint="list_unposted_invoices"),
            Rule(f"{_UNPOSTED}/count", methods=["GET"], endpoint="count_unposted_invoices"),
            Rule(f"{_UNPOSTED}/<int:id>", methods=["GET"], endpoint="get_unposted_invoice"),
            Rule(f"{API}/finance/accounting/export", methods=["POST"], endpoint="export"),
            Rule(_BATCHES, methods=["GET"], endpoint="list_batches"),
            Rule(_BATCHES, methods=["POST"], endpoint="post_batch"),
            Rule(f"{_BATCHES}/count", methods=["GET"], endpoint="count_batches"),
            Rule(f"{_BATCHES}/<int:id>", methods=["GET"], endpoint="get_batch"),
            Rule(f"{_BATCHES}/<int:id>", methods=["DELETE"], endpoint="delete_batch"),
            Rule(f"{_BATCHES}/<int:id>/entries", methods=["GET"], endpoint="list_batch_entries"),
            Rule(f"{API}/procurement/products", methods=["GET"], endpoint="list_products"),
            Rule(f"{API}/procurement/products/count", methods=["GET"], endpoint="count_products"),
            Rule(f"{API}/time/entries", methods=["GET"], endpoint="list_time_entries"),
            Rule(f"{API}/time/entries/count", methods=["GET"], endpoint="count_time_entries"),
            Rule(f"{API}/expense/entries", methods=["GET"], endpoint="list_expense_entries"),
            Rule(f"{API}/expense/entries/count", methods=["GET"], endpoint="count_expense_entries"),
            *control_rules(),
        ],
        strict_slashes=False,
        merge_slashes=False,
    )

    def __init__(
        self,
        company_id: str = "acme",
        public_key: str = "sandbox-public-key",
        private_key: str = "sandbox-private-key",
        client_id: str = "00000000-0000-4000-8000-000000000001",
        switches: Switches | None = None,
        faults: FaultPlan | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(faults, clock)
        self.switches = switches or Switches()
        self._first = {
            "company_id": company_id,
            "public_key": public_key,
            "private_key": private_key,
            "client_id": client_id,
        }
        self.companies: dict[str, Company] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the one company the sandbox was made with, without invoices."""
        with self.lock:
            self.companies.clear()
            self.add_company(**self._first, switches=self.switches)

    def load_world(self, world: Any) -> None:
        with self.lock:
            load_companies(self, world)

    def handle(self, endpoint: str, request: Request, args: dict[str, Any]) -> Response:
        if endpoint.startswith("control."):
            return control(self, endpoint, request, args)
        if endpoint == "company_info":
            return json_response(self._company_info(args["company_id"], request))
        try:
            return self._authenticated(endpoint, request, args)
        except ApiError as error:
            return json_response(error.body, error.status)

    def _authenticated(self, endpoint: str, request: Request, args: dict[str, Any]) -> Response:
        if len(request.host_url) + len(request.environ["RAW_URI"]) > LONGEST_ADDRESS:
            raise ApiError(414, {"code": "ConnectWiseApi", "message": "The address is too long."})
        company = company_of(request, self.companies, self.switches)
        if endpoint == "system_info":
            return json_response(_system_info())
        handler = next(one for one in _HANDLERS if hasattr(one, endpoint))
        check_role(request, company, handler.area, only_reads=endpoint == "export")
        site = f"{request.host_url.rstrip('/')}{API}"
        operation: Callable[..., Response] = getattr(handler(company, request, site, self.clock()), endpoint)
        return operation(*args.values())

    def _company_info(self, company_id: str, request: Request) -> dict[str, Any] | None:
        """JSON null for an unknown company; the boolean is a text, as older servers write it."""
        company = self.companies.get(company_id)
        if company is None:
            return None
        return {
            "CompanyName": company.name,
            "Codebase": CODEBASE,
            "VersionCode": f"v{CURRENT_VERSION}",
            "VersionNumber": f"v{CURRENT_VERSION}.100000",
            "CompanyID": company.company_id,
            "IsCloud": "True",
            "SiteUrl": request.host,
        }

    def http_error_reply(self, error: HTTPException, request: Request) -> Response:
        if request.path.startswith("/control/"):
            return super().http_error_reply(error, request)
        if error.code == 404:  # noqa: PLR2004
            return json_response(errors.NO_SUCH_ENDPOINT, 404)
        return json_response({"code": "ConnectWiseApi", "message": error.description}, error.code or 500)

    def throttle_reply(self, fault: Fault) -> Response:
        """The one body whose first key is `error` and not `code` (ConnectWise's Developer Guide)."""
        seconds = fault.retry_after if fault.retry_after is not None else 30
        message = f"Too many requests. Please try again in {seconds} seconds."
        return json_response({"error": "ConnectWiseAPI", "message": message}, 429)

    def error_reply(self, fault: Fault) -> Response:
        body = {"code": "InternalError", "message": "An error has occurred.", "errors": None}
        return json_response(body, fault.status)

    def decorate(self, request: Request, response: Response) -> Response:
        """A pinned version is echoed; without one the latest answers."""
        if request.path.startswith(API):
            response.headers["api-current-version"] = CURRENT_VERSION
            pinned = _VERSIONED.search(request.headers.get("Accept", ""))
            if response.mimetype == "application/json" and pinned is not None:
                response.headers["Content-Type"] = f"application/vnd.connectwise.com+json; version={pinned[1]}"
        return response


def _system_info() -> dict[str, Any]:
    return {
        "version": f"v{CURRENT_VERSION}.100000",
        "isCloud": True,
        "serverTimeZone": "Eastern Standard Time",
        "cloudRegion": "NA",
    }
