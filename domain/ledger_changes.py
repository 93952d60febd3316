"""What may happen to an entry of the ledger, in words. Pure."""

from enum import StrEnum


class EntryChange(StrEnum):
    # As it was when we began to keep the history of entries.
    OPENING = "opening"
    ENTERED = "entered"
    SHARED = "shared"
    CORRECTED = "corrected"
    CORRECTED_BY_HAND = "corrected_by_hand"
    REMOVED = "removed"
    REMOVED_BY_HAND = "removed_by_hand"
    HANDED_OVER = "handed_over"
    LOOKED_AT = "looked_at"
    HARMED = "harmed"
    REPAIRED = "repaired"
    CALLED_OTHER_MONEY = "called_other_money"
    ACCEPTED = "accepted"
    # Changed during an upgrade, by a process of the release before, which keeps no history; the database kept it.
    BY_OLDER_VERSION = "by_older_version"
    # Changed by code that did not say why: kept all the same, and no test lets it pass.
    UNEXPLAINED = "unexplained"


# {target} stands for the name of the system.
ENTRY_CHANGE_SENTENCES = {
    EntryChange.OPENING: "The history of this row begins here, with what it said then.",
    EntryChange.ENTERED: "The payment in {target} was entered for this part.",
    EntryChange.SHARED: "The payment stands for other parts of the invoice as well.",
    EntryChange.CORRECTED: "We corrected the payment in {target}, or found that it was correct already.",
    EntryChange.CORRECTED_BY_HAND: "A person corrected the payment in {target}, and we saw it.",
    EntryChange.REMOVED: "We removed the payment from {target}, or found that it was gone already.",
    EntryChange.REMOVED_BY_HAND: "A person removed the payment from {target}, and we saw it.",
    EntryChange.HANDED_OVER: "A person called the payment the money of another part, and it stands for that one now.",
    EntryChange.LOOKED_AT: "A look at the invoice in {target} showed something else than before.",
    EntryChange.HARMED: "{target} removed or changed the payment when another one was added.",
    EntryChange.REPAIRED: "A person repaired in {target} what it had removed or changed.",
    EntryChange.CALLED_OTHER_MONEY: "A person called the similar payments beside it other money.",
    EntryChange.ACCEPTED: "A person accepted the payment as it was changed in {target}.",
    EntryChange.BY_OLDER_VERSION: "The version before this one changed the row, and did not say why.",
    EntryChange.UNEXPLAINED: "The row was changed, and nothing on record says why.",
}
