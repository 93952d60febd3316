"""Which version a ConnectWise runs, and whether it is the one that our calls ask for."""

import re

# A release that breaks something keeps the version before it alive for twelve months (ConnectWise's guide).
_SUPPORTED_YEARS = 1
_VERSION = re.compile(r"v?(\d{4})\.(\d+)")


def remark(running: str, pinned: str) -> str:
    """What a person should know about the two, as the end of a sentence; "" when there is nothing to say.

    Args:
        running: the version that the server reports, such as v2025.16.123456.
        pinned: the version that we ask for, such as 2025.16.
    """
    theirs, ours = _VERSION.match(running), _VERSION.match(pinned)
    if ours is None or theirs is None:
        return f" (we ask for version {pinned}; it does not say whether it supports that one)"
    ahead = int(theirs[1]) - int(ours[1]), int(theirs[2]) - int(ours[2])
    if ahead < (0, 0):
        return f" (older than the version {pinned} that we ask for: set CONNECTWISE_API_VERSION, or upgrade it)"
    if ahead > (_SUPPORTED_YEARS, 0):
        return f" (may no longer support version {pinned}, which we ask for: change CONNECTWISE_API_VERSION)"
    return "" if ahead == (0, 0) else f" (we ask for version {pinned}, which it still supports)"
