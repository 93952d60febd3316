"""The rules of the code that no linter keeps: small files, nobody says a vendor's name, money is never a float."""

import ast
import io
import re
import statistics
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import grimp
import pytest

from connectors.cards import CARDS
from connectors.channels import CHANNELS
from tests.pages import PACKAGES

ROOT = Path(__file__).parents[1]
# Files are split by reason to change: beyond this a second reason is likely, and the test asks for it.
LINES_MAX = 400
MEDIAN_MAX = 150
VENDOR_NAMES = re.compile(r"quickbooks|connectwise|intuit|\bqbo\b|\bcwm?\b", re.IGNORECASE)
VARIABLES = re.compile("|".join(rf"\b{card.name.upper()}_[A-Z]" for card in CARDS))
# The sentences of all reasons: longer than any code may be.
TABLES_OF_SENTENCES = {"domain/explained_decisions.py", "domain/explained_deliveries.py"}
# The columns of the file that partners import have the vendors' names, and so have the sentences about its rows.
IMPORTED_FILE = {"usecases/invoice_columns.py", "usecases/invoice_rows.py"}
# The commands that connect an account, whatever the vendor.
MADE_OF_CARDS = [ROOT / "cli/adding_connections.py", ROOT / "cli/connecting.py"]
# Also the standard library's way of reading JSON, which makes floats of amounts.
FLOATS = re.compile(r"\bfloat\(|parse_float=float|(?<!simple)json\.loads?\(")
# A migration is what the tables were on its day: never edited afterwards, so never split either.
GENERATED = "models/migrations/versions"


def sources(*packages: str) -> list[Path]:
    found = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if GENERATED not in path.as_posix()]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def code_with(words: re.Pattern[str], path: Path) -> Iterator[tuple[int, str]]:
    """Names and strings of a file that have one of the words, with their lines, without comments and docstrings."""
    text = path.read_text()
    if not words.search(text):
        # Nearly every file, and taking one apart takes a hundredth of a second.
        return
    documentation = {
        node.body[0].value.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start[0] in documentation):
            continue
        if words.search(token.string):
            yield token.start[0], token.string


@pytest.mark.parametrize("packages", [PACKAGES, ["tests"]], ids=["product", "tests"])
def test_files_are_small(packages: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {name_of(path): lines_of(path) for path in sources(*packages)}
    median = statistics.median(size for size in sizes.values() if size)
    with capsys.disabled():
        print(f"\nmedian of {len(sizes)} files: {median:.0f} lines")
    too_long = {name: size for name, size in sizes.items() if size > LINES_MAX and name not in TABLES_OF_SENTENCES}
    assert too_long == {}
    assert median <= MEDIAN_MAX


def test_only_connectors_say_a_vendors_name() -> None:
    """The engine's sentences get the names from the vendors; a page may say "QuickBooks", but no branch asks for it."""
    said = [
        f"{name_of(path)}:{line}: {text}"
        for path in [*sources("domain", "models", "settings", "tasks", "usecases", "web", "workers"), *MADE_OF_CARDS]
        if name_of(path) not in IMPORTED_FILE
        for line, text in code_with(VENDOR_NAMES, path)
        if not (path.is_relative_to(ROOT / "web") and is_a_sentence(text))
    ]
    assert said == []


def test_only_vendors_name_their_variables() -> None:
    """A sentence elsewhere that names one would be wrong for the connections of any other vendor."""
    said = [
        f"{name_of(path)}:{line}: {text}"
        for path in sources("models", "settings", "tasks", "usecases", "web", "workers")
        for line, text in code_with(VARIABLES, path)
    ]
    assert said == []


def is_a_sentence(token: str) -> bool:
    return token[-1:] in "\"'" and " " in token


def test_money_is_never_a_float() -> None:
    floats = [
        f"{name_of(path)}:{line}"
        for path in sources("domain", "models", "connectors", "tasks", "web", "cli")
        for line, code in enumerate(path.read_text().splitlines(), start=1)
        if FLOATS.search(code)
    ]
    assert floats == []


def test_sql_is_written_in_models_only() -> None:
    found = [
        f"{name_of(path)}:{line}"
        for path in sources(*(package for package in PACKAGES if package != "models"))
        for line, code in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"(?<![\w.])select\(", code)
    ]
    assert found == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [name_of(path) for path in sources(*PACKAGES, "tests") if path.name in drawers] == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b(?!\(fault)")
    found = [
        f"{name_of(path)}:{line}"
        for path in sources(*PACKAGES)
        for line, code in enumerate(path.read_text().splitlines(), start=1)
        if marks.search(code)
    ]
    assert found == []


def test_nobody_imports_upwards() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_vendors_and_channels_never_meet() -> None:
    """A folder of either is read and changed alone; import-linter would want the names of the folders."""
    graph = grimp.build_graph("connectors", cache_dir=None)
    folders = {module for module in graph.find_children("connectors") if graph.find_children(module)}
    # A channel with several regions has one folder.
    names = {*(card.name for card in CARDS), *(name.partition("_")[0] for name in CHANNELS)}
    assert folders == {f"connectors.{name}" for name in names}
    meetings = {
        (one, other): graph.find_shortest_chains(importer=one, imported=other, as_packages=True)
        for one, other in permutations(sorted(folders), 2)
    }
    assert {both: chains for both, chains in meetings.items() if chains} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also not for types alone: who reads one of them has to read them all."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while leaves := {module for module, others in imports.items() if not others & imports.keys()}:
        imports = {module: others for module, others in imports.items() if module not in leaves}
    # What is left is in a circle, or above one.
    assert sorted(imports) == []


def test_the_contract_about_steps_names_every_step() -> None:
    steps = {f"tasks.{path.parent.name}" for path in (ROOT / "tasks").glob("*/step.py")}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    independent = next(
        set(one["modules"]) for one in contracts if one["type"] == "independence" and "tasks.match" in one["modules"]
    )
    assert independent == steps


def test_the_ledger_is_changed_where_its_history_is_written() -> None:
    """A statement that changes many rows goes past the session, which would write their history."""
    of_ledger = re.compile(
        r"\b(update|delete|insert\w*)\(\s*Ledger(Entry|Change)\b|\bLedgerEntry\.__table__\.(update|delete)"
    )
    allowed = {"models/ledger_writing.py", "models/ledger_changes.py"}
    found = {
        name_of(path)
        for path in sources("models", "tasks", "usecases", "cli", "web", "workers")
        if of_ledger.search(path.read_text())
    }
    assert found == allowed
    assert "delete(" not in (ROOT / "models/ledger_writing.py").read_text()
