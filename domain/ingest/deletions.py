"""What exists and what does not: a source that cannot find an object has not said that it was deleted.

QuickBooks answers "not found" for an object that was deleted, and for one that is too fresh to be read. A deletion is
*told* when a webhook or change data capture says so, and *inferred* when an object is only not to be found. An inferred
one is taken back by the first live picture; what change data capture told is final, because ids are not given twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The words of a webhook for it, in both of Intuit's formats.
DELETION_VERBS = frozenset({"delete", "deleted"})
# What cannot be found or is refused is asked for again so often.
LOOK_AGAIN_AFTER = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know of an object's existence, or have just heard about it.

    Attributes:
        inferred: the deletion was concluded because the object was not found; the source has not reported it.
        seen_at: when the source gave this picture, by our own clock; None if that was never noted.
        flawed_version: a picture of this version has come that was not to be relied on, and none since that was.
    """

    version: int
    deleted: bool
    inferred: bool
    seen_at: datetime | None
    flawed_version: int | None = None


def replaces(told: Standing, known: Standing) -> bool:
    """Whether the news replaces what we know. It never goes backward."""
    if known.deleted and not known.inferred:
        return False
    if told.deleted and not told.inferred:
        return True
    if told.deleted:
        return not known.deleted and not _seen_later(known, told)
    if known.deleted:
        # It was not found and is there after all; without a version the age of the picture is unknown.
        return told.version >= max(known.version, 0)
    if known.flawed_version is not None and told.version >= known.flawed_version:
        # The same version, and whole this time.
        return told.version >= known.version
    return told.version > known.version


def tells_of_a_change(told: Standing, known: Standing) -> bool:
    """Whether a picture that is not to be relied on says at least that what is known is not the newest."""
    if known.deleted:
        return known.inferred and told.version >= max(known.version, 0)
    return told.version > known.version


def is_a_later_look(told: Standing, known: Standing) -> bool:
    """Whether the same version is shown once more, later: what it only repeats of another object may have changed.

    A customer's name is in every invoice of the customer, and a rename changes the version of none of them.
    """
    if told.deleted or known.deleted or told.version != known.version:
        return False
    return known.seen_at is None or _seen_later(told, known)


def _seen_later(one: Standing, other: Standing) -> bool:
    return one.seen_at is not None and other.seen_at is not None and one.seen_at > other.seen_at


class Missing(StrEnum):
    """What to do about an object that a hint named and that the source does not show."""

    LOOK_AGAIN = "look_again"
    # Its deletion was told, and it is not there.
    GONE = "gone"
    # Looked for through all the delays: taken as gone until a live picture comes.
    GIVEN_UP = "given_up"


def what_of_missing(*, deletion_told: bool, looks: int) -> Missing:
    """Args: looks: how often it was looked for before this time."""
    if deletion_told:
        return Missing.GONE
    return Missing.LOOK_AGAIN if looks < len(LOOK_AGAIN_AFTER) else Missing.GIVEN_UP


def next_look_after(looks: int) -> timedelta:
    return LOOK_AGAIN_AFTER[min(looks, len(LOOK_AGAIN_AFTER) - 1)]
