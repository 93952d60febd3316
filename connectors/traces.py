"""What this process does for a payment, as spans of the payment's trace. Does nothing until a tracer is given to it.

A step works on batches that mix the payments of several messages, so there are two kinds of spans:

- one for each payment of the batch. It continues the trace that the payment's row remembers, and the row remembers it
  for the next step, which may be another process, another day, and after any number of lost messages.
- one of the batch, for what is done once for all of them (one call for thirty payments). If all parts are of one trace
  it is in that trace; otherwise it is a trace of its own, and both sides have links to each other.

Like the process's tally, it is found from deep inside of a call and costs nothing where it is switched off.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domain.trace_context import Part, TraceContext

# What may be said of a span: names of our own, numbers, yes and no. Never a text from outside.
Told = str | int | float | bool


class SpanKind(StrEnum):
    WITHIN = "within"
    # Something outside asked us.
    ASKED = "asked"
    # We asked something outside.
    CALL = "call"


class Span(Protocol):
    @property
    def context(self) -> TraceContext: ...

    def tell(self, told: Mapping[str, Told]) -> None: ...

    def link(self, context: TraceContext) -> None: ...

    def end(self, failed_with: str = "") -> None:
        """Ends it. `failed_with` is the name of what went wrong, and none of its words."""


class Tracer(Protocol):
    def begin(
        self,
        name: str,
        *,
        kind: SpanKind,
        parent: TraceContext | None,
        links: Sequence[TraceContext],
        told: Mapping[str, Told],
        began_nanoseconds: int | None,
    ) -> Span: ...


@dataclass(slots=True)
class _Whole:
    """The span of a batch; one that is not needed until something is done for the batch begins then."""

    make: Callable[[], Span]
    span: Span | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begun(self) -> Span:
        with self._lock:
            self.span = self.span or self.make()
            return self.span


@dataclass(frozen=True, slots=True)
class _Batch:
    whole: _Whole
    parts: Mapping[Hashable, Span] = field(default_factory=dict)
    forgotten: set[Hashable] = field(default_factory=set)


# What begins the note on an error that has ended a batch.
TRACE_NOTE = "trace_id="
_NOTHING: AbstractContextManager[None] = nullcontext()
_BATCH: ContextVar[_Batch | None] = ContextVar("batch", default=None)
_SPAN: ContextVar[Span | None] = ContextVar("span", default=None)


class Traces:
    """Every method does nothing while there is no tracer."""

    def __init__(self) -> None:
        self.tracer: Tracer | None = None

    # --- batches ---

    def batch(
        self,
        name: str,
        parts: Callable[[], Mapping[Hashable, Part]],
        *,
        kind: SpanKind = SpanKind.WITHIN,
        began_nanoseconds: int | None = None,
        **told: Told,
    ) -> AbstractContextManager[None]:
        """Around the work on a batch; `parts` gives the payments in it by a key that the work knows them by."""
        if self.tracer is None:
            return _NOTHING
        return self._batch(self.tracer, name, parts(), kind, began_nanoseconds, told)

    def slice(self, name: str) -> AbstractContextManager[None]:
        """Around a piece of work that may find nothing to do: it has a span only if it calls somebody."""
        return _NOTHING if self.tracer is None else self._slice(self.tracer, name)

    def about(self, key: Hashable) -> AbstractContextManager[None]:
        """What happens within is about this part of the batch alone."""
        batch = _BATCH.get()
        part = batch.parts.get(key) if batch is not None else None
        return _NOTHING if part is None else _within(part)

    def doing(self, name: str, *keys: Hashable) -> AbstractContextManager[None]:
        """Around one thing that is done for these parts of the batch: a span for each of them."""
        batch = _BATCH.get()
        if self.tracer is None or batch is None:
            return _NOTHING
        return self._doing(self.tracer, name, [batch.parts[key] for key in keys if key in batch.parts])

    def tell(self, key: Hashable, **told: Told) -> None:
        """Says something of a part's span."""
        batch = _BATCH.get()
        if batch is not None and key in batch.parts:
            batch.parts[key].tell(told)

    def forget(self, *keys: Hashable) -> None:
        """These parts brought nothing new: one that would begin a trace has no span after all."""
        batch = _BATCH.get()
        if batch is not None:
            batch.forgotten.update(keys)

    def context_of(self, key: Hashable) -> str | None:
        """What the payment's row remembers, for the next step; None while nothing is traced."""
        batch = _BATCH.get()
        part = batch.parts.get(key) if batch is not None else None
        return str(part.context) if part is not None else None

    # --- calls, and the log ---

    @contextmanager
    def call(self, system: str, method: str, route: str) -> Iterator[Callable[[str], None]]:
        """Around one call of an outside system, and what is said of it.

        Gives what ends the call's span: it takes the status, or the name of what came instead of one.
        """
        if self.tracer is None:
            yield _unheard
            return
        told = {"peer.service": system, "http.request.method": method, "url.template": route}
        span = self._begin(self.tracer, f"{method} {route}", SpanKind.CALL, _parent(), told=told)

        def end(answer: str) -> None:
            if answer.isdecimal():
                span.tell({"http.response.status_code": int(answer)})
            span.end("" if answer.isdecimal() and int(answer) < _FAILED else answer)

        try:
            with _within(span):
                yield end
        except BaseException as error:
            span.end(type(error).__name__)
            raise

    @property
    def trace_id(self) -> str:
        """Of what this thread does at the moment; "" if that is not traced."""
        span = _SPAN.get()
        return "" if span is None else f"{span.context.trace_id:032x}"

    # --- how it is done ---

    @contextmanager
    def _batch(
        self,
        tracer: Tracer,
        name: str,
        parts: Mapping[Hashable, Part],
        kind: SpanKind,
        began: int | None,
        told: Mapping[str, Told],
    ) -> Iterator[None]:
        parents = {part.parent for part in parts.values()}
        shared = next(iter(parents)) if len({one and one.trace_id for one in parents}) == 1 else None
        whole: Span | None = None
        if len(parts) > 1 and shared is not None:
            whole = self._begin(tracer, f"{name} batch", kind, shared, told=told, began=began)
        spans = {
            key: self._begin(
                tracer, name, kind, whole.context if whole else part.parent, part.earlier, began=began, told=told
            )
            for key, part in parts.items()
        }
        if len(spans) == 1:
            [whole] = spans.values()
        elif whole is None:
            # After the payments' own: it is kept if one of them is.
            links = [one.context for one in spans.values()]
            whole = self._begin(tracer, f"{name} batch", kind, None, links, began=began, told=told)
            for one in spans.values():
                one.link(whole.context)
        begun = whole
        failed_with = ""
        batch = _Batch(_Whole(lambda: begun, begun), spans)
        token = _BATCH.set(batch)
        try:
            with _within(whole):
                yield
        except BaseException as error:
            failed_with = type(error).__name__
            # Who logs or reports it further up stands in no batch any more.
            error.add_note(f"{TRACE_NOTE}{whole.context.trace_id:032x}")
            raise
        finally:
            _BATCH.reset(token)
            # A span that never ends is never exported.
            dropped = {id(spans[key]) for key in batch.forgotten & spans.keys() if parts[key].parent is None}
            for one in dict.fromkeys([*spans.values(), whole]):
                if id(one) not in dropped:
                    one.end(failed_with)

    @contextmanager
    def _slice(self, tracer: Tracer, name: str) -> Iterator[None]:
        began = time.time_ns()
        whole = _Whole(lambda: self._begin(tracer, name, SpanKind.WITHIN, None, began=began))
        failed_with = ""
        token = _BATCH.set(_Batch(whole))
        try:
            yield
        except BaseException as error:
            failed_with = type(error).__name__
            raise
        finally:
            _BATCH.reset(token)
            if whole.span is not None:
                whole.span.end(failed_with)

    @contextmanager
    def _doing(self, tracer: Tracer, name: str, parts: Sequence[Span]) -> Iterator[None]:
        spans = [self._begin(tracer, name, SpanKind.WITHIN, part.context) for part in parts]
        failed_with = ""
        try:
            with _within(spans[0]) if len(spans) == 1 else _NOTHING:
                yield
        except BaseException as error:
            failed_with = type(error).__name__
            raise
        finally:
            for one in spans:
                one.end(failed_with)

    def _begin(
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        parent: TraceContext | None,
        links: Sequence[TraceContext] = (),
        *,
        told: Mapping[str, Told] | None = None,
        began: int | None = None,
    ) -> Span:
        return tracer.begin(name, kind=kind, parent=parent, links=links, told=told or {}, began_nanoseconds=began)


_FAILED = 400


def _unheard(_answer: str) -> None:
    """While nothing is traced."""


def _parent() -> TraceContext | None:
    span, batch = _SPAN.get(), _BATCH.get()
    if span is None and batch is not None:
        span = batch.whole.begun()
    return span.context if span is not None else None


@contextmanager
def _within(span: Span) -> Iterator[None]:
    token = _SPAN.set(span)
    try:
        yield
    finally:
        _SPAN.reset(token)


# One for the process, like its tally.
TRACES = Traces()
