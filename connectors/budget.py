"""The limits of an exchange: one deadline and one size, from the first look for an address to the last byte.

The time limits of sockets count between bytes: a peer that sends a byte a second, one `100 Continue` after the other,
or headers without end keeps a call going for ever and breaks none of them. So every exchange opens a budget, and every
operation on the socket (`connectors/sockets.py`) asks it how long to wait, and counts the bytes that came.

The budget belongs to the thread of the exchange: the sockets are pooled, and http.client reads from them in places that
no argument of ours reaches.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

# A status line, a hundred headers, and what gateways put before them; ConnectWise's and Intuit's are two kilobytes.
HEADER_BYTES_MAX = 64 * 1024
# http.client reads ahead by so much: bytes of the body may have come with the headers.
_READ_AHEAD_BYTES = 8 * 1024


class TooMuch(Exception):
    """The peer sends more than any answer to our questions can be.

    On purpose no OSError: urllib3 would take it for a broken connection, and http.client would try to go on.
    """


def anywhere(_host: str, _address: str) -> str | None:
    """For an exchange that may go to every address."""


@dataclass(slots=True)
class Budget:
    """One exchange's time and bytes.

    Attributes:
        connect_ends, ends: moments of the monotonic clock.
        refusal: why we ourselves did not connect to the host's address, if so.
        sent: set before the first byte of the request goes out. Until then the peer cannot have carried anything out;
            this is the only proof, whatever the exception says.
        why_refused: returns why we may not connect to this address (of that host), or None.
    """

    connect_ends: float
    ends: float
    answer_seconds: float
    body_bytes_max: int
    why_refused: Callable[[str, str], str | None] = anywhere
    refusal: str | None = None
    sent: bool = False
    _bytes_left: int = field(default=HEADER_BYTES_MAX + _READ_AHEAD_BYTES)

    def begin_request(self) -> None:
        """Starts the answer's own time at the first byte of the request, however soon the connection was there."""
        if not self.sent:
            self.sent = True
            self.ends = min(self.ends, time.monotonic() + self.answer_seconds)

    def begin_body(self) -> None:
        """The headers are complete; from now on the bytes are the body and the framing of its chunks."""
        self._bytes_left = self.body_bytes_max + _READ_AHEAD_BYTES

    def seconds_to_connect(self) -> float:
        return _left(min(self.connect_ends, self.ends))

    def seconds_left(self) -> float:
        return _left(self.ends)

    def take(self, received: int) -> None:
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise TooMuch


def _left(ends: float) -> float:
    """The seconds left, never zero: a socket takes zero to mean that it must not wait at all.

    Raises:
        TimeoutError: no time is left.
    """
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the exchange's time is over")
    return left


_current: ContextVar[Budget | None] = ContextVar("exchange_budget", default=None)
_question_ends: ContextVar[float | None] = ContextVar("question_ends", default=None)


def current_budget() -> Budget | None:
    return _current.get()


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Meanwhile everything that this thread does on sockets counts against this budget."""
    outer = _question_ends.get()
    if outer is not None:
        budget.ends = min(budget.ends, outer)
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def one_question(seconds: float) -> Iterator[None]:
    """All exchanges meanwhile share this time: a question of several exchanges may take no longer than this.

    Inside another question nothing changes: the caller waits for the outer one.
    """
    if _question_ends.get() is not None:
        yield
        return
    token = _question_ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _question_ends.reset(token)


class Asks(Protocol):
    """Asks questions of several exchanges, each within a time of its own."""

    def one_question(self) -> AbstractContextManager[None]: ...


Asker = TypeVar("Asker", bound=Asks)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_one_question(
    method: Callable[Concatenate[Asker, Arguments], Result],
) -> Callable[Concatenate[Asker, Arguments], Result]:
    """Pages, an API that has moved, the look after a 404: the holder of a lane waits for all of them together.

    With a time limit for each exchange, a write could begin long after the end of the lease that allowed it, and a
    server that is slow on every page of a long list would keep a worker's thread for an hour.
    """

    @wraps(method)
    def within_one_exchange(self: Asker, /, *args: Arguments.args, **more: Arguments.kwargs) -> Result:
        with self.one_question():
            return method(self, *args, **more)

    return within_one_exchange
