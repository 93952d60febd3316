"""What strangers, slow pages and slow systems may hold, and that the door answers beside all of it.

The server is a real one, with the protocol of the Procfile and a port of its own.
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
import requests
import simplejson
import uvicorn
from fastapi import FastAPI

from models.inbox import Entity, events_about
from settings import Settings
from tests.web.browser import Browser, forms_in
from tests.web.conftest import PARTNER
from tests.web.hooks import cloud_event, signed
from tests.web.routes import routes_of
from tests.world import World
from web import admission, protocol
from web.app import create_app
from web.call_semaphores import PartnerSemaphore

DOOR = "/webhooks/quickbooks"
# For a slow machine; what is tested is that an answer comes at all.
PATIENCE = 60


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, redis_url="")


@contextmanager
def serving(app: FastAPI, connections_max: int | None = None) -> Iterator[int]:
    config = uvicorn.Config(
        app,
        port=0,
        log_level="warning",
        lifespan="off",
        http=protocol.BoundedProtocol,
        limit_concurrency=connections_max,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    with serving(app) as port:
        yield port


def deliver(port: int, number: int = 1) -> int:
    body = simplejson.dumps([cloud_event(number)]).encode()
    headers = {"intuit-signature": signed(body)}
    return requests.post(f"http://127.0.0.1:{port}{DOOR}", data=body, headers=headers, timeout=PATIENCE).status_code


_connections: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    while _connections:
        _connections.pop().close()


def opened(port: int, said: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    _connections.append(connection)
    connection.sendall(said)
    return connection


def status_of(connection: socket.socket) -> int | None:
    """The answer's status; None if the connection was closed without one."""
    try:
        answer = connection.recv(65536)
    except ConnectionError:
        return None
    return int(answer.split(b" ", 2)[1]) if answer else None


def request(path: str, length: int, sent: bytes = b"", signature: str = "") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", f"intuit-signature: {signature}"]
    return "\r\n".join([*lines, "content-type: application/x-www-form-urlencoded", "", ""]).encode() + sent


# --- threads ---


def test_the_door_answers_while_every_thread_of_the_pages_is_held(world: World, settings: Settings) -> None:
    held, free = threading.Semaphore(0), threading.Event()
    app = create_app(world.context, settings)

    @app.get("/slow")
    def slow() -> None:
        held.release()
        free.wait(PATIENCE)

    with serving(app) as port, ThreadPoolExecutor(60) as people:
        pages = [people.submit(requests.get, f"http://127.0.0.1:{port}/slow", timeout=PATIENCE) for _ in range(60)]
        try:
            for _ in range(40):
                assert held.acquire(timeout=PATIENCE)
            assert deliver(port) == 200
            assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code == 200
            assert requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).status_code == 200
            assert not any(page.done() for page in pages)
        finally:
            free.set()
    with world.context.database.reading() as session:
        assert len(events_about(session, world.source_id, Entity.PAYMENT, "1")) == 1


def test_the_door_answers_while_every_connection_to_the_database_is_held(app: FastAPI, world: World) -> None:
    with serving(app) as port, ExitStack() as held:
        for _ in range(30):
            held.enter_context(world.context.database.engine.connect())
        assert deliver(port) == 200
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code == 200


