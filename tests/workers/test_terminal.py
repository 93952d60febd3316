"""Whatever stands in a table and however wide the terminal is: nothing is cut, and nothing sticks out."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from workers.terminal import Column, FoldingTable, hang

WORDS = st.text(st.sampled_from("abcXYZ019.,€漢字"), min_size=1, max_size=8)
SENTENCE = "This payment was created through this platform, so it is already handled."
SENTENCES = st.lists(WORDS, max_size=14).map(" ".join)
COLUMNS = st.builds(
    Column,
    heading=st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
    right=st.booleans(),
    wraps=st.booleans(),
    place=st.sampled_from(["row", "above", "below"]),
)


@st.composite
def tables(draw: st.DrawFn) -> FoldingTable:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=7))
    table = FoldingTable(draw(SENTENCES), columns)
    cells = [SENTENCES if column.wraps else st.one_of(WORDS, st.just("1,250.00 USD")) for column in columns]
    for row in draw(st.lists(st.tuples(*cells), max_size=4)):
        table.add_row(*row)
    return table


def printed(table: FoldingTable, width: int) -> str:
    output = io.StringIO()
    Console(file=output, width=width, color_system=None, markup=False, highlight=False).print(table)
    return output.getvalue()


@given(tables(), st.integers(min_value=40, max_value=260))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(table: FoldingTable, width: int) -> None:
    shown = printed(table, width)
    assert [line for line in shown.splitlines() if cell_len(line) > width] == []
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []
    for row in table.rows:
        for cell in row:
            assert [word for word in cell.plain.split() if word not in shown] == []


@given(tables(), st.integers(min_value=40, max_value=260))
def test_a_cell_that_is_to_stay_whole_is_whole_on_some_line(table: FoldingTable, width: int) -> None:
    lines = printed(table, width).splitlines()
    for row in table.rows:
        for column, cell in zip(table.columns, row, strict=True):
            if not column.wraps:
                assert any(cell.plain in line for line in lines), cell.plain


@given(st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join), st.integers(min_value=20, max_value=200))
def test_a_sentence_is_broken_between_words_only(text: str, width: int) -> None:
    shown = hang(text, width)
    assert shown.split() == text.split()
    for line in shown.splitlines():
        assert cell_len(line) <= width or len(line.split()) == 1, line


def test_what_is_broken_off_hangs_a_little_further_in() -> None:
    assert hang("  hold: the totals are not the same", 24) == "  hold: the totals are\n    not the same"


def a_demo_row() -> FoldingTable:
    table = FoldingTable(
        "Payments",
        [
            Column("story", wraps=True, place="above"),
            Column("said"),
            Column("why", wraps=True, place="below"),
            Column("amount", right=True),
        ],
    )
    for amount in ("1.00", "1,250.00"):
        table.add_row("one payment over three invoices", f"{amount} USD for INV-1", SENTENCE, amount)
    return table


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            140,
            [
                "Payments",
                "story                            said                    why" + " " * 74 + "amount",
                f"one payment over three invoices  1.00 USD for INV-1      {SENTENCE}      1.00",
            ],
        ),
        (
            80,
            [
                "Payments",
                "story                            said                      amount",
                "one payment over three invoices  1.00 USD for INV-1          1.00",
                f"  {SENTENCE}",
            ],
        ),
        (
            44,
            [
                "Payments",
                "  said                      amount",
                "one payment over three invoices",
                "  1.00 USD for INV-1          1.00",
                "    This payment was created through this",
                "    platform, so it is already handled.",
                "  1,250.00 USD for INV-1  1,250.00",
            ],
        ),
        (
            30,
            [
                "Payments",
                "story   one payment over three",
                "        invoices",
                "said    1.00 USD for INV-1",
            ],
        ),
    ],
)
def test_the_layouts_from_wide_to_narrow(width: int, lines: list[str]) -> None:
    assert printed(a_demo_row(), width).splitlines()[: len(lines)] == lines


def test_a_cell_is_text_and_never_markup() -> None:
    table = FoldingTable("", [Column("name")])
    table.add_row("[red]Cascade[/red] [/]")
    table.add_row(Text("styled", style="red"))
    output = io.StringIO()
    Console(file=output, width=40, color_system=None).print(table)
    assert "[red]Cascade[/red] [/]" in output.getvalue()
