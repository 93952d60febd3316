"""The documents of the project, and what is in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = [
    "settings",
    "workers",
    "usecases",
    "tasks",
    "domain",
    "connectors",
    "models",
    "web",
    "cli",
    "sandbox",
    "benchmarks",
]
README, MAP, OPERATIONS = ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "docs/operations.md"
RUNBOOK = ROOT / "docs/runbook.md"
CONTRIBUTING, SECURITY = ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
PAGES = [
    README,
    MAP,
    CONTRIBUTING,
    SECURITY,
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def command_lines(page: Path) -> list[str]:
    return [line for block in blocks(page, "sh") for line in block.replace("\\\n", "").splitlines()]


def make_targets() -> set[str]:
    """Those that `make` alone lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def inline_code(page: Path) -> list[str]:
    return re.findall(r"`([^`]+)`", without_blocks(page).replace("\n", " "))
