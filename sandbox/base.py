"""What the sandboxes have in common: routing, the call log, faults, and the control API's shared part."""

import re
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response

from sandbox import control_api
from sandbox.calls import Call, CallLog
from sandbox.faults import Fault, FaultPlan
from sandbox.misbehaving import CarryOut, ConnectionDropped, act_out
from sandbox.replies import json_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox(ABC):
    """A vendor's world behind its real HTTP interface; a WSGI application.

    A vendor gives `name`, `url_map` (its API, and its own control routes under /control/), `handle` and
    `reset`. `handle` is called with the lock held, so one request is one atomic change of the world: it must
    not wait for anything. Requests under /control/ are neither counted nor faulted.
    """

    name: str
    url_map: Map
    route_prefix: str = ""  # left out of the route names in the call log
    own_fault_kinds: frozenset[str] = frozenset()

    def __init__(self, faults: FaultPlan | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.lock = threading.RLock()
        self.faults = faults if faults is not None else FaultPlan()
        self.faults.allow(self.own_fault_kinds)
        self.calls = CallLog()
        self.clock = clock
        self.stopping = threading.Event()
        self.bugs: list[str] = []  # tracebacks of the sandbox's own failures; `serve` raises them at its end
        self._later: list[threading.Thread] = []

    @abstractmethod
    def handle(self, endpoint: str, request: Request, args: dict[str, Any]) -> Response:
        """Answers one routed request, under the lock."""

    @abstractmethod
    def reset(self) -> None:
        """Empties the world."""

    def load_world(self, world: Any) -> None:  # noqa: ARG002
        """Fills the world from the JSON of a world file, in a form each vendor defines."""
        raise ValueError(f"{self.name} loads no world file.")

    # A vendor may override these to answer errors in its own format.

    def http_error_reply(self, error: HTTPException, request: Request) -> Response:  # noqa: ARG002
        """The answer when no route fits, or when `handle` raised one of werkzeug's HTTP errors."""
        return json_response({"message": error.description}, error.code or 500)

    def throttle_reply(self, fault: Fault) -> Response:  # noqa: ARG002
        return json_response({"message": "Too many requests."}, 429)

    def error_reply(self, fault: Fault) -> Response:
        return json_response({"message": "An error has occurred."}, fault.status)

    def decorate(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        """Touches every answer of the vendor's API, also those of faults: a trace id, a version header."""
        return response

    def act_out_own(self, fault: Fault, request: Request, carry_out: CarryOut) -> Response:
        """Acts out a kind named in `own_fault_kinds`."""
        raise NotImplementedError(fault.kind)

    # For faults.

    def pause(self, seconds: float | Decimal) -> None:
        """Waits; when the server stops meanwhile the request ends here, undone, with its connection."""
        if self.stopping.wait(float(seconds)):
            raise ConnectionDropped(reset=False)

    def wait_for_late_commits(self) -> None:
        """Returns when all late requests have landed; for worlds with a clock of their own."""
        for thread in list(self._later):
            thread.join()

    def later(self, seconds: float | Decimal, carry_out: CarryOut) -> None:
        """Carries a request out in another thread after a while, unless the server stops before."""

        def run() -> None:
            if not self.stopping.wait(float(seconds)):
                carry_out()

        thread = threading.Thread(target=run, name=f"{self.name}-late-commit", daemon=True)
        with self.lock:
            # Started first: a stop at this moment must not wait for a thread that has not begun.
            thread.start()
            self._later = [*(one for one in self._later if one.is_alive()), thread]

    def start(self) -> None:
        """Called by `serve` at its begin; a sandbox may be served again after a stop, its world intact."""
        self.stopping.clear()

    def stop(self) -> None:
        """Called by `serve` at its end: wakes all waiting threads, and waits for them to end."""
        self.stopping.set()
        self.wait_for_late_commits()

    # WSGI.

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # a late commit reads it after the connection is gone
        response = self._control(request) if request.path.startswith("/control/") else self._serve(request)
        return response(environ, start_response)

    def _control(self, request: Request) -> Response:
        common = control_api.answer(self, request)
        return common if common is not None else self._carry_out(request)

    def _serve(self, request: Request) -> Response:
        hits = self.faults.pick(request.method, request.path)
        call = Call(
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            at=self.clock(),
            fault="+".join(fault.kind for fault in hits) or None,
        )
        self.calls.arrived(self._route(request), call)
        carry_out: CarryOut = partial(self._carry_out, request)
        for fault in reversed(hits):
            carry_out = partial(act_out, fault, self, request, carry_out)
        response = self.decorate(request, carry_out())
        call.status = response.status_code
        return response

    def _carry_out(self, request: Request) -> Response:
        try:
            endpoint, args = self.url_map.bind_to_environ(request.environ).match()
            with self.lock:
                return self.handle(endpoint, request, dict(args))
        except HTTPException as error:
            return self.http_error_reply(error, request)
        except Exception:  # noqa: BLE001  a bug of the sandbox must not pass for the vendor's bad day
            self.bugs.append(traceback.format_exc())
            return Response(self.bugs[-1], 500, content_type="text/plain; charset=utf-8")

    def _route(self, request: Request) -> str:
        try:
            rule, _ = self.url_map.bind_to_environ(request.environ).match(return_rule=True)
        except HTTPException:
            return f"{request.method} (no such route)"
        template = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        return f"{request.method} {template.removeprefix(self.route_prefix)}"
