"""Which objects still exist: a source that cannot find an object has not reported its deletion.

QuickBooks answers "not found" for a deleted object, and also for one that is too fresh to be read. A deletion is *told*
when a webhook or change data capture reports it, and *inferred* when we merely cannot find the object. The first live
picture undoes an inferred deletion. One that change data capture told is final, because ids are never reused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The verbs a webhook uses for a deletion, in both of Intuit's formats.
DELETION_VERBS = frozenset({"delete", "deleted"})
# How long we wait before we ask again for an object that was not found or was refused.
LOOK_AGAIN_AFTER = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know of an object's existence, or have just heard about it.

    Attributes:
        inferred: the deletion was concluded because the object was not found; the source has not reported it.
        seen_at: when the source gave this picture, by our own clock; None if that was never recorded.
        flawed_version: the version of an unreliable picture that came, while no reliable one has come since.
    """

    version: int
    deleted: bool
    inferred: bool
    seen_at: datetime | None
    flawed_version: int | None = None


def replaces(told: Standing, known: Standing) -> bool:
    """Whether the news replaces what we know. Our knowledge never goes back to an older state."""
    if known.deleted and not known.inferred:
        return False
    if told.deleted and not told.inferred:
        return True
    if told.deleted:
        return not known.deleted and not _seen_later(known, told)
    if known.deleted:
        # We had not found it, and it exists after all. A picture without a version may be of any age.
        return told.version >= max(known.version, 0)
    if known.flawed_version is not None and told.version >= known.flawed_version:
        # The same version, and whole this time.
        return told.version >= known.version
    return told.version > known.version


def tells_of_a_change(told: Standing, known: Standing) -> bool:
    """Whether an unreliable picture at least shows that the one we know is out of date."""
    if known.deleted:
        return known.inferred and told.version >= max(known.version, 0)
    return told.version > known.version


def is_a_later_look(told: Standing, known: Standing) -> bool:
    """Whether this is a later picture of the same version: what it copies from another object may have changed.

    A customer's name is in every invoice of the customer, and a rename changes the version of none of them.
    """
    if told.deleted or known.deleted or told.version != known.version:
        return False
    return known.seen_at is None or _seen_later(told, known)


def _seen_later(one: Standing, other: Standing) -> bool:
    return one.seen_at is not None and other.seen_at is not None and one.seen_at > other.seen_at


class Missing(StrEnum):
    """What to do about an object that a hint named and the source does not show."""

    LOOK_AGAIN = "look_again"
    # Its deletion was told, and the source does not show it.
    GONE = "gone"
    # Not found after all the delays: we treat it as gone until a live picture comes.
    GIVEN_UP = "given_up"


def what_of_missing(*, deletion_told: bool, looks: int) -> Missing:
    """What to do next about a missing object.

    Args:
        looks: how often we have looked for it before.
    """
    if deletion_told:
        return Missing.GONE
    return Missing.LOOK_AGAIN if looks < len(LOOK_AGAIN_AFTER) else Missing.GIVEN_UP


def next_look_after(looks: int) -> timedelta:
    return LOOK_AGAIN_AFTER[min(looks, len(LOOK_AGAIN_AFTER) - 1)]
