"""Which invoice belongs to which: by the stored link, then by a number that only one invoice of each side has."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.reconciliation.documents import SourceStanding, TargetStanding
from domain.reconciliation.pairing import Pair, pair_up


def source(id_: str, number: str) -> SourceStanding:
    return SourceStanding(id_, number, "1", "Cascade Dental", None, "USD", Decimal(100), Decimal(100))


def target(id_: str, number: str, *, credit_memo: bool = False) -> TargetStanding:
    return TargetStanding(
        id_,
        number,
        "1",
        ("Cascade Dental",),
        None,
        "USD",
        Decimal(100),
        Decimal(100),
        None,
        None,
        is_credit_memo=credit_memo,
    )


def ids(pairs: tuple[Pair, ...]) -> list[tuple[str | None, str | None, int]]:
    return [(one.source and one.source.external_id, one.target and one.target.external_id, one.rivals) for one in pairs]


def test_the_same_number_belongs_together() -> None:
    assert ids(pair_up([source("1", "A")], [target("9", "A")], {})) == [("1", "9", 0)]


def test_a_link_comes_before_the_number() -> None:
    pairs = pair_up([source("1", "A")], [target("8", "A"), target("9", "B")], {"1": "9"})
    assert ids(pairs) == [("1", "9", 0), (None, "8", 0)]


def test_a_number_that_two_invoices_have_belongs_to_none() -> None:
    pairs = pair_up([source("1", "A"), source("2", "A")], [target("9", "A")], {})
    assert ids(pairs) == [("1", None, 1), ("2", None, 1), (None, "9", 1)]


def test_no_number_is_no_number_in_common() -> None:
    assert ids(pair_up([source("1", "")], [target("9", "")], {})) == [("1", None, 0), (None, "9", 0)]


def test_numbers_are_compared_as_they_are() -> None:
    assert ids(pair_up([source("1", "a-1")], [target("9", "A-1")], {})) == [("1", None, 0), (None, "9", 0)]


def test_a_credit_memo_of_the_target_is_no_invoice() -> None:
    assert ids(pair_up([source("1", "A")], [target("9", "A", credit_memo=True)], {})) == [("1", None, 0)]


def test_invoices_that_the_report_gives_no_id_are_told_apart_by_their_numbers() -> None:
    pairs = pair_up([source("", "A"), source("", "B"), source("", "C")], [target("8", "A"), target("9", "B")], {})
    assert [(one.number, one.ids) for one in pairs] == [("A", (None, "8")), ("B", (None, "9")), ("C", (None, None))]
    assert [one.name for one in pairs] == ["number:A", "number:B", "number:C"]


numbers = st.sampled_from(["", "A", "B", "C"])


@given(
    st.lists(numbers, max_size=6), st.lists(numbers, max_size=6), st.dictionaries(st.integers(0, 5), st.integers(0, 5))
)
def test_every_invoice_is_in_exactly_one_pair(
    at_source: list[str], at_target: list[str], links: dict[int, int]
) -> None:
    sources = [source(f"s{one}", number) for one, number in enumerate(at_source)]
    targets = [target(f"t{one}", number) for one, number in enumerate(at_target)]
    pairs = pair_up(sources, targets, {f"s{one}": f"t{other}" for one, other in links.items()})
    assert sorted(one.source.external_id for one in pairs if one.source) == sorted(one.external_id for one in sources)
    assert sorted(one.target.external_id for one in pairs if one.target) == sorted(one.external_id for one in targets)