def test_more_pages_than_there_is_room_for_are_sent_away(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PAGES_MAX", 0)
    with serving(app) as port:
        page = requests.get(f"http://127.0.0.1:{port}/login", timeout=PATIENCE)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        assert deliver(port) == 200


# --- slow work ---


@pytest.mark.proof
def test_no_page_calls_another_system_without_a_place(app: FastAPI, world: World, partner: Browser) -> None:
    """Every route of the application is tried; those that would call say so, and nobody was called."""
    payment = world.pay("40.00", (world.invoice("100.00"), "40.00"))
    world.notice()
    token = forms_in(partner.get("/integrations").text)[-1].fields["csrf_token"]
    semaphore: PartnerSemaphore = app.state.call_semaphore
    while semaphore.acquire(blocking=False):
        pass
    before = calls_of(world)
    busy = set()
    for method, route in routes_of(app):
        path = route.replace("{vendor}", "quickbooks").replace("{role}", "source")
        path = path.replace("{external_id}", payment).replace("{payment_id}", payment)
        # /readyz says what is wrong with the installation: here no worker runs.
        if path in ("/logout", "/login", "/readyz") or path.startswith("/webhooks"):
            continue
        answer = partner.client.request(method, path, data={"csrf_token": token}, follow_redirects=False)
        if answer.status_code == 503:
            busy.add(route)
            assert "Retry-After" in answer.headers, path
    assert calls_of(world) == before
    assert busy == {
        "/invoices/look-up",
        "/invoices/add",
        "/integrations/connections/{role}/test",
        "/integrations/connections/{role}/disconnect",
        "/integrations/{vendor}/callback",
        "/payments/{external_id}/retry",
        # Asks the name servers where the address leads.
        "/settings/webhooks",
        # Asks our own records every rule.
        "/integrations/resume-writes",
    }


def calls_of(world: World) -> int:
    return world.quickbooks.calls.total + world.connectwise.calls.total


def test_one_partner_cannot_take_all_places() -> None:
    semaphore = PartnerSemaphore(4, 2)
    with (
        semaphore.slot(1) as first,
        semaphore.slot(1) as second,
        semaphore.slot(1) as third,
        semaphore.slot(2) as other,
    ):
        assert (first, second, third, other) == (True, True, False, True)
        with semaphore.slot(3) as fourth, semaphore.slot(4) as fifth:
            assert (fourth, fifth) == (True, False)
    with semaphore.slot(1) as again:
        assert again


def test_more_logins_than_there_is_room_for_are_sent_away(app: FastAPI, anybody: Browser) -> None:
    semaphore: PartnerSemaphore = app.state.login_semaphore
    while semaphore.acquire(blocking=False):
        pass
    answer = anybody.log_in(PARTNER)
    assert answer.status_code == 503
    assert "Many people are logging in" in answer.text
    assert "Retry-After" in answer.headers


# --- bounds before anybody knows who it is ---


def test_headers_that_do_not_arrive_are_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.2)
    with serving(app) as port:
        assert status_of(opened(port, b"POST /webhooks/quickbooks HTTP/1.1\r\nHost: x\r\nX-Slow: ")) == 408
        # Nothing was said, so there is nothing to answer.
        assert status_of(opened(port)) is None
        # Nor on a connection that has brought one good request before.
        again = opened(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status_of(again) == 303
        again.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert status_of(again) == 408
        # A page that is slow is no slow header.
        assert deliver(port) == 200


@pytest.mark.parametrize("path", [DOOR, "/login", "/api/own-payments", "/logout"])
def test_a_body_that_does_not_arrive_is_not_waited_for(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(admission, "BODY_SECONDS", 0.2)
    with serving(app) as port:
        assert status_of(opened(port, request(path, 1000, b"[", signed(b"x")))) == 408


def test_at_the_limit_of_connections_the_idle_make_room(app: FastAPI) -> None:
    with serving(app, connections_max=5) as port:
        idle = [opened(port, b"POST ") for _ in range(20)]
        assert deliver(port) == 200
        assert sum(status_of(one) is None for one in idle[:10]) == 10


def test_no_byte_of_a_body_is_read_that_cannot_be_authentic(port: int) -> None:
    for signature in ("", "not base64", "AAAA"):
        assert status_of(opened(port, request(DOOR, 1_000_000, b"", signature))) == 403
    assert status_of(opened(port, request(DOOR, 10**9, b"", signed(b"x")))) == 413


def test_a_body_without_a_length_is_refused_once_it_is_too_large(world: World) -> None:
    app = create_app(world.context, Settings(_env_file=None, redis_url="", webhook_bytes_max=100_000))
    with serving(app) as port:
        parts = iter([b"x" * 60_000, b"x" * 60_000])
        headers = {"intuit-signature": signed(b"x")}
        address = f"http://127.0.0.1:{port}{DOOR}"
        assert requests.post(address, data=parts, headers=headers, timeout=PATIENCE).status_code == 413


def test_large_bodies_give_way_to_small_ones(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "BYTES_IN_FLIGHT_MAX", 300_000)
    app = create_app(world.context, Settings(_env_file=None, redis_url=""))
    with serving(app) as port:
        large = [opened(port, request(DOOR, 200_000, b"[" * 100_000, signed(b"x"))) for _ in range(6)]
        refused = [one for one in large if answers_within(one, 1)]
        assert len(refused) >= 3
        assert {status_of(one) for one in refused} == {503}
        assert deliver(port) == 200


def answers_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False


# --- callers who go ---


@pytest.mark.parametrize("said", [b"", b"[", b"x" * 70_000])
@pytest.mark.parametrize("path", [DOOR, "/login", "/logout", "/api/own-payments", "/organizations", "/nowhere"])
def test_a_caller_who_goes_leaves_no_traceback(
    app: FastAPI, caplog: pytest.LogCaptureFixture, path: str, said: bytes
) -> None:
    caplog.set_level(logging.INFO)
    with serving(app) as port:
        opened(port, request(path, 100_000, said, signed(b"x"))).close()
        get = opened(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        get.close()
        assert deliver(port) == 200
    assert "Traceback" not in caplog.text
    assert "Exception in ASGI" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
