"""Searching by a list of values: many in one query, and what ConnectWise refuses is taken to the value it is about.

ConnectWise refuses a whole query (400) for one value that it does not take, or fails on it (500). So such a list is
sent again in halves; before that, a harmless value is asked for in the same form: if that goes wrong
as well, it is the query or the connection, and no value is blamed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.base import Failure, ReadResult
from domain.records import TargetInvoice

# One refused value among 100 is found with eight refusals; the caller comes again with what is unread.
REFUSALS_MAX = 24

Ask = Callable[[Sequence[str]], ReadResult[list[TargetInvoice]]]


@dataclass(slots=True)
class Search:
    """What has become of the values of one field so far; `unread` are in the order in which they are asked for.

    Attributes:
        refused: the values that ConnectWise does not take, each with its words.
        failure: why the search ended early; None also where it ended because of too many refusals.
    """

    unread: list[str]
    found: list[TargetInvoice] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None


def search(lists: Sequence[Sequence[str]], ask: Ask, neutral: str) -> Search:
    """Asks for the values of all lists, each list in one query as long as ConnectWise takes it."""
    result = Search([value for values in lists for value in values])
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
            # A server that fails may have begun to just now: what it took before says nothing.
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


def _why_nothing_is_taken(ask: Ask, neutral: str, failure: Failure) -> Failure | None:
    """None if the form is taken, so that the failure is about a value."""
    answer = ask([neutral])
    if not isinstance(answer, Failure):
        return None
    return failure if answer.may_be_about_one_value else answer
