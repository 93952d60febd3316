"""What is wrong with the page that is open, for whoever listens to it, cannot use a mouse, or holds a telephone.

Two looks, because each sees what the other does not. `problems.js` is ours: it knows what this product promises, such
as that no two buttons have the same name and that every focus is seen. axe-core is what everybody else is measured by:
all of its rules for WCAG 2.2 A and AA, and its best practices. `make setup` fetches it where there is npm
(`tests/browser/package-lock.json` pins it by its hash); a build machine must have it.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.chromium import Chromium

PHOTOGRAPHS = os.environ.get("PHOTOGRAPHS")
_HERE = Path(__file__).parent
_OURS = (_HERE / "problems.js").read_text()
_AXE = _HERE / "node_modules" / "axe-core" / "axe.min.js"
# `incomplete` is what axe leaves to a person; `problems.js` measures the contrast that is most of it.
_ASK_AXE = """
axe.run(document, {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(({ violations }) => violations.flatMap((one) => one.nodes.map(
  (node) => `axe ${one.id}: ${one.help}: ${node.html.slice(0, 120)} (${node.failureSummary.replace(/\\s+/g, " ")})`,
)))
"""


def axe_is_here() -> bool:
    """Whether axe-core is installed; a laptop may do without it, a build machine may not."""
    if _AXE.exists():
        return True
    assert not os.environ.get("CI"), f"there is no {_AXE}; `make setup` fetches it with npm"
    return False


def problems(browser: Chromium, page: str) -> list[str]:
    """What is wrong, one sentence each, with the name of the page or of the state that it is in."""
    found = list(browser.run(_OURS))
    if axe_is_here():
        if browser.run("typeof axe") == "undefined":
            browser.run(_AXE.read_text() + "\n;0")
        found += browser.run(_ASK_AXE)
    return [f"{page}: {one}" for one in found]


@dataclass
class Looking:
    """Somebody who looks at one page after another, and remembers what is wrong.

    Attributes:
        how: the width and the colors, for the names of photographs.
    """

    browser: Chromium
    how: str
    found: list[str] = field(default_factory=list)

    def look(self, page: str) -> None:
        if PHOTOGRAPHS:
            self.browser.photograph(Path(PHOTOGRAPHS) / f"{page}-{self.how}.png")
        self.found += problems(self.browser, page)
