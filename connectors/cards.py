"""The list of vendors. A third one is one folder and one line here; no other code asks for a vendor's name."""

from collections.abc import Sequence

from connectors.card import Card
from connectors.connectwise.card import CONNECTWISE
from connectors.quickbooks.card import QUICKBOOKS

# `registry` finds each one's class as `VENDOR` in `vendor.py`, in the folder of the same name.
CARDS: Sequence[Card] = (QUICKBOOKS, CONNECTWISE)
