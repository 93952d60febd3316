"""May this connection be called? Asked before every call; the database is read once a second at most.

A pause that this process has set is seen at once, one that another process has set within a second: that makes a few
calls more at most. No payment depends on it: before a send, the intent's own transaction asks once more
(`tasks/push/record.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from domain.breaker import Admission, CallKind
from models.breakers import Breaker, take_probe
from models.connections import Connection, connection_with_breakers
from tasks.calls import admission_now, note_success
from tasks.context import Context

# Far shorter than any pause or rest.
_VALID = timedelta(seconds=1)


@dataclass(slots=True)
class Permits:
    """What one batch knows of its connection and its breakers.

    Attributes:
        breakers: of the kinds of call that have failed.
        asked: when the database was asked for both.
    """

    context: Context
    connection: Connection
    breakers: Mapping[CallKind, Breaker] = field(repr=False)
    asked: "Asked"

    @classmethod
    def read(cls, context: Context, session: Session, connection_id: int) -> "Permits":
        """Reads both, in one statement."""
        asked = Asked.now(context)
        return cls(context, *connection_with_breakers(session, connection_id), asked)

    def admission(self, kind: CallKind) -> Admission:
        """How many calls of this kind may be made now."""
        self._refresh()
        return admission_now(self.connection, self.breakers.get(kind), self.context.clock.now())

    def begin(self, kind: CallKind) -> bool:
        """Whether a call of this kind may begin. After a rest only one of all callers gets through."""
        admitted = self.admission(kind)
        if admitted is not Admission.ONE:
            return admitted is Admission.ALL
        now = self.context.clock.now()
        until = now + self.context.timing.lease
        return self.context.database.write(lambda session: take_probe(session, self.connection.id, kind, now, until))

    def failing(self) -> frozenset[CallKind]:
        """The kinds of call that have failed, and not been answered since."""
        self._refresh()
        return frozenset(self.breakers)

    def note_success(self, kind: CallKind) -> None:
        """A call of this kind was answered. There is nothing to end where none had failed."""
        if kind in self.failing():
            note_success(self.context, self.connection, kind)

    def _refresh(self) -> None:
        now = Asked.now(self.context)
        if now.at - self.asked.at <= _VALID.total_seconds() and now.signals == self.asked.signals:
            return
        with self.context.database.reading() as session:
            self.connection, self.breakers = connection_with_breakers(session, self.connection.id)
        self.asked = now


@dataclass(frozen=True, slots=True)
class Asked:
    """The moment of a question, taken before it is asked.

    Attributes:
        at: by the monotonic clock.
        signals: how often this process had been told to wait by then.
    """

    at: float
    signals: int

    @classmethod
    def now(cls, context: Context) -> "Asked":
        return cls(context.clock.monotonic(), context.told_to_wait.count)
