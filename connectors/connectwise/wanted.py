"""Conditions for many ids or numbers at once, short enough for an address."""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import quote

from connectors.connectwise.lists import quoted

# An address stays below 2,000 characters (ConnectWise's guide); the rest of it takes less than 500.
CONDITION_CHARACTERS_MAX = 1400
IDS_PER_CALL = 100
# Record numbers start at one.
NO_INVOICE = "0"
# A number of letters and digits only, which no tenant and no gateway has a reason to refuse.
NEUTRAL_NUMBER = "A1"


def lists_of_ids(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids are record numbers; anything else cannot be one, and must not reach the condition language."""
    numbers = sorted((one for one in ids if one.isascii() and one.isdigit()), key=int)
    for start in range(0, len(numbers), IDS_PER_CALL):
        yield numbers[start : start + IDS_PER_CALL]


def id_condition(ids: Sequence[str]) -> str:
    return f"id in ({','.join(str(int(one)) for one in ids)})"


def lists_of_numbers(numbers: Collection[str]) -> Iterator[list[str]]:
    values: list[str] = []
    length = 0
    for number in sorted(number for number in numbers if number and '"' not in number):
        encoded_length = len(quote(quoted(number) + ",", safe=""))
        if values and length + encoded_length > CONDITION_CHARACTERS_MAX:
            yield values
            values, length = [], 0
        values.append(number)
        length += encoded_length
    if values:
        yield values


def number_condition(numbers: Sequence[str]) -> str:
    return f"invoiceNumber in ({','.join(map(quoted, numbers))})"
