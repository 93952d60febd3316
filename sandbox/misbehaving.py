"""Acts a fault out: its effect in the world, and the client's view of it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

from werkzeug.wrappers import Request, Response

from sandbox.faults import Fault

CarryOut = Callable[[], Response]

_COMMITTED_FIRST = frozenset(
    {"error_after_commit", "hang_after_commit", "commit_then_drop", "garbage_after_commit", "duplicate_delivery"},
)

# The page of a gateway in front of a vendor while the vendor is down.
GATEWAY_PAGE = "<html><head><title>{status}</title></head><body><h1>{status} Service Error</h1></body></html>"


class ConnectionDropped(Exception):
    """An order to the server: close the connection without an answer, with a reset or politely."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


class Actor(Protocol):
    """A sandbox's part in its faults, each vendor in its own format."""

    def pause(self, seconds: float | Decimal) -> None: ...

    def later(self, seconds: float | Decimal, carry_out: CarryOut) -> None: ...

    def throttle_reply(self, fault: Fault) -> Response: ...

    def error_reply(self, fault: Fault) -> Response: ...

    def act_out_own(self, fault: Fault, request: Request, carry_out: CarryOut) -> Response: ...


def act_out(fault: Fault, sandbox: Actor, request: Request, carry_out: CarryOut) -> Response:  # noqa: C901
    """Carries the request out (`carry_out`) never, once or twice, and answers as the kind says."""
    if fault.kind in _COMMITTED_FIRST:
        carry_out()
    match fault.kind:
        case "latency":
            sandbox.pause(fault.seconds)
            return carry_out()
        case "duplicate_delivery":
            return carry_out()
        case "truncate":
            return _truncated(carry_out())
        case "late_commit":
            sandbox.later(fault.seconds, carry_out)
            raise ConnectionDropped(reset=True)
        case "throttle":
            return _throttled(fault, sandbox)
        case "error" | "error_after_commit":
            return _failed(fault, sandbox)
        case "garbage" | "garbage_after_commit":
            return _page(200)
        case "redirect":
            # To the same address: requests repeats a redirected POST as a GET, which then answers 200 there.
            return Response("", 302, {"Location": fault.body or request.environ["RAW_URI"]})
        case "hang" | "hang_after_commit" | "drop_before_commit" | "commit_then_drop":
            return _silence(fault, sandbox)
        case _:
            return sandbox.act_out_own(fault, request, carry_out)


def _silence(fault: Fault, sandbox: Actor) -> Response:
    hangs = fault.kind.startswith("hang")
    if hangs:
        sandbox.pause(fault.seconds)
    raise ConnectionDropped(reset=not hangs)


def _throttled(fault: Fault, sandbox: Actor) -> Response:
    response = sandbox.throttle_reply(fault) if fault.body is None else _text(fault.body, 429)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _failed(fault: Fault, sandbox: Actor) -> Response:
    if fault.body is None:
        return sandbox.error_reply(fault)
    return _page(fault.status) if fault.body == "html" else _text(fault.body, fault.status)


def _page(status: int) -> Response:
    return Response(GATEWAY_PAGE.format(status=status), status, content_type="text/html; charset=utf-8")


def _text(body: str, status: int) -> Response:
    kinds = {"{": "application/json", "<": "text/html; charset=utf-8"}
    return Response(body, status, content_type=kinds.get(body[:1], "text/plain; charset=utf-8"))


def _truncated(response: Response) -> Response:
    """Promises the whole length and sends half; the server closes a connection whose answer came short."""
    body = response.get_data()

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]

    response.response = half()
    response.headers["Content-Length"] = str(len(body))
    return response
