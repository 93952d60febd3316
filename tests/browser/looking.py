"""What is wrong with the page that is open, for whoever listens to it, cannot use a mouse, or holds a telephone.

Two looks, because each sees what the other does not. `problems.js` is ours: it knows what this product promises, such
as that no two buttons have the same name and that every focus is seen. axe-core is what everybody else is measured by:
all of its rules for WCAG 2.2 A and AA, and its best practices. `make setup` fetches it where there is npm
(`tests/browser/package-lock.json` pins it by its hash); a build machine must have it.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.chromium import Chromium

PHOTOGRAPHS = os.environ.get("PHOTOGRAPHS")
_HERE = Path(__file__).parent
_OURS = (_HERE / "problems.js").read_text()
_AXE = _HERE / "node_modules" / "axe-core" / "axe.min.js"
# What a person does to a page is the same at a desk and on a telephone, and done once; how the page then looks is looked at
# in each size, and in both kinds of colors: no color depends on the size.
SIZES = ((1440, False), (1440, True), (768, False), (360, False))
# Two looks for a page so long that each takes seconds: what is not the same in all of them is different in these.
OPPOSITES = ((1440, False), (360, True))
# `incomplete` is what axe leaves to a person; `problems.js` measures the contrast that is most of it.
_ASK_AXE = """
axe.run(document, {
  resultTypes: ["violations"],
  runOnly: %s,
}).then(({ violations }) => violations.flatMap((one) => one.nodes.map(
  (node) => `axe ${one.id}: ${one.help}: ${node.html.slice(0, 120)} (${node.failureSummary.replace(/\\s+/g, " ")})`,
)))
"""
_EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What one rule of axe's can see and another cannot is seen at either end; in between, sizes alone are left, which are ours.
_OF_COLORS = ["color-contrast", "link-in-text-block"]
_RULES = {(1440, True): _OF_COLORS, (768, False): []}


def axe_is_here() -> bool:
    """Whether axe-core is installed; a laptop may do without it, a build machine may not."""
    if _AXE.exists():
        return True
    assert not os.environ.get("CI"), f"there is no {_AXE}; `make setup` fetches it with npm"
    return False


def problems(browser: Chromium, page: str, sizes: Iterable[tuple[int, bool]] = SIZES) -> list[str]:
    """What is wrong in any of the sizes, one sentence each; the window is then as it was.

    Args:
        page: the name of the page or of the state that it is in.
        sizes: the width, and whether it is dark.
    """
    before = browser.width, browser.dark
    found = [one for width, dark in sizes for one in _problems_at(browser, page, width, dark=dark)]
    browser.show(before[0], dark=before[1])
    return found


def _problems_at(browser: Chromium, page: str, width: int, *, dark: bool) -> list[str]:
    browser.show(width, dark=dark)
    look = f"{page} at {width}{' in the dark' if dark else ''}"
    if PHOTOGRAPHS:
        browser.photograph(Path(PHOTOGRAPHS) / f"{look.strip('/').replace('/', '-').replace(' ', '-')}.png")
    found = list(browser.run(_OURS))
    rules = _RULES.get((width, dark), _EVERY_RULE)
    if rules and axe_is_here():
        if browser.run("typeof axe") == "undefined":
            browser.run(_AXE.read_text() + "\n;0")
        found += browser.run(_ASK_AXE % rules)
    return [f"{look}: {one}" for one in found]


@dataclass
class Looking:
    """Somebody who looks at one page after another, and remembers what is wrong."""

    browser: Chromium
    found: list[str] = field(default_factory=list)

    def look(self, page: str) -> None:
        self.found += problems(self.browser, page)
