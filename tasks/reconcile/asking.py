"""How the reconciliation asks the two systems, and what it does about trouble: it waits, or says what it cannot trust.

Its calls are of a kind of their own: a report that fails stops no payment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from connectors.base import Failure, FailureKind, Got
from connectors.reconciling import Reading, as_untrusted
from domain.breaker import CallKind
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from models.connections import Connection
from tasks.calls import note_failure, note_sick, waited_out
from tasks.context import Context
from tasks.permits import Permits
from tasks.step import Lease

T = TypeVar("T")
S = TypeVar("S")
# Nothing tells us when a system is itself again.
AFTER_TROUBLE = timedelta(minutes=5)
# A failed reading is begun anew this often; then the run ends and says what it could not read.
TRIES_MAX = 3
# Failures that say something about the question and nothing about the connection.
_ABOUT_THE_QUESTION = frozenset({FailureKind.NOT_FOUND, FailureKind.REFUSED})


@dataclass(frozen=True, slots=True)
class Distrusted:
    """A side whose answer must not be compared."""

    side: str
    untrusted: Untrusted


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was read, and a later try may bring it.

    Attributes:
        instead: what to say if no later try is made.
    """

    instead: Distrusted
    again_after: timedelta = AFTER_TROUBLE


Trouble = Distrusted | NotNow


@dataclass(frozen=True, slots=True)
class Side(Generic[S]):
    """One of the two systems, as a run asks it.

    Attributes:
        system: as the reconciliation reads it.
        name: "source" or "target".
    """

    context: Context
    lease: Lease
    connection: Connection
    permits: Permits
    system: S
    name: str = field(default="source")

    def ask(self, call: Callable[[S], Reading[T]]) -> T | Trouble:
        """What the system answers. A lease that would not outlast the next exchange is extended before it."""
        while True:
            if not self.permits.begin(CallKind.RECONCILE):
                return NotNow(self._distrusted(Untrusted(WhyUntrusted.PAGE_FAILED, "calls to it are paused")))
            self.lease.keep()
            answer = call(self.system)
            match answer:
                case Got(value):
                    self.permits.note_success(CallKind.RECONCILE)
                    return value
                case Untrusted():
                    # It answered; that its answer is not whole says nothing about the connection.
                    self.permits.note_success(CallKind.RECONCILE)
                    return self._distrusted(answer)
                case Failure():
                    if not waited_out(self.context, answer):
                        return self._trouble(answer)

    def _distrusted(self, untrusted: Untrusted) -> Distrusted:
        return Distrusted(self.name, untrusted)

    def _trouble(self, failure: Failure) -> Trouble:
        untrusted = self._distrusted(as_untrusted(failure))
        if failure.kind in _ABOUT_THE_QUESTION or failure.kind is FailureKind.FORBIDDEN:
            return untrusted
        if failure.kind is FailureKind.UNAVAILABLE:
            note_sick(self.context, self.connection, failure.detail, CallKind.RECONCILE)
        else:
            note_failure(self.context, self.connection, failure, CallKind.RECONCILE)
        return NotNow(untrusted, max(failure.retry_after or timedelta(0), AFTER_TROUBLE))
