"""The cards of the vendors say what is so: help pages are made of them, and nothing compares them at run time."""

import pytest

from connectors.cards import CARDS
from connectors.registry import VENDORS
from connectors.vendor import Vendor


def test_every_card_stands_for_a_vendor() -> None:
    assert [vendor.card for vendor in VENDORS] == list(CARDS)
    assert [vendor.name for vendor in VENDORS] == [card.name for card in CARDS]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)
def test_a_card_knows_whether_there_is_a_consent_page(vendor: type[Vendor]) -> None:
    assert vendor.card.by_consent == (vendor.authorization is not Vendor.authorization)
