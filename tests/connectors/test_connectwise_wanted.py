"""Which ids are asked for as a stretch, and which one by one: none is lost, and no stretch is mostly empty."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.connectwise.wanted import stretches_of_ids


@given(st.sets(st.integers(1, 3000)), st.sets(st.integers(1, 40)))
def test_every_id_is_in_a_stretch_or_in_the_rest(scattered: set[int], holes: set[int]) -> None:
    ids = {str(one) for one in (scattered | set(range(5000, 6000))) - {5000 + 20 * hole for hole in holes}}
    stretches, rest = stretches_of_ids(ids)
    within = {one for one in map(int, ids) for first, last in stretches if first <= one <= last}
    assert within | set(map(int, rest)) == set(map(int, ids))
    assert not within & set(map(int, rest))
    assert all(last - first + 1 <= 3 * sum(first <= one <= last for one in within) for first, last in stretches)


def test_few_ids_are_asked_for_one_by_one() -> None:
    assert stretches_of_ids({"1", "2", "3", "x"}) == ([], ["1", "2", "3"])
