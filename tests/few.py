"""Random worlds, and everything with everything: `make test` plays a few of them, and the build all."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest


def few_of(everything: Sequence[Any] | Mapping[str, Any], few: int) -> list[Any]:
    """All but so many are proofs: what stays is spread evenly, from the first on. A mapping has the names as well."""
    places = {len(everything) * number // few for number in range(few)}
    named = everything.items() if isinstance(everything, Mapping) else ((None, one) for one in everything)
    kept = []
    for place, (name, one) in enumerate(named):
        values = one if isinstance(one, tuple) else (one,)
        kept.append(pytest.param(*values, id=name, marks=() if place in places else pytest.mark.proof))
    return kept


def in_turn(*axes: Iterable[Any]) -> list[Any]:
    """Everything with everything, where what the last one changes hardly depends on the others.

    Each combination of the others meets one of the last, in turn; with all the others of the last it is a proof.
    """
    others, last = [list(axis) for axis in axes[:-1]], list(axes[-1])
    combinations = []
    for numbers in itertools.product(*(range(len(axis)) for axis in others)):
        values = [axis[number] for axis, number in zip(others, numbers, strict=True)]
        turn = sum(numbers) % len(last)
        for number, value in enumerate(last):
            name = "-".join(_name(one) for one in (*values, value))
            marks = () if number == turn else pytest.mark.proof
            combinations.append(pytest.param(*values, value, marks=marks, id=name))
    return combinations


def _name(value: object) -> str:
    return str(getattr(value, "__name__", value))
