"""A cursor comes back as it was given, and whatever else is sent as one is none."""

from hypothesis import given
from hypothesis import strategies as st

from domain.cursors import Listed, cursor_after, place_of

PLACES = st.integers(min_value=1, max_value=2**63 - 1)


@given(st.sampled_from(Listed), PLACES)
def test_a_list_goes_on_after_the_row_that_its_cursor_names(listed: Listed, place: int) -> None:
    cursor = cursor_after(listed, place)
    assert cursor is not None
    assert place_of(listed, cursor) == place
    assert all(place_of(other, cursor) is None for other in Listed if other is not listed)


def test_there_is_no_cursor_after_the_last_page() -> None:
    assert cursor_after(Listed.PAYMENTS, None) is None


@given(st.text(max_size=60))
def test_no_text_that_somebody_made_up_is_a_cursor(text: str) -> None:
    place = place_of(Listed.PAYMENTS, text)
    assert place is None or cursor_after(Listed.PAYMENTS, place) == text


@given(PLACES, st.integers(min_value=0, max_value=40), st.characters())
def test_a_cursor_with_another_character_in_it_is_none_or_names_another_row(place: int, at: int, other: str) -> None:
    cursor = cursor_after(Listed.PAYMENTS, place) or ""
    changed = cursor[:at] + other + cursor[at + 1 :]
    assert changed == cursor or place_of(Listed.PAYMENTS, changed) != place
