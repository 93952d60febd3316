"""The part of the control API that every sandbox has: health, faults, calls, reset."""

import re
from contextlib import AbstractContextManager
from typing import Protocol

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.calls import CallLog
from sandbox.faults import Fault, FaultPlan
from sandbox.replies import json_response, read_json

_ROUTES = Map(
    [
        Rule("/control/health", methods=["GET"], endpoint="health"),
        Rule("/control/faults", methods=["GET"], endpoint="list_faults"),
        Rule("/control/faults", methods=["POST"], endpoint="add_faults"),
        Rule("/control/faults", methods=["DELETE"], endpoint="clear_faults"),
        Rule("/control/calls", methods=["GET"], endpoint="calls"),
        Rule("/control/calls/reset", methods=["POST"], endpoint="reset_calls"),
        Rule("/control/reset", methods=["POST"], endpoint="reset"),
    ],
)


class Controlled(Protocol):
    """The parts of every sandbox that can be read and set from outside."""

    name: str
    bugs: list[str]
    faults: FaultPlan
    calls: CallLog

    @property
    def lock(self) -> AbstractContextManager[bool]: ...

    def reset(self) -> None: ...


def answer(sandbox: Controlled, request: Request) -> Response | None:
    """Answers a common control request; None when it is the vendor's own."""
    try:
        endpoint, _ = _ROUTES.bind_to_environ(request.environ).match()
    except NotFound:
        return None
    except HTTPException as error:
        return json_response({"message": error.description}, error.code or 500)
    try:
        return _do(endpoint, sandbox, request)
    except (BadRequest, ValueError, TypeError, re.error) as error:
        return json_response({"message": str(error)}, 400)


def _do(endpoint: str, sandbox: Controlled, request: Request) -> Response:
    match endpoint:
        case "health":
            return json_response({"name": sandbox.name, "status": "ok", "bugs": sandbox.bugs})
        case "add_faults":
            body = read_json(request)
            sandbox.faults.add(*(Fault.from_json(one) for one in (body if isinstance(body, list) else [body])))
        case "clear_faults":
            sandbox.faults.clear()
        case "calls":
            return json_response(sandbox.calls.to_json())
        case "reset_calls":
            sandbox.calls.reset()
            return Response(status=204)
        case "reset":
            with sandbox.lock:
                sandbox.reset()
            return Response(status=204)
    return json_response(sandbox.faults.to_json())
