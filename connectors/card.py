"""A vendor's card: its names, and how a person connects an account.

That is all that a help page needs, and it is cheap to import; the vendor itself brings its client and all that speaks
HTTP.
"""

from dataclasses import dataclass

from connectors.entering import ByHand


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a vendor is called, and its ways in.

    Attributes:
        name: its name in storage, in addresses, on the command line and before its variables.
        label: its product's name in a heading.
        short_label: its name in a sentence.
        by_hand: what a person enters to connect an account; None if that is not possible.
        by_consent: whether people can connect an account on the vendor's own consent page.
    """

    name: str
    label: str
    short_label: str
    by_hand: ByHand | None = None
    by_consent: bool = False
