"""The card of QuickBooks Online."""

from connectors.card import Card
from connectors.quickbooks.entering import BY_HAND

QUICKBOOKS = Card(
    name="quickbooks",
    label="QuickBooks Online",
    short_label="QuickBooks",
    by_hand=BY_HAND,
    by_consent=True,
)
