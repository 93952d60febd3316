"""What the tests of the QuickBooks sandbox share: a clock, a caller with a token, and a place webhooks arrive at."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
import simplejson

from sandbox.faults import FaultPlan
from sandbox.quickbooks import QuickBooksSandbox, Switches
from sandbox.server import serve

REALM = "9130347"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, at: datetime = datetime(2026, 11, 20, 18, 0, 0, 123456, UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def books(*, currency: str = "USD", multicurrency: bool = False, **switches) -> QuickBooksSandbox:
    """A sandbox with one company and one customer, id "1"; its clock is `.clock`."""
    sandbox = QuickBooksSandbox(switches=Switches(**switches), faults=FaultPlan(seed=1), clock=Clock())
    sandbox.add_company(REALM, "Example Company", currency, multicurrency=multicurrency)
    sandbox.add_customer("Red Rock Diner")
    return sandbox


class Caller:
    """A client as plain as can be: it adds the token and shows what comes back."""

    def __init__(self, url: str, sandbox: QuickBooksSandbox, session: requests.Session) -> None:
        self.url = url
        self.sandbox = sandbox
        self.session = session
        session.trust_env = False
        session.headers["Accept"] = "application/json"
        self.use(sandbox.issue_tokens()["access_token"])

    def use(self, access_token: str) -> None:
        self.session.headers["Authorization"] = f"Bearer {access_token}"

    def get(self, path: str, realm: str = REALM, **params) -> requests.Response:
        return self.session.get(
            f"{self.url}/v3/company/{realm}/{path}", params={"minorversion": 75, **params}, timeout=120
        )

    def post(self, path: str, body, headers=None, **params) -> requests.Response:
        data = body if isinstance(body, str) else simplejson.dumps(body, use_decimal=True)
        headers = headers or {"Content-Type": "application/json"}
        return self.session.post(
            f"{self.url}/v3/company/{REALM}/{path}", data=data, params=params, headers=headers, timeout=120
        )

    def query(self, statement: str) -> requests.Response:
        return self.get("query", query=statement)

    def found(self, statement: str, entity: str = "Payment") -> list[dict]:
        response = self.query(statement)
        assert response.status_code == 200, response.text
        return decimals(response)["QueryResponse"].get(entity, [])

    def cdc(self, since: str | datetime, entities: str = "Payment,Invoice") -> requests.Response:
        since = since if isinstance(since, str) else since.isoformat()
        return self.get("cdc", entities=entities, changedSince=since)

    def changes(self, since: str | datetime, entities: str = "Payment,Invoice") -> dict[str, list[dict]]:
        response = self.cdc(since, entities)
        assert response.status_code == 200, response.text
        blocks = decimals(response)["CDCResponse"][0]["QueryResponse"]
        return {name: block[name] for block in blocks for name in block if isinstance(block[name], list)}


def decimals(response: requests.Response):
    return simplejson.loads(response.text, use_decimal=True)


def code(response: requests.Response) -> str:
    return response.json()["Fault"]["Error"][0]["code"]


@contextmanager
def calling(sandbox: QuickBooksSandbox) -> Iterator[Caller]:
    with serve(sandbox) as server, requests.Session() as session:
        yield Caller(server.url, sandbox, session)


@dataclass(frozen=True)
class Arrival:
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def json(self):
        return simplejson.loads(self.body)


class Receiver:
    """A webhook endpoint; `answers` are the statuses it gives, the last one for ever; None hangs up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.arrivals: list[Arrival] = []
        self.answers: list[int | None] = [200]
        self.answer_seconds = 0.0
        self.closing = threading.Event()

    def next_answer(self) -> int | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for(self, count: int) -> list[Arrival]:
        wait_until(lambda: len(self.arrivals) >= count)
        return list(self.arrivals)

    def events(self) -> list[dict]:
        return [event for arrival in list(self.arrivals) for event in arrival.json]

    def wait_for_events(self, count: int) -> list[dict]:
        wait_until(lambda: len(self.events()) >= count)
        return self.events()


def wait_until(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.next_answer()
            receiver.arrivals.append(Arrival(body, headers, time.monotonic()))
            receiver.closing.wait(receiver.answer_seconds)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *_) -> None:
            """The sender gave up on a slow answer: that is what the test asked for."""

    server = Quiet(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks/quickbooks")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
