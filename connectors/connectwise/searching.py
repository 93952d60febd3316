"""Searching by a list of values: many in one query, and each refusal is traced to the value that caused it.

ConnectWise refuses a whole query (400) because of one value that it does not take, or fails on it (500). So we send
such a list again in halves. Before that we ask for a harmless value in the same form: if that goes wrong as well, the
query or the connection is at fault, and we blame no value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.base import Failure, ReadResult

# It takes eight refusals to find one refused value among 100; the caller comes again with the unread values.
REFUSALS_MAX = 24

Found = TypeVar("Found")
Ask = Callable[[Sequence[str]], ReadResult[list[Found]]]


@dataclass(slots=True)
class Search(Generic[Found]):
    """The results for the values of one field so far; `unread` are in the order in which we ask for them.

    Attributes:
        refused: the values that ConnectWise does not take, each with its words.
        failure: why the search ended early; None also if it ended because of too many refusals.
    """

    unread: list[str]
    found: list[Found] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None


def search(lists: Sequence[Sequence[str]], ask: Ask[Found], neutral: str) -> Search[Found]:
    """Asks for the values of all lists, each list in one query unless ConnectWise refuses it."""
    result = Search[Found]([value for values in lists for value in values])
    waiting, refusals, is_taken = list(lists), 0, False
    while waiting and refusals < REFUSALS_MAX:
        values = waiting.pop(0)
        answer = ask(values)
        if not isinstance(answer, Failure):
            is_taken = True
            result.found += answer.value
            result.unread = result.unread[len(values) :]
            continue
        if not answer.may_be_about_one_value:
            result.failure = answer
        elif answer.broke_on_the_question or not is_taken:
            # A failing server may have begun to fail just now: an earlier success proves nothing.
            result.failure = _why_nothing_is_taken(ask, neutral, answer)
            is_taken = result.failure is None
        if result.failure is not None:
            break
        refusals += 1
        if len(values) == 1:
            result.refused[values[0]] = answer.detail
            result.unread = result.unread[1:]
        else:
            middle = len(values) // 2
            waiting[:0] = [values[:middle], values[middle:]]
    return result


def _why_nothing_is_taken(ask: Ask[Found], neutral: str, failure: Failure) -> Failure | None:
    """Why ConnectWise does not even take a harmless value; None if it does, so that the failure is about a value."""
    answer = ask([neutral])
    if not isinstance(answer, Failure):
        return None
    return failure if answer.may_be_about_one_value else answer
