"""A person's word that a payment is left out, although the rules would sync it."""

from enum import StrEnum


class LeftOut(StrEnum):
    """Why a person left a payment out."""

    # Whatever is there stays as it is, until the payment changes in the source.
    DISMISSED = "dismissed"
    # What we wrote for it is removed, and nothing is written again.
    TAKEN_BACK = "taken_back"
