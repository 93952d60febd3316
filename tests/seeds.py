"""Random worlds by their seeds: `make test` plays a few of them, and the build all."""

from collections.abc import Sequence
from typing import Any

import pytest


def few_of(all_of_them: int, *, few: int = 4, first: int = 0) -> Sequence[Any]:
    """So many seeds from the first on; all but a few are proofs."""
    seeds = range(first, all_of_them)
    return [*seeds[:few], *(pytest.param(seed, marks=pytest.mark.proof) for seed in seeds[few:])]
