"""Conditions for many ids or numbers at once, short enough for an address."""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import quote

from connectors.connectwise.lists import quoted

# An address stays below 2,000 characters (ConnectWise's guide); the rest of it takes less than 500.
CONDITION_CHARACTERS_MAX = 1400
IDS_PER_CALL = 100
# With fewer ids, or wider gaps, a page of a thousand would bring little of what was asked for.
_STRETCH_MIN = 3 * IDS_PER_CALL
_GAP_MAX = 3
# Record numbers start at one.
NO_INVOICE = "0"
# A number of letters and digits only, which no tenant and no gateway has a reason to refuse.
NEUTRAL_NUMBER = "A1"


def lists_of_ids(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids are record numbers; anything else cannot be one, and must not reach the condition language."""
    numbers = sorted((one for one in ids if one.isascii() and one.isdigit()), key=int)
    for start in range(0, len(numbers), IDS_PER_CALL):
        yield numbers[start : start + IDS_PER_CALL]


def stretches_of_ids(ids: Collection[str]) -> tuple[list[tuple[int, int]], list[str]]:
    """Stretches of ids that lie so close together that reading all invoices between is fewer calls, and the rest.

    Invoices that were made at about the same time have ids close to each other; a page is ten lists of ids.
    """
    numbers = sorted(int(one) for one in set(ids) if one.isascii() and one.isdigit())
    stretches: list[tuple[int, int]] = []
    rest: list[str] = []
    start = 0
    for place in range(1, len(numbers) + 1):
        if place < len(numbers) and numbers[place] - numbers[place - 1] <= _GAP_MAX:
            continue
        together = numbers[start:place]
        if len(together) >= _STRETCH_MIN:
            stretches.append((together[0], together[-1]))
        else:
            rest += map(str, together)
        start = place
    return stretches, rest


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
