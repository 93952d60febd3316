"""Answers as QuickBooks wraps them: the envelope with its `time`, and faults in their two spellings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.etree import ElementTree as ET

from werkzeug.wrappers import Request, Response

from sandbox.quickbooks.times import epoch_milliseconds, server_time
from sandbox.quickbooks.world.faults import Refused
from sandbox.replies import json_response

Json = dict[str, Any]
Spelling = Literal["documented", "upper", "lower"]


@dataclass(frozen=True)
class GatewayFault:
    """A fault of the gateway in front of the service: authentication, authorization, throttling."""

    status: int
    reason: str
    code: str
    kind: str
    detail: str | None

    @property
    def message(self) -> str:
        return f"message={self.reason}; errorCode=00{self.code}; statusCode={self.status}"


def authentication_failed(detail: str) -> GatewayFault:
    return GatewayFault(401, "AuthenticationFailed", "3200", "AUTHENTICATION", detail)


def authorization_failed() -> GatewayFault:
    return GatewayFault(403, "ApplicationAuthorizationFailed", "3100", "AUTHORIZATION", None)


def throttled(detail: str = "The request limit was reached.") -> GatewayFault:
    return GatewayFault(429, "ThrottleExceeded", "3001", "SERVICE", detail)


def success(body: Json, now: datetime, request: Request, *, xml_without_accept: bool) -> Response:
    """JSON for clients that ask for it; XML for all others, as Intuit does."""
    body = body | {"time": server_time(now)}
    if xml_without_accept and "json" not in request.headers.get("Accept", ""):
        root = ET.Element("IntuitResponse", xmlns="http://schema.intuit.com/finance/v3", time=body.pop("time"))
        for name, value in body.items():
            _to_xml(root, name, value)
        return Response(ET.tostring(root, xml_declaration=True, encoding="UTF-8"), content_type="application/xml")
    return json_response(body, content_type="application/json;charset=UTF-8")


def _to_xml(parent: ET.Element, name: str, value: Any) -> None:
    for one in value if isinstance(value, list) else [value]:
        child = ET.SubElement(parent, name)
        if isinstance(one, dict):
            for key, inner in one.items():
                _to_xml(child, key, inner)
        else:
            child.text = str(one).lower() if isinstance(one, bool) else str(one)


def fault_body(refused: Refused) -> Json:
    """The inside of `Fault`, also used per item of a batch."""
    error = {"Message": refused.message, "Detail": refused.detail, "code": refused.code, "element": ""}
    return {"Error": [error], "type": refused.kind}


def refusal(refused: Refused, now: datetime, spelling: Spelling, status: int = 400) -> Response:
    if spelling == "lower":
        body = _gateway_body(refused.message, refused.detail, refused.code, refused.kind, now)
    else:
        body = {"Fault": fault_body(refused), "time": server_time(now)}
    return json_response(body, status, content_type="application/json;charset=UTF-8")


def gateway_refusal(fault: GatewayFault, now: datetime, spelling: Spelling) -> Response:
    if spelling == "upper":
        refused = Refused(fault.code, fault.message, fault.detail or "", fault.kind)
        return refusal(refused, now, "upper", fault.status)
    body = _gateway_body(fault.message, fault.detail, fault.code, fault.kind, now)
    return json_response(body, fault.status, content_type="application/json;charset=UTF-8")


def system_failure(now: datetime, status: int = 500) -> Response:
    refused = Refused(
        "10000",
        "An application error has occurred while processing your request",
        "System Failure Error: java.lang.NullPointerException",
        "SystemFault",
    )
    return refusal(refused, now, "upper", status)


def _gateway_body(message: str, detail: str | None, code: str, kind: str, now: datetime) -> Json:
    """The lower-case form carries a row of empty siblings, and its time is in epoch milliseconds."""
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [{"message": message, "detail": detail, "code": code, "element": None}],
            "type": kind,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": epoch_milliseconds(now),
        "status": None,
        "cdcresponse": [],
    }
