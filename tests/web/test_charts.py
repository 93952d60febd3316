"""Bars, dots and lines stand where the numbers say, within the drawing, whatever the numbers are."""

import pytest

from web.charts import (
    FLOOR,
    LEFT,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    SLICE_MIN,
    TOP,
    WIDTH,
    bar_chart,
    even_ceiling,
    short_number,
    span_chart,
)


@pytest.mark.parametrize(
    ("number", "ceiling"),
    [(0, 2), (1, 2), (3, 4), (7, 8), (10, 10), (11, 20), (41, 60), (100, 100), (101, 200), (1_234_567, 2_000_000)],
)
def test_the_scale_ends_at_a_round_number_with_a_round_half(number: int, ceiling: int) -> None:
    assert even_ceiling(number) == ceiling


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1_000, "1k"), (1_500, "1.5k"), (200_000, "200k"), (2_000_000, "2M")]
)
def test_a_number_beside_the_chart_is_short(number: int, text: str) -> None:
    assert short_number(number) == text


def test_a_bar_is_as_high_as_its_number_and_its_slices_stand_on_each_other() -> None:
    chart = bar_chart([{"synced": 2, "waiting": 2}, {"synced": 4, "waiting": 0}])
    first, second = chart.bars
    assert [one.height for one in first.slices] == [PLOT_HEIGHT / 2, PLOT_HEIGHT / 2]
    assert [one.y for one in first.slices] == [FLOOR - PLOT_HEIGHT / 2, TOP]
    assert [(one.key, one.y, one.height) for one in second.slices] == [("synced", TOP, PLOT_HEIGHT)]
    assert [one.label for one in chart.lines] == ["0", "2", "4"]
    assert [one.y for one in chart.lines] == [FLOOR, FLOOR - PLOT_HEIGHT / 2, TOP]


def test_bars_stand_beside_each_other_within_the_drawing() -> None:
    bars = bar_chart([{"synced": 1}] * 14).bars
    edges = [edge for bar in bars for edge in (bar.x, bar.x + bar.width)]
    assert edges == sorted(edges)
    assert edges[0] > LEFT
    assert edges[-1] < LEFT + PLOT_WIDTH < WIDTH
    assert all(bar.x < bar.middle < bar.x + bar.width for bar in bars)


def test_days_without_payments_have_no_bar_and_keep_their_place() -> None:
    chart = bar_chart([{"synced": 0}, {"synced": 3}, {}])
    assert [len(bar.slices) for bar in chart.bars] == [0, 1, 0]
    assert bar_chart([{}, {}]).lines[-1].label == "2"
    assert bar_chart([]).bars == ()


def test_one_huge_day_leaves_the_others_visible_and_stays_in_the_drawing() -> None:
    huge = {"synced": 99_999, "skipped": 1, "waiting": 1, "needs_attention": 1}
    usual, day = bar_chart([{"synced": 3, "waiting": 1}, huge]).bars
    assert [one.height for one in usual.slices] == [SLICE_MIN, SLICE_MIN]
    assert len(day.slices) == 4
    assert all(one.height >= SLICE_MIN for one in day.slices)
    assert sum(one.height for one in day.slices) <= PLOT_HEIGHT + 0.1
    assert min(one.y for one in day.slices) >= TOP - 0.1


def test_seconds_stand_on_a_scale_up_to_the_line_above_the_longest() -> None:
    chart = span_chart([(1, 10), (10, 60)])
    assert [one.label for one in chart.lines] == ["1 s", "10 s", "1 min"]
    first, second = chart.spans
    assert (first.low_y, first.high_y) == (FLOOR, second.low_y)
    assert second.high_y == TOP
    assert first.high_y == next(one.y for one in chart.lines if one.label == "10 s")


def test_a_day_without_synced_payments_has_no_dots() -> None:
    chart = span_chart([None, (2, 3)])
    assert (chart.spans[0].low_y, chart.spans[0].high_y) == (None, None)
    assert chart.spans[1].low_y is not None
    assert [one.label for one in span_chart([None]).lines] == ["1 s", "10 s"]


def test_what_took_longer_than_the_longest_line_is_drawn_on_it() -> None:
    chart = span_chart([(5, 2_000_000_000)])
    assert chart.lines[-1].label == "30 d"
    assert chart.spans[0].high_y == TOP


def test_something_faster_than_a_second_stands_on_the_floor() -> None:
    assert span_chart([(0, 1)]).spans[0].low_y == FLOOR
