"""The card of TinyBooks."""

from connectors.card import Card
from connectors.entering import AskedSecret, AskedValue, ByHand, Entered

TINYBOOKS = Card(
    name="tinybooks",
    label="TinyBooks for Shops",
    short_label="TinyBooks",
    by_hand=ByHand(
        account="a TinyBooks shop",
        secrets_help="The pin comes from TINYBOOKS_PIN, from a file (pin), or from a prompt.",
        examples=("--book corner",),
        values=(AskedValue("book", "--book", "The name of the shop's book.", required=True),),
        secrets=(AskedSecret("pin", "TINYBOOKS_PIN", "Pin"),),
        read=lambda values: Entered(values["book"]),
        kept=dict,
    ),
)
