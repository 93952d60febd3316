"""Figures of many measurements, and how they are written."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_A_SECOND, _A_TENTH = 1.0, 0.1


@dataclass(frozen=True)
class Spread:
    """A series of durations in three figures: median, 99th percentile, longest."""

    count: int
    median: float
    p99: float
    longest: float

    def cells(self) -> tuple[str, str, str]:
        return duration(self.median), duration(self.p99), duration(self.longest)


def spread(seconds: Sequence[float]) -> Spread:
    """Without any measurement every figure is infinite: nothing came to an end."""
    if not seconds:
        return Spread(0, math.inf, math.inf, math.inf)
    ordered = sorted(seconds)
    # Nearest rank: with less than a hundred measurements the 99th percentile is the longest.
    rank = math.ceil(len(ordered) * 0.99) - 1
    return Spread(len(ordered), statistics.median(ordered), ordered[rank], ordered[-1])


def duration(seconds: float) -> str:
    if math.isinf(seconds):
        return "never"
    return f"{seconds:.2f} s" if seconds >= _A_SECOND else f"{seconds * 1000:.1f} ms"


def ratio(value: float, base: float) -> str:
    if not base:
        return "-"
    times = value / base
    return f"{times:.1f} x" if times >= _A_TENTH else f"{times:.3f} x"


def median_seconds(ask: Callable[[], object], times: int) -> float:
    """How long it takes to ask this, in the middle of so many times."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
