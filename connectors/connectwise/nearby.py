"""Searching for invoices with nearly the wanted number, whatever differences ConnectWise's comparisons ignore.

Digits do not change with the spelling, so we search for a number with enough digits by its digits alone, with anything
around and between them; `domain.match.near_numbers` sifts the results. A few digits would find half of the invoices, so
we ask for such a number in its likeliest other spellings.
"""

from collections.abc import Collection, Iterator
from itertools import islice
from urllib.parse import quote

from domain.match.near_numbers import digits_of, spellings_of

DIGITS_MIN = 3
SPELLINGS_MAX = 12
# One call is enough for some 25 numbers; a whole batch of them (all entered with a blank, say) takes four.
CALLS_MAX = 4


def conditions(numbers: Collection[str], characters_max: int) -> Iterator[str]:
    """The conditions for the calls that we may make, with as many of the numbers as they have room for."""
    clauses = [clause for number in sorted(numbers) if (clause := _clause(number))]
    return islice(_joined(dict.fromkeys(clauses), characters_max), CALLS_MAX)


def _joined(clauses: Collection[str], characters_max: int) -> Iterator[str]:
    waiting: list[str] = []
    length = 0
    for clause in clauses:
        encoded_length = len(quote(f"{clause} or ", safe=""))
        if encoded_length > characters_max:
            continue
        if waiting and length + encoded_length > characters_max:
            yield " or ".join(waiting)
            waiting, length = [], 0
        waiting.append(clause)
        length += encoded_length
    if waiting:
        yield " or ".join(waiting)


def _clause(number: str) -> str:
    digits = digits_of(number)
    if sum(map(len, digits)) >= DIGITS_MIN:
        return f'invoiceNumber like "*{"*".join(digits)}*"'
    spellings = [one for one in spellings_of(number) if '"' not in one][:SPELLINGS_MAX]
    # As in every string of the conditions, we write "[" as "[[]".
    quoted = ",".join('"' + one.replace("[", "[[]") + '"' for one in spellings)
    return f"invoiceNumber in ({quoted})" if quoted else ""
