"""The name of a browser, by which people tell their own sessions apart: its family and its system, nothing finer.

The words are ours: nothing that a stranger's browser writes about itself is stored.
"""

from fastapi import Request

# The first that fits: most browsers also name those that they want to be taken for.
_FAMILIES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_of(request: Request) -> str:
    return browser_name(request.headers.get("User-Agent", ""))


def browser_name(told: str) -> str:
    """Such as "Firefox on Windows"; "" where it says nothing that we know."""
    family = next((name for mark, name in _FAMILIES if mark in told), "")
    system = next((name for mark, name in _SYSTEMS if mark in told), "")
    if family and system:
        return f"{family} on {system}"
    return family or system
