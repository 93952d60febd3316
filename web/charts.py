"""The geometry of the overview's charts: where each bar, dot and label stands. Pure functions; templates draw them.

The server draws the charts as SVG: they need no script, and no style that the page's policy would forbid. All measures
are in units of the drawing, which a page shows in any width.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 420, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 40
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
FLOOR = HEIGHT - BOTTOM
# What there is stays visible beside a day with a hundred thousand times as much.
SLICE_MIN = 2.0
_BAR_SHARE = 0.68
_THOUSAND, _MILLION = 1_000, 1_000_000
_EVEN = (2, 4, 6, 8, 10)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# The lines of the scale of seconds, each with its label.
_SECONDS = (
    (1, "1 s"),
    (10, "10 s"),
    (_MINUTE, "1 min"),
    (10 * _MINUTE, "10 min"),
    (_HOUR, "1 h"),
    (6 * _HOUR, "6 h"),
    (_DAY, "1 d"),
    (7 * _DAY, "7 d"),
    (30 * _DAY, "30 d"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line of the scale."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a bar."""

    key: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day.

    Attributes:
        x: its left edge.
        middle: for what stands below it.
        slices: from the floor up.
    """

    x: float
    middle: float
    width: float
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One day's two values; both None on a day without any."""

    x: float
    low_y: float | None
    high_y: float | None


@dataclass(frozen=True, slots=True)
class SpanChart:
    lines: tuple[Line, ...]
    spans: tuple[Span, ...]


def bar_chart(days: Sequence[Mapping[str, int]]) -> BarChart:
    """Bars of stacked numbers, as many as there are days.

    Args:
        days: of each day the numbers by key, in the order from the floor up.
    """
    top = even_ceiling(max((sum(day.values()) for day in days), default=0))
    place = PLOT_WIDTH / max(len(days), 1)
    bars = []
    for number, day in enumerate(days):
        left = LEFT + place * number + place * (1 - _BAR_SHARE) / 2
        width = place * _BAR_SHARE
        bars.append(Bar(_rounded(left), _rounded(left + width / 2), _rounded(width), _stacked(day, top)))
    lines = tuple(Line(_rounded(FLOOR - PLOT_HEIGHT * share / 2), short_number(top * share // 2)) for share in range(3))
    return BarChart(lines, tuple(bars))


def _stacked(day: Mapping[str, int], top: int) -> tuple[Slice, ...]:
    there = {key: number for key, number in day.items() if number > 0}
    heights = {key: max(SLICE_MIN, PLOT_HEIGHT * number / top) for key, number in there.items()}
    # Slices that were made visible must not push the others out of the drawing.
    too_high = sum(heights.values()) - PLOT_HEIGHT
    if too_high > 0:
        tallest = max(heights, key=lambda key: heights[key])
        heights[tallest] -= too_high
    y: float = FLOOR
    slices = []
    for key, height in heights.items():
        y -= height
        slices.append(Slice(key, _rounded(y), _rounded(height)))
    return tuple(slices)


def span_chart(days: Sequence[tuple[int, int] | None]) -> SpanChart:
    """A low and a high number of seconds for each day, on a scale on which each line is several times the one below.

    Args:
        days: None for a day without any.
    """
    highest = max((high for _, high in filter(None, days)), default=1)
    lines = _seconds_up_to(highest)
    top = math.log(lines[-1][0])
    place = PLOT_WIDTH / max(len(days), 1)
    spans = []
    for number, day in enumerate(days):
        x = _rounded(LEFT + place * (number + 0.5))
        low, high = (None, None) if day is None else (_height(day[0], top), _height(day[1], top))
        spans.append(Span(x, low, high))
    return SpanChart(tuple(Line(_height(seconds, top), label) for seconds, label in lines), tuple(spans))


def _seconds_up_to(highest: int) -> Sequence[tuple[int, str]]:
    """The lines that are needed, at least two; what took longer than the last one is drawn on it."""
    needed = next((place for place, (seconds, _) in enumerate(_SECONDS) if seconds >= highest), len(_SECONDS) - 1)
    return _SECONDS[: max(needed, 1) + 1]


def _height(seconds: int, top: float) -> float:
    share = min(math.log(max(seconds, 1)) / top, 1)
    return _rounded(FLOOR - PLOT_HEIGHT * share)


def even_ceiling(number: int) -> int:
    """The next round number that is not below this one and has a round half."""
    magnitude = 1
    while magnitude * _EVEN[-1] < number:
        magnitude *= 10
    return next(magnitude * one for one in _EVEN if magnitude * one >= number)


def short_number(number: int) -> str:
    """As much of a number as fits beside a chart."""
    if number >= _MILLION:
        return f"{number / _MILLION:.3g}M"
    if number >= _THOUSAND:
        return f"{number / _THOUSAND:.3g}k"
    return str(number)


def _rounded(measure: float) -> float:
    return round(measure, 1)
