"""Text that fits the terminal it is read on: tables that fold instead of cutting, sentences that break between words.

A terminal of any width, and a pipe, gets every letter. Nothing is shortened with an ellipsis; amounts, states and ids
are never broken while a line is long enough for them.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from domain.visible_text import visible

GAP = 2
INDENT = 2
# A sentence in a column narrower than this is harder to read than one on its own line.
WRAPPED_WIDTH_MIN = 24
SENTENCE_WIDTH_MIN = 40
# Beside a name that takes more than this part of the line, a value has no room.
NAME_SHARE_MAX = 0.45
NARROWEST = 20
WIDTH_WITHOUT_TERMINAL = 120

Cell = str | Text


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        wraps: the cells are words, which may be broken between two of them; otherwise they are kept whole.
        place: where a cell goes when the line is too short for all of them: it stays in the row, becomes a heading
            above the rows that share it, or gets its own line below the row.
    """

    heading: str
    right: bool = False
    wraps: bool = False
    place: Literal["row", "above", "below"] = "row"


@dataclass
class FoldingTable:
    """A table for `Console.print`: one line for each row where there is room, several where there is not.

    We try layouts from wide to narrow: everything side by side; sentences below their row; shared values above their
    rows; and at last one line for each cell, behind the name of its column.
    """

    title: str
    columns: Sequence[Column]
    rows: list[list[Text]] = field(default_factory=list)

    def add_row(self, *cells: Cell) -> None:
        """Adds a row; a plain string is text and never markup, and missing cells at the end are empty."""
        made = [cell if isinstance(cell, Text) else Text(visible(cell)) for cell in cells]
        missing = len(self.columns) - len(made)
        assert missing >= 0, "more cells than columns"
        self.rows.append([*made, *(Text() for _ in range(missing))])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, none of them wider than the console."""
        width = max(NARROWEST, options.max_width)
        if self.title:
            yield from _wrap(console, Text(self.title, style="bold"), width)
        yield from self._lines(console, width)

    def _lines(self, console: Console, width: int) -> Iterator[Text]:
        every = range(len(self.columns))
        for away in ({"none"}, {"below"}, {"below", "above"}):
            beside = [place for place in every if self.columns[place].place not in away]
            indent = INDENT if "above" in away else 0
            if beside and (widths := self._widths(beside, width - indent, sentences="none" in away)):
                yield from self._side_by_side(console, beside, widths, indent, width)
                return
        yield from self._one_below_the_other(console, width)

    # --- side by side ---

    def _widths(self, places: Sequence[int], width: int, *, sentences: bool) -> dict[int, int] | None:
        """The width of each column; None if they do not all fit."""
        room = width - GAP * (len(places) - 1)
        wanted = {place: self._natural(place, self.columns[place].heading) for place in places}
        if sum(wanted.values()) <= room:
            return wanted
        # Headings are words too: broken between words they take less room.
        wanted = {place: self._natural(place, *self.columns[place].heading.split()) for place in places}
        least = {place: self._least(place, wanted[place], sentences=sentences) for place in places}
        spare = room - sum(least.values())
        if spare < 0:
            return None
        widths = dict(least)
        # Spare room goes first to columns that want little: a few are whole then, and one long one is wrapped.
        for place in sorted(places, key=lambda one: wanted[one] - least[one]):
            given = min(spare, wanted[place] - least[place])
            widths[place] += given
            spare -= given
        return widths

    def _natural(self, place: int, *headings: str) -> int:
        return max([0, *map(cell_len, headings), *(_width(row[place]) for row in self.rows)])

    def _least(self, place: int, wanted: int, *, sentences: bool) -> int:
        column = self.columns[place]
        if not column.wraps:
            return wanted
        words = [word for row in self.rows for word in row[place].plain.split()] + column.heading.split()
        readable = SENTENCE_WIDTH_MIN if sentences and column.place == "below" else WRAPPED_WIDTH_MIN
        return max([min(wanted, readable), *map(cell_len, words)])

    def _side_by_side(
        self, console: Console, beside: Sequence[int], widths: dict[int, int], indent: int, width: int
    ) -> Iterator[Text]:
        away = [place for place in range(len(self.columns)) if place not in beside]
        headings = [Text(self.columns[place].heading, style="dim") for place in beside]
        yield from self._row(console, headings, beside, widths, indent)
        before: list[Text] | None = None
        for row in self.rows:
            common = {place for place, column in enumerate(self.columns) if column.place == "above"}
            if before is None or any(row[place].plain != before[place].plain for place in common):
                yield from _wrap(console, Text(", ").join(row[place] for place in away if place in common), width)
                common = set()
            # A value that is the same as in the row before is not repeated.
            cells = [Text() if place in common else row[place] for place in beside]
            yield from self._row(console, cells, beside, widths, indent)
            for place in away:
                if self.columns[place].place == "below":
                    yield from _indented(console, row[place], indent + INDENT, width)
            before = row

    def _row(
        self, console: Console, cells: Sequence[Text], places: Sequence[int], widths: dict[int, int], indent: int
    ) -> Iterator[Text]:
        wrapped = [_wrap(console, cell, widths[place]) for cell, place in zip(cells, places, strict=True)]
        for number in range(max(1, *map(len, wrapped))):
            line = Text(" " * indent)
            for lines, place in zip(wrapped, places, strict=True):
                cell = lines[number] if number < len(lines) else Text()
                pad = " " * (widths[place] - cell_len(cell.plain))
                line = line + (Text(pad) + cell if self.columns[place].right else cell + Text(pad)) + " " * GAP
            line.rstrip()
            yield line

    # --- one below the other ---

    def _one_below_the_other(self, console: Console, width: int) -> Iterator[Text]:
        names = max(cell_len(column.heading) for column in self.columns)
        for number, row in enumerate(self.rows):
            if number:
                yield Text()
            for column, cell in zip(self.columns, row, strict=True):
                if not cell.plain:
                    continue
                name = Text(column.heading, style="dim")
                if names > width * NAME_SHARE_MAX:
                    yield from _wrap(console, name, width)
                    yield from _indented(console, cell, INDENT, width)
                    continue
                name.pad_right(names + GAP - cell_len(column.heading))
                for place, line in enumerate(_wrap(console, cell, width - names - GAP)):
                    yield (name if place == 0 else Text(" " * (names + GAP))) + line


def hang(text: str, width: int) -> str:
    """The text in lines of at most this width; a continuation hangs below its line, a little further in.

    A word that is longer than a line, such as a link, stays whole: it can be copied then.
    """
    return "\n".join(line for one in text.split("\n") for line in _hang_line(one, width))


def _hang_line(line: str, width: int) -> Iterator[str]:
    if cell_len(line) <= width:
        yield line
        return
    indent = min(len(line) - len(line.lstrip()), width // 3)
    written, room = " " * indent, width - indent
    for word in re.findall(r"\S+\s*", line):
        if room < cell_len(word.rstrip()) and written.strip():
            yield written.rstrip()
            written, room = " " * (indent + INDENT), width - indent - INDENT
        written, room = written + word, room - cell_len(word)
    yield written.rstrip()


def report_console() -> Console:
    """The console for a program's report: as wide as the terminal, and of one width where there is none."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL)


def terminal_width() -> int:
    return max(NARROWEST, shutil.get_terminal_size().columns)


def _width(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split("\n")))


def _wrap(console: Console, cell: Text, width: int) -> list[Text]:
    """Breaks between words; a word that fits no line is folded, and no letter of it is lost."""
    lines = list(cell.wrap(console, width, overflow="fold")) if cell.plain else []
    for line in lines:
        line.rstrip()
    return lines


def _indented(console: Console, cell: Text, indent: int, width: int) -> Iterator[Text]:
    for line in _wrap(console, cell, width - indent):
        yield Text(" " * indent) + line
