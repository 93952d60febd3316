"""A sentence about a reason names the two systems as their vendors do, and prefers a vendor's own advice."""

import pytest

from connectors.registry import VENDORS, words_for
from domain.explanations import explain
from domain.reasons import Reason
from domain.words import Words

WORDS = Words("Books", "Desk", {Reason.READS_USED_UP: "Ask {source} for more."})


def test_a_sentence_names_both_systems() -> None:
    assert WORDS.sentence(Reason.TOTAL_DIFFERS) == "The invoice total is not the same in Books and in Desk."


def test_a_vendors_own_advice_comes_before_the_general_one() -> None:
    assert WORDS.advice(Reason.READS_USED_UP) == "Ask Books for more."
    assert WORDS.advice(Reason.DATE_MISSING) == "Enter the payment date in Books."


@pytest.mark.parametrize("reason", list(Reason))
def test_no_placeholder_is_left_in_the_words_of_our_vendors(reason: Reason) -> None:
    words = words_for([vendor.name for vendor in VENDORS])
    told = f"{words.sentence(reason)} {words.advice(reason)}"
    assert "{" not in told
    assert "}" not in told


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)
def test_a_vendor_advises_only_where_it_differs_from_the_general_advice(vendor: type) -> None:
    for reason, advice in vendor.reason_advice.items():
        assert advice != explain(reason).advice


def test_a_side_that_is_not_connected_yet_has_a_name_all_the_same() -> None:
    assert words_for(()) == words_for(["quickbooks", "connectwise"])
