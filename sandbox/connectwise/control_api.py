"""The control API over HTTP: each route is the operation of the same name, its body the operation's arguments."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from sandbox.connectwise.operations import Operations
from sandbox.connectwise.switches import Switches
from sandbox.replies import json_response, read_json

_COMPANY = "/control/companies/<company_id>"
_INVOICE = f"{_COMPANY}/invoices/<int:invoice_id>"
_PAYMENT = f"{_INVOICE}/payments/<int:payment_id>"


def control_rules() -> list[Rule]:
    return [
        Rule("/control/companies", methods=["GET"], endpoint="control.companies"),
        Rule("/control/companies", methods=["POST"], endpoint="control.add_company"),
        Rule(f"{_COMPANY}/keys", methods=["PATCH"], endpoint="control.set_keys"),
        Rule(f"{_COMPANY}/switches", methods=["PATCH"], endpoint="control.set_switches"),
        Rule(f"{_COMPANY}/permissions", methods=["PATCH"], endpoint="control.set_permissions"),
        Rule(f"{_COMPANY}/refused-values", methods=["PUT"], endpoint="control.refuse_queries_for"),
        Rule(f"{_COMPANY}/locations", methods=["PUT"], endpoint="control.limit_locations"),
        Rule(f"{_COMPANY}/invoices", methods=["GET"], endpoint="control.invoices"),
        Rule(f"{_COMPANY}/invoices", methods=["POST"], endpoint="control.add_invoice"),
        Rule(_INVOICE, methods=["GET"], endpoint="control.invoice"),
        Rule(_INVOICE, methods=["PATCH"], endpoint="control.edit_invoice"),
        Rule(_INVOICE, methods=["DELETE"], endpoint="control.remove_invoice"),
        Rule(f"{_INVOICE}/lines", methods=["POST"], endpoint="control.add_line"),
        Rule(f"{_INVOICE}/status", methods=["PUT"], endpoint="control.set_status"),
        Rule(f"{_INVOICE}/batch", methods=["POST"], endpoint="control.batch_invoice"),
        Rule(f"{_INVOICE}/batch", methods=["DELETE"], endpoint="control.unbatch_invoice"),
        Rule(f"{_INVOICE}/planned-batch", methods=["POST"], endpoint="control.batch_after_next_read"),
        Rule(f"{_INVOICE}/edit-after-close", methods=["POST"], endpoint="control.edit_after_close"),
        Rule(f"{_COMPANY}/tax-codes", methods=["POST"], endpoint="control.add_tax_code"),
        Rule(f"{_COMPANY}/batches", methods=["GET"], endpoint="control.batches"),
        Rule(f"{_COMPANY}/batches/<int:batch_id>", methods=["DELETE"], endpoint="control.delete_batch"),
        Rule(f"{_INVOICE}/payments", methods=["POST"], endpoint="control.type_payment"),
        Rule(_PAYMENT, methods=["PATCH"], endpoint="control.change_payment"),
        Rule(_PAYMENT, methods=["DELETE"], endpoint="control.delete_payment"),
    ]


def control(operations: Operations, endpoint: str, request: Request, args: dict[str, Any]) -> Response:
    try:
        answer = _do(operations, endpoint.removeprefix("control."), args | _arguments(request))
    except KeyError as error:
        return json_response({"message": f"There is no {error}."}, 404)
    except (BadRequest, ValueError, TypeError, ArithmeticError) as error:
        return json_response({"message": str(error)}, 400)
    return Response(status=204) if answer is None else json_response(answer)


def _do(operations: Operations, name: str, arguments: dict[str, Any]) -> Any:
    if name == "companies":
        return [
            {"company_id": company.company_id, "name": company.name, "invoices": len(company.invoices)}
            for company in operations.companies.values()
        ]
    if name == "add_company":
        switches = Switches().changed(**arguments.pop("switches", {}))
        return operations.add_company(**arguments, switches=switches)
    operation: Callable[..., Any] = getattr(operations, name)
    answer = operation(**arguments)
    match name:
        case "set_switches" | "set_permissions":
            return asdict(answer)
        case "invoices" | "batches":
            return [one.to_json() for one in answer]
        case "invoice":
            return answer.to_json()
        case "add_invoice" | "type_payment" | "add_line" | "batch_invoice":
            return {"id": answer}
    return answer


def _arguments(request: Request) -> dict[str, Any]:
    body = read_json(request) if request.get_data() else {}
    if not isinstance(body, dict):
        raise BadRequest("The body is an object of arguments.")
    return {name: _parsed(name, value) for name, value in body.items()}


def _parsed(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name.endswith("_date") and value is not None else value
