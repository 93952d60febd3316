"""Where a payment's trace goes on: what its rows remember of it between two processes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Of the column that holds one.
TRACE_CHARACTERS = 55
# A trace is read as a whole, and most that keep traces close one after minutes or hours. What is done later about the
# same payment begins a trace of its own, which refers to the old one.
GOES_ON_FOR = timedelta(hours=6)
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The span under which the next one belongs.

    Attributes:
        is_kept: it is exported, and so is whatever belongs under it.
    """

    trace_id: int
    span_id: int
    is_kept: bool

    def __str__(self) -> str:
        """In the form of W3C's `traceparent`."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.is_kept):02x}"


def read_context(text: str | None) -> TraceContext | None:
    """The context of a row; None for a row without one, or for what is none."""
    found = _FORM.fullmatch(text or "")
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return TraceContext(trace_id, span_id, bool(flags & _SAMPLED)) if trace_id and span_id else None


@dataclass(frozen=True, slots=True)
class Part:
    """One payment's part in a batch.

    Attributes:
        parent: the context that it continues; None begins a trace.
        earlier: contexts that it refers to.
    """

    parent: TraceContext | None = None
    earlier: tuple[TraceContext, ...] = ()


def going_on(stored: str | None, since: datetime, now: datetime) -> Part:
    """The part of a payment whose row has held this context since then."""
    context = read_context(stored)
    if context is None:
        return Part()
    return Part(context) if now - since <= GOES_ON_FOR else Part(earlier=(context,))


def of_several(stored: Sequence[str | None]) -> Part:
    """The part of a payment that several messages are about: it continues the trace of the first one."""
    contexts = [context for one in stored if (context := read_context(one)) is not None]
    return Part(contexts[0], tuple(contexts[1:])) if contexts else Part()
