"""Are two numbers nearly the same, as two people may type them for one invoice? A hint for a person, never acted upon.

Money goes by the exact number only. But "create the invoice" is bad advice if it exists as 'inv-1001 ': a person would
enter it a second time. So we split a number into its runs of letters and of digits; everything between them, letter
case, leading zeros and the form of a character (full width, Arabic digits) is typing. Two numbers are nearly the same
if their parts are the same, even if only one of them begins with letters ('INV-1001' and '1001').
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# Longer than any invoice number; of a longer text we compare only the beginning.
_CHARACTERS_MAX = 200
_RUNS = re.compile(r"\d+|[^\W\d_]+")
# They look like the hyphen on the keyboard; word processors put them in its place.
_DASHES = r"[\u2010-\u2015\u2212]"
_TOLD_MAX = 5
_ADDED_ZEROS_MAX = 4


@dataclass(frozen=True, slots=True)
class NearNumber:
    """An invoice that we found, but not the one that we looked for.

    Attributes:
        where: its id, as a person reads it.
        why_not: why it could not be the one even with the right number; empty if it could.
    """

    number: str
    where: str
    why_not: str = ""


def parts_of(number: str) -> tuple[str, ...]:
    """The number's runs of letters and of digits, however it is typed."""
    return tuple(_zeros_off(run) if run.isdecimal() else run.casefold() for run in _runs_of(number))


def digits_of(number: str) -> tuple[str, ...]:
    """The runs of digits in the number, without leading zeros."""
    return tuple(part for part in parts_of(number) if part.isdecimal())


def is_nearly(one: str, other: str) -> bool:
    left, right = parts_of(one), parts_of(other)
    if not left or not right:
        return False
    return left == right or _prefix_off(left) == right or left == _prefix_off(right)


def by_core(found: Iterable[T], number_of: Callable[[T], str]) -> Callable[[str], list[T]]:
    """Returns a function that lists those with nearly a given number; it compares only a few of them each time."""
    groups: dict[tuple[str, ...], list[T]] = {}
    for one in found:
        groups.setdefault(_prefix_off(parts_of(number_of(one))), []).append(one)

    def nearly(number: str) -> list[T]:
        return [one for one in groups.get(_prefix_off(parts_of(number)), ()) if is_nearly(number, number_of(one))]

    return nearly


def differences(one: str, other: str) -> str:
    """How two numbers that are nearly the same differ, because a page may not show it."""
    left, right = _runs_of(one), _runs_of(other)
    words = []
    if parts_of(one) != parts_of(other):
        words.append("prefix")
    elif _letters(left) != _letters(right):
        words.append("letter case")
    if _digits(left) != _digits(right):
        words.append("leading zeros")
    words += [told for told, is_another in _differences_in_blanks(one, other) if is_another]
    if _signs_of(one) != _signs_of(other):
        words.append("punctuation")
    if not words:
        words.append("the form of characters" if one != other else "none that can be seen")
    return ", ".join(words)


def told(wanted: str, near: Sequence[NearNumber]) -> str:
    """The invoices with nearly this number, one after the other, each with what keeps it from matching."""
    named = [_told_one(wanted, one) for one in near[:_TOLD_MAX]]
    more = len(near) - _TOLD_MAX
    return "; ".join([*named, f"and {more} more"] if more > 0 else named)


def link_not_shown(invoice_id: str) -> str:
    return f"linked to the invoice with id {invoice_id}, which we cannot see"


def spellings_of(number: str) -> tuple[str, ...]:
    """Other ways to write the number, the likeliest first; for a search that finds only exact texts."""
    text = " ".join(_plain(number).split())
    runs = _runs_of(text)
    if not runs:
        return ()
    found: dict[str, None] = {}
    for form in dict.fromkeys(_forms(text, runs)):
        for spelling in (form, form.upper(), form.lower(), form.title()):
            found.setdefault(spelling)
            if form == text:
                found.setdefault(f"{spelling} ")
                found.setdefault(f" {spelling}")
    found.pop(number, None)
    return tuple(found)


def _forms(text: str, runs: Sequence[str]) -> Iterator[str]:
    yield text
    yield from (text.replace(" ", ""), re.sub(_DASHES, "-", text))
    bare = [_zeros_off(run) if run.isdecimal() else run for run in runs]
    yield from (joiner.join(some) for some in (runs, bare) for joiner in ("-", "", " "))
    if runs[0] != _prefix_off(tuple(runs))[0]:
        yield from (joiner.join(_prefix_off(tuple(some))) for some in (runs, bare) for joiner in ("-", ""))
    yield f"#{text}"
    yield text.removeprefix("#")
    last = max((place for place, run in enumerate(bare) if run.isdecimal()), default=None)
    if last is not None:
        for zeros in range(1, _ADDED_ZEROS_MAX + 1):
            padded = [*bare[:last], "0" * zeros + bare[last], *bare[last + 1 :]]
            yield from (joiner.join(padded) for joiner in ("-", ""))


def _told_one(wanted: str, near: NearNumber) -> str:
    number = near.number if len(near.number) <= _CHARACTERS_MAX else near.number[: _CHARACTERS_MAX - 1] + "…"
    not_it = f"; {near.why_not}" if near.why_not else ""
    return f"'{number}' ({near.where}; the difference: {differences(wanted, near.number)}{not_it})"


def _plain(number: str) -> str:
    return unicodedata.normalize("NFKC", number[:_CHARACTERS_MAX])


def _runs_of(number: str) -> list[str]:
    return [_decimal(run) if run.isdecimal() else run for run in _RUNS.findall(_plain(number))]


def _decimal(run: str) -> str:
    return "".join(str(unicodedata.decimal(one)) for one in run)


def _zeros_off(run: str) -> str:
    return run.lstrip("0") or "0"


def _prefix_off(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts without the letters at the beginning; a number without digits stays as it is."""
    first = next((place for place, part in enumerate(parts) if part.isdecimal()), 0)
    return parts[first:]


def _letters(runs: Sequence[str]) -> list[str]:
    return [run for run in runs if not run.isdecimal()]


def _digits(runs: Sequence[str]) -> list[str]:
    return [run for run in runs if run.isdecimal()]


def _differences_in_blanks(one: str, other: str) -> Iterator[tuple[str, bool]]:
    def blanks(text: str) -> tuple[str, list[str], str]:
        before = text[: len(text) - len(text.lstrip())]
        after = text[len(text.rstrip()) :] if text.strip() else ""
        return before, re.findall(r"\s+", text.strip()), after

    names = ("space at the beginning", "spaces inside", "space at the end")
    yield from zip(names, (a != b for a, b in zip(blanks(one), blanks(other), strict=True)), strict=True)


def _signs_of(number: str) -> str:
    return "".join(one for one in _plain(number) if not one.isalnum() and not one.isspace())
