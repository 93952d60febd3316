"""The server under the sandbox: connections that stay open, many at a time, and an end that leaves nothing behind."""

import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.faults import Fault
from sandbox.server import serve

PAYMENTS = "/finance/invoices/200/payments"


def connection_to(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=120)


def answered(connection):
    try:
        return connection.recv(10).startswith(b"HTTP")
    except ConnectionResetError:
        return False


def test_a_connection_is_kept_for_the_next_request(api, connectwise):
    connectwise.add_invoice("INV-1", "5.00")
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as connection:
        for _ in range(3):
            connection.sendall(b"GET /login/companyinfo/acme HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"Connection: close" not in answer


def test_a_body_left_unread_by_an_error_does_not_disturb_the_next_request(api):
    assert api.post("/nowhere", data=b"x" * 100_000).status_code == 404
    assert api.get("/finance/invoices").status_code == 200


def test_a_chunked_body_is_read_whole(api, connectwise):
    connectwise.add_invoice("INV-1", "5.00")
    chunks = iter([b'{"amo', b'unt": 5}'])
    response = api.post(PAYMENTS, data=chunks, headers={"Content-Type": "application/json"})
    assert response.status_code == 201
    assert api.get("/finance/invoices").status_code == 200


def test_a_request_that_breaks_off_is_never_carried_out(api, connectwise):
    connectwise.add_invoice("INV-1", "5.00")
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as connection:
        head = f"POST /v4_6_release/apis/3.0{PAYMENTS} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        connection.sendall(head.encode() + b'{"amount": 5}')
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
    assert connectwise.calls.total == 0


def test_a_client_that_waits_for_the_go_ahead_gets_it(api):
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as connection:
        connection.sendall(
            b"POST /control/calls/reset HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 204")


def test_requests_are_served_side_by_side_but_change_the_world_one_by_one(api, connectwise):
    connectwise.add_invoice("INV-1", "500.00")
    connectwise.set_switches(second_payment="reject")
    connectwise.faults.add(Fault("latency", seconds=0.5, times=None))

    def post(_):
        with requests.Session() as session:
            session.auth, session.headers = api.auth, api.headers
            return session.post(f"{api.url}/v4_6_release/apis/3.0{PAYMENTS}", json={"amount": 1}, timeout=120)

    started = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(response.status_code for response in pool.map(post, range(20)))
    assert time.monotonic() - started < 20 * 0.5, "one after the other would take that long at least"
    assert statuses == [201] + [400] * 19
    assert len(connectwise.invoice(200).payments) == 1


def test_stopping_ends_idle_connections_and_every_thread():
    before = set(threading.enumerate())
    with serve(ConnectWiseSandbox()) as server, connection_to(server) as idle:
        idle.sendall(b"GET /control/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(65536)
        with connection_to(server):
            assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        connection_to(server)


def test_a_sandbox_can_be_served_again_at_the_same_port_with_its_world():
    sandbox = ConnectWiseSandbox()
    with serve(sandbox) as server, requests.Session() as session:
        sandbox.add_invoice("INV-1", "5.00")
        assert session.get(f"{server.url}/control/health", timeout=120).ok
        port = server.port
    with serve(sandbox, port=port) as server:
        [invoice] = requests.get(f"{server.url}/control/companies/acme/invoices", timeout=120).json()
    assert (server.port, invoice["number"]) == (port, "INV-1")


def test_https_is_spoken_with_a_certificate_the_client_can_trust():
    with serve(ConnectWiseSandbox(), tls=True) as server:
        answer = requests.get(f"{server.url}/control/health", verify=str(server.certificate_path), timeout=120)
        assert answer.json()["status"] == "ok"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{server.url}/control/health", timeout=120)
        with connection_to(server) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert not answered(plain)
    assert not server.certificate_path.exists()


def test_a_client_that_stalls_in_the_handshake_delays_nobody_not_even_the_stop():
    with serve(ConnectWiseSandbox(), tls=True) as server, connection_to(server):
        trusting = ssl.create_default_context(cafile=server.certificate_path)
        with connection_to(server) as other, trusting.wrap_socket(other, server_hostname="127.0.0.1") as secured:
            secured.sendall(b"GET /control/health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert secured.recv(65536).startswith(b"HTTP/1.1 200")
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 60


def test_a_dropped_connection_is_dropped_under_tls_as_well():
    sandbox = ConnectWiseSandbox()
    sandbox.faults.add(Fault("commit_then_drop"))
    with serve(sandbox, tls=True) as server, pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{server.url}/login/companyinfo/acme", verify=str(server.certificate_path), timeout=120)


def test_a_failure_of_the_sandbox_itself_does_not_pass_for_a_bad_day():
    class Broken(ConnectWiseSandbox):
        def handle(self, endpoint, request, args):
            raise ZeroDivisionError("a bug")

    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"), serve(Broken()) as server:
        assert requests.get(f"{server.url}/login/companyinfo/acme", timeout=120).status_code == 500
