"""QuickBooks Online as a real HTTP server: addresses, gate, envelopes, faults of its own."""

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.base import Sandbox, utc_now
from sandbox.faults import Fault, FaultPlan
from sandbox.misbehaving import CarryOut
from sandbox.quickbooks import accounting, envelopes
from sandbox.quickbooks.gate import Gate, monthly_cap_reached
from sandbox.quickbooks.incomplete import shown_incompletely
from sandbox.quickbooks.oauth.endpoints import OAuthEndpoints
from sandbox.quickbooks.oauth.tokens import TokenStore
from sandbox.quickbooks.operations.every import OPERATIONS, EveryOperation
from sandbox.quickbooks.replaying import REQUEST_ID_LENGTH, FirstAnswers
from sandbox.quickbooks.reports import answer as reports
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.webhooks.sender import WebhookSender
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused, too_long
from sandbox.quickbooks.world_file import load_companies
from sandbox.replies import json_response, read_json

COMPANY = "/v3/company/<realm_id>"


class QuickBooksSandbox(EveryOperation, Sandbox):
    name = "quickbooks"
    route_prefix = "/v3/company/{realm_id}"
    own_fault_kinds = frozenset({"expired_token", "forbidden", "fault_in_200", "monthly_cap", "incomplete_picture"})
    url_map = Map(
        [
            Rule("/control/do/<operation>", methods=["POST"], endpoint="control"),
            Rule("/connect/oauth2", methods=["GET"], endpoint="authorize"),
            Rule("/oauth2/v1/tokens/bearer", methods=["POST"], endpoint="token"),
            Rule("/v2/oauth2/tokens/revoke", methods=["POST"], endpoint="revoke"),
            Rule("/.well-known/openid_configuration", methods=["GET"], endpoint="discovery"),
            Rule("/.well-known/openid_sandbox_configuration", methods=["GET"], endpoint="discovery"),
            Rule(f"{COMPANY}/query", methods=["GET", "POST"], endpoint="query"),
            Rule(f"{COMPANY}/cdc", methods=["GET"], endpoint="cdc"),
            Rule(f"{COMPANY}/batch", methods=["POST"], endpoint="batch"),
            Rule(f"{COMPANY}/reports/<record_id>", methods=["GET"], endpoint="report"),
            Rule(f"{COMPANY}/preferences", methods=["GET"], endpoint="preferences"),
            Rule(f"{COMPANY}/payment", methods=["POST"], endpoint="write_payment"),
            Rule(f"{COMPANY}/payment/<record_id>", methods=["GET"], endpoint="payment"),
            Rule(f"{COMPANY}/invoice/<record_id>", methods=["GET"], endpoint="invoice"),
            Rule(f"{COMPANY}/customer/<record_id>", methods=["GET"], endpoint="customer"),
            Rule(f"{COMPANY}/companyinfo/<record_id>", methods=["GET"], endpoint="companyinfo"),
            Rule(f"{COMPANY}/item/<record_id>", methods=["GET"], endpoint="item"),
            Rule(f"{COMPANY}/invoice", methods=["POST"], endpoint="write_invoice"),
            Rule(f"{COMPANY}/customer", methods=["POST"], endpoint="write_customer"),
            Rule(f"{COMPANY}/<any(item,term,taxcode):record_id>", methods=["POST"], endpoint="unsupported_write"),
        ],
        strict_slashes=False,
        merge_slashes=False,
    )

    def __init__(
        self,
        client_id: str = "sandbox-client-id",
        client_secret: str = "sandbox-client-secret",  # noqa: S107  the key to nothing
        switches: Switches | None = None,
        faults: FaultPlan | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(faults, clock)
        self.client_id = client_id
        self.client_secret = client_secret
        self.switches = switches or Switches()
        self.companies: dict[str, Company] = {}
        self.webhooks = WebhookSender(self.switches, self._is_connected, self.faults.seed)
        self._empty()

    def reset(self) -> None:
        """Forgets everything but the switches."""
        with self.lock:
            self._empty()

    def load_world(self, world: Any) -> None:
        with self.lock:
            load_companies(self, world)

    def start(self) -> None:
        super().start()
        self.webhooks.start()

    def stop(self) -> None:
        super().stop()
        self.webhooks.stop()

    def handle(self, endpoint: str, request: Request, args: dict[str, Any]) -> Response:
        match endpoint:
            case "control":
                return self._operate(args["operation"], request)
            case "authorize":
                return self._oauth.authorize(request, self.companies.values())
            case "token":
                return self._oauth.token(request)
            case "revoke":
                return self._oauth.revoke(request)
            case "discovery":
                return self._oauth.discovery(request)
            case _:
                return self._account(endpoint, request, args["realm_id"], args.get("record_id", ""))

    def http_error_reply(self, error: HTTPException, request: Request) -> Response:
        if request.path.startswith("/control/"):
            return super().http_error_reply(error, request)
        # 404 is for wrong paths only; Intuit's gateway answers them without a body that could be parsed.
        return Response("", error.code or 500, content_type="text/html; charset=utf-8")

    def throttle_reply(self, fault: Fault) -> Response:  # noqa: ARG002
        return self._gateway(envelopes.throttled())

    def error_reply(self, fault: Fault) -> Response:
        return envelopes.system_failure(self.clock(), fault.status)

    def decorate(self, request: Request, response: Response) -> Response:
        response.headers["intuit_tid"] = f"1-{uuid4()}"
        if request.path.startswith("/v3/"):
            response.headers["QBO-Version"] = "1995.142"
        return response

    def act_out_own(self, fault: Fault, request: Request, carry_out: CarryOut) -> Response:
        match fault.kind:
            case "incomplete_picture":  # the payments of this answer; `body` names the shape
                response = carry_out()
                response.set_data(shown_incompletely(response.get_data(), fault.body or "empty_lines"))
                return response
            case "expired_token":
                token = request.headers.get("Authorization", "").partition(" ")[2]
                return self._gateway(envelopes.authentication_failed(f"Token expired: {token}"))
            case "forbidden":
                return self._gateway(envelopes.authorization_failed())
            case "monthly_cap":
                return self._gateway(monthly_cap_reached())
            case _:  # a Fault inside HTTP 200, request not carried out (observed 2026-08)
                return envelopes.system_failure(self.clock(), 200)

    def _empty(self) -> None:
        self.companies.clear()
        self.webhooks.clear()
        self.tokens = TokenStore(self.switches, self.clock)
        self.gate = Gate(self.switches, self.tokens, self.clock)
        self._oauth = OAuthEndpoints(self.client_id, self.client_secret, self.switches, self.tokens)
        self._first_answers = FirstAnswers()
        self._reports = 0

    def _is_connected(self, realm_id: str) -> bool:
        return self.tokens.is_connected(realm_id)

    def _account(self, endpoint: str, request: Request, realm_id: str, record_id: str) -> Response:
        reads = accounting.reads_in(endpoint, request, self.switches)
        fault = self.gate.check(realm_id, request.headers.get("Authorization", ""), reads)
        if fault is not None:
            return self._gateway(fault)
        company = self.companies[realm_id]  # a token is only ever given out for a company that exists
        request_id = request.args.get("requestid", "") if request.method == "POST" else ""
        known = self._first_answers.find(realm_id, request_id)
        try:
            if known is not None:
                return known.replayed(request, self.switches)
            if len(request_id) > REQUEST_ID_LENGTH:
                raise too_long("requestid", REQUEST_ID_LENGTH)
            if endpoint == "report":
                return self._report(company, record_id, request)
            body_json = accounting.answer(company, endpoint, request, record_id)
        except Refused as refused:
            return envelopes.refusal(refused, self.clock(), self.switches.fault_spelling, self.switches.refusal_status)
        response = envelopes.success(
            body_json,
            self.clock(),
            request,
            xml_without_accept=self.switches.xml_without_accept,
        )
        if request_id:
            self._first_answers.keep(realm_id, request_id, request, response, self.switches.request_ids_kept)
        return response

    def _report(self, company: Company, name: str, request: Request) -> Response:
        """A report, which is JSON whatever the caller accepts, and has no envelope."""
        accounting.must_be_open(company)
        self._reports += 1
        try:
            body = reports.answer(company, name, request.args.to_dict(), self._reports)
        except reports.TooManyColumns:
            return Response("<html><h1>504 Gateway Time-out</h1></html>", 504, content_type="text/html")
        headers = {"v3modernResponse": "true"} if self.switches.report_version == "v2" else {}
        return json_response(body, headers=headers, content_type="application/json;charset=UTF-8")

    def _gateway(self, fault: envelopes.GatewayFault) -> Response:
        if fault.status == 429 and self.switches.throttle_body == "plain":  # noqa: PLR2004
            return Response("Too Many Requests", 429, content_type="text/plain")
        return envelopes.gateway_refusal(fault, self.clock(), self.switches.fault_spelling)

    def _operate(self, operation: str, request: Request) -> Response:
        """A control operation by its name, its arguments as a JSON object."""
        if operation not in OPERATIONS:
            return json_response({"message": f"There is no operation {operation!r}."}, 404)
        method = getattr(self, operation)
        arguments = read_json(request) if request.get_data() else {}
        try:
            inspect.signature(method).bind(**arguments)
            result = method(**arguments)
        except Refused as refused:
            return json_response({"message": str(refused), "code": refused.code}, 400)
        except (ValueError, TypeError, ArithmeticError, KeyError) as error:
            return json_response({"message": f"{type(error).__name__}: {error}"}, 400)
        return json_response({"result": _plain(result)})


def _plain(result: Any) -> Any:
    if isinstance(result, list):
        return [_plain(one) for one in result]
    return result.to_json() if hasattr(result, "to_json") else result
