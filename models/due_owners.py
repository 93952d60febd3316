"""Whose work is due: the question of the sweep, for all steps together in one statement.

Each kind of work says in its own module whom it makes due: a statement that selects the ids of connections,
organizations or endpoints, and knows the moment asked about as `AT` (`models/base.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import CompoundSelect, Select, literal_column, union_all
from sqlalchemy.orm import Session

# A function of a module, never a lambda: the whole statement is kept by which functions were asked.
Question = Callable[[], Select[int]]
K = TypeVar("K")


def owners(session: Session, now: datetime, question: Question, *others: Question) -> list[int]:
    """Whom any of these makes due now, in the order of their ids."""
    return owners_of_each(session, now, {None: (question, *others)})[None]


def owners_of_each(session: Session, now: datetime, asked: Mapping[K, Sequence[Question]]) -> dict[K, list[int]]:
    """For each key, whom any of its questions makes due now, in the order of their ids; in one statement."""
    if not asked:
        return {}
    found: dict[int, set[int]] = {number: set() for number in range(len(asked))}
    for owner_id, number in session.execute(_together(tuple(map(tuple, asked.values()))), {"at": now}):
        found[number].add(owner_id)
    return dict(zip(asked, map(sorted, found.values()), strict=True))


@cache
def _together(asked: tuple[tuple[Question, ...], ...]) -> CompoundSelect[int, int]:
    return union_all(
        *(
            question().add_columns(literal_column(str(number)))
            for number, questions in enumerate(asked)
            for question in questions
        )
    )
