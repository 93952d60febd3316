"""The card of ConnectWise PSA."""

from connectors.card import Card
from connectors.connectwise.entering import BY_HAND

CONNECTWISE = Card(
    name="connectwise",
    label="ConnectWise PSA",
    short_label="ConnectWise",
    by_hand=BY_HAND,
)
