"""Sockets that keep to the budget of their exchange, and the adapter that makes requests use them.

Why sockets: http.client reads status line, headers and chunk sizes line by line in blocking calls, urllib3 and requests
read bodies on top of it; all of it ends in `recv_into` of one socket, in the thread of the exchange. Only there does no
byte pass uncounted. The alternative was a second thread that closes the socket at the deadline; it costs a thread for
each call, and the next exchange may already be using the socket that it closes.

CPython's own socket calls (`connect`, `sendall`, the TLS handshake, reading one TLS record) keep to the socket's time
limit as a whole and not between bytes; so it is enough to set that limit anew before each of them.
"""

import socket
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.retry import Retry
from urllib3.util.ssl_ import create_urllib3_context

from connectors.budget import current_budget

# A thread of its own resolves each name, as the system's resolver knows no deadline. This many may wait for a name
# server that does not answer; the resolver gives up after half a minute.
_RESOLVING_MAX = 32
_resolving = threading.BoundedSemaphore(_RESOLVING_MAX)

# The system repeats what the peer does not acknowledge: for two minutes after we have given up and closed the socket,
# and longer if we are frozen. A payment could land long after its settle time, when the network is back and another one
# was sent. With this, nothing is repeated for longer than an answer may take. Linux has it.
_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


class _Bounded(socket.socket):
    """Asks the budget before each call and counts the bytes after it. Without one (never here) an ordinary socket."""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        budget = current_budget()
        if budget is None:
            return super().recv_into(buffer, nbytes, flags)
        self.settimeout(budget.seconds_left())
        received = super().recv_into(buffer, nbytes, flags)
        budget.take(received)
        return received

    def send(self, data: Any, flags: int = 0) -> int:
        budget = current_budget()
        if budget is not None:
            self.settimeout(budget.seconds_left())
        return super().send(data, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        budget = current_budget()
        if budget is not None:
            self.settimeout(budget.seconds_left())
        super().sendall(data, flags)


class _BoundedTls(_Bounded, ssl.SSLSocket):  # type: ignore[misc]  # typeshed names the arguments in two ways
    """The same around TLS: its `sendall` is a loop around `send`, so each piece asks anew."""


def _connect(connection: HTTPConnection) -> socket.socket:
    """A connected socket for requests, with the failures that urllib3 knows."""
    host = connection.host.strip("[]")
    try:
        return connected(host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection within the time limit") from error
    except OSError as error:
        raise NewConnectionError(connection, "no address could be connected to") from error


def connected(host: str, port: int | None) -> socket.socket:
    """A connected socket of the first address that answers, within the time for connecting.

    Raises:
        socket.gaierror: the host has no address.
        TimeoutError: the time is over.
        OSError: no address could be connected to.
    """
    budget = current_budget()
    assert budget is not None, "every exchange opens a budget"
    failure: OSError | None = None
    for family, kind, protocol, _, address in resolve(host, port, budget.seconds_to_connect()):
        # We check the address itself: a name can lead to another one every time.
        refusal = budget.why_refused(host, address[0])
        if refusal is not None:
            budget.refusal = refusal
            continue
        opened = _Bounded(family, kind, protocol)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _USER_TIMEOUT is not None:
                opened.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, max(1, int(budget.answer_seconds * 1000)))
            opened.settimeout(budget.seconds_to_connect())
            opened.connect(address)
            # The TLS handshake gets the time that is left for connecting.
            opened.settimeout(budget.seconds_to_connect())
        except OSError as error:
            opened.close()
            failure = error
        else:
            budget.refusal = None
            return opened
    raise failure or OSError("no address could be connected to")


def bounded_tls() -> ssl.SSLContext:
    """Checks certificates as usual; its sockets keep to the budget."""
    context = ssl.create_default_context()
    context.sslsocket_class = _BoundedTls
    return context


def resolve(host: str, port: int | None, seconds: float) -> Sequence[Address]:
    """The host's addresses.

    Raises:
        socket.gaierror: it has none.
        TimeoutError: the name servers take too long.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    if not _resolving.acquire(timeout=seconds):
        raise TimeoutError("too many names are being asked for")
    asked: Future[Sequence[Address]] = Future()

    def ask() -> None:
        try:
            asked.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            gaierror = error if isinstance(error, socket.gaierror) else socket.gaierror(socket.EAI_NONAME, str(error))
            asked.set_exception(gaierror)
        finally:
            _resolving.release()

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        return asked.result(seconds)
    except NotYet:
        raise TimeoutError("the name could not be resolved within the time limit") from None


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def send(self, data: Any) -> None:
        _send(self, data, super().send)

    def getresponse(self) -> Any:
        return _answer_of(super().getresponse())


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = _BoundedTls
        self.ssl_context = context
        super().connect()

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def send(self, data: Any) -> None:
        _send(self, data, super().send)

    def getresponse(self) -> Any:
        return _answer_of(super().getresponse())


def _send(connection: HTTPConnection, data: Any, send: Any) -> None:
    """Everything that http.client writes comes through here; the first call is the first byte of the request."""
    if connection.sock is None:
        connection.connect()
    budget = current_budget()
    if budget is not None:
        budget.begin_request()
    send(data)


def _answer_of(response: Any) -> Any:
    budget = current_budget()
    if budget is not None:
        budget.begin_body()
    return response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class BoundedAdapter(HTTPAdapter):
    """requests on these sockets: no retry and no redirect of its own."""

    def __init__(self, connections_max: int) -> None:
        super().__init__(pool_maxsize=connections_max, max_retries=Retry(0, redirect=False))

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
