"""What meets a contributor first: the two pages, the build, the hooks and the forms say and call what there is."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pages import CONTRIBUTING, PACKAGES, ROOT, SECURITY, blocks, command_lines, inline_code, make_targets

PYTEST = ".venv/bin/python -m pytest "
YAML_FILES = [
    ROOT / ".pre-commit-config.yaml",
    ROOT / "docker-compose.yml",
    *sorted((ROOT / ".github").rglob("*.yml")),
]
A_FILE = re.compile(r"\.?[\w-]+(/[\w.-]+)*(/|\.\w+|/run)|Makefile|Procfile")


def parsed(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def text_files() -> list[Path]:
    kinds = ("*.html", "*.css", "*.js", "*.md", "*.in", "*.toml", "*.mako")
    folders = [ROOT / folder for folder in (*PACKAGES, "docs", ".github", "tests")]
    below = [path for folder in folders for kind in kinds for path in folder.rglob(kind)]
    # What npm has installed is not ours.
    below = [path for path in below if "node_modules" not in path.parts]
    above = [path for path in ROOT.iterdir() if path.suffix in {".md", ".in", ".toml"}]
    return [*above, *below, *YAML_FILES, ROOT / ".editorconfig", ROOT / ".ci/run"]


# --- the pages ---


@pytest.mark.parametrize("page", [CONTRIBUTING, SECURITY], ids=lambda page: page.name)
def test_every_file_that_the_page_names_exists(page: Path) -> None:
    named = {code for code in inline_code(page) if A_FILE.fullmatch(code)} - {".env"}
    assert len(named) > 5
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.parametrize("line", command_lines(CONTRIBUTING))
def test_every_command_line_of_contributing_works(line: str) -> None:
    if line.startswith("make "):
        assert line.split()[1] in make_targets()
    else:
        assert line.startswith(PYTEST)
        pytest_here(ROOT, *shlex.split(line.removeprefix(PYTEST)), "--collect-only")


def pytest_here(folder: Path, *arguments: str) -> None:
    run(folder, sys.executable, "-m", "pytest", *arguments)


def run(folder: Path, *command: str) -> str:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{shlex.join(command)}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.mark.slow
@pytest.mark.proof
def test_who_makes_the_example_change_gets_a_new_reason_that_passes_the_checks(tmp_path: Path) -> None:
    here = tmp_path / "here"
    shutil.copytree(ROOT, here, ignore=shutil.ignore_patterns(".*"))
    files = [added(here, block) for block in blocks(CONTRIBUTING, "diff")]
    (here / "docs/reasons.md").write_text(run(here, sys.executable, "-m", "usecases.reasons_page"))
    rule, sentence, page = (
        "tests/domain/match/test_eligibility.py",
        "tests/domain/test_reasons.py",
        "tests/test_docs.py",
    )
    # Of the pages, those about reasons.
    pytest_here(here, "-q", rule, sentence, page, "-k", "test_eligibility or reason")
    ruff = str(Path(sys.executable).with_name("ruff"))
    python = sorted({name for name in files if name.endswith(".py")})
    run(here, ruff, "check", "--no-cache", *python)
    run(here, ruff, "format", "--no-cache", "--check", *python)


def added(folder: Path, block: str) -> str:
    """Puts the block's lines with a plus where the others stand; says into which file."""
    name, *lines = block.splitlines(keepends=True)
    path = folder / name.removeprefix("+++ ").strip()
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} has no such place (or several):\n{before}"
    path.write_text(text.replace(before, "".join(line[1:] for line in lines)))
    return path.relative_to(folder).as_posix()


# --- the build, the hooks and the forms ---


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_the_yaml_can_be_read(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_the_build_does_what_a_laptop_does_and_may_change_nothing() -> None:
    workflow = parsed(".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] == 90
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    setup = next(step["with"] for step in job["steps"] if "setup-python" in step.get("uses", ""))
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    assert setup["python-version"] == oldest
    assert (ROOT / setup["cache-dependency-path"]).exists()


def test_the_build_makes_what_the_makefile_has() -> None:
    made = set(re.findall(r"^step make (\S+)", (ROOT / ".ci/run").read_text(), re.MULTILINE))
    assert {"check", "test"} <= made <= make_targets()


def hooks() -> dict[str, Any]:
    (repository,) = parsed(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    return {hook["id"]: hook for hook in repository["hooks"]}


def test_the_hook_before_a_commit_calls_a_target() -> None:
    program, target = hooks()["check"]["entry"].split()
    assert program == "make"
    assert target in make_targets()


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        ("feat: x", True),
        ("fix(catch-up): look again\n\nBecause it may have changed.\n", True),
        ("refactor(web)!: " + "x" * 56, True),
        ("refactor(web)!: " + "x" * 57, False),
        ("Look again", False),
        ("fix(catch-up):", False),
        ("Look again\n\nfix: not in the subject\n", False),
        ("Merge branch 'main'\n", True),
        ("fixup! feat: x", True),
    ],
)
def test_the_hook_for_messages_takes_a_conventional_subject_of_72_characters(message: str, *, accepted: bool) -> None:
    hook = hooks()["subject"]
    assert hook["language"] == "pygrep"
    assert hook["args"] == ["--multiline", "--negate"]
    found = re.search(hook["entry"].encode(), message.encode(), re.MULTILINE | re.DOTALL)
    assert (found is not None) is accepted


def test_the_hook_knows_the_types_that_the_page_names() -> None:
    told = re.search(r"The types\s+are\s+(.+?);", CONTRIBUTING.read_text(), re.DOTALL)
    assert told is not None
    for kind in re.findall(r"[a-z]{2,}", told[1].replace(" and ", " ")):
        assert re.search(hooks()["subject"]["entry"], f"{kind}: x"), kind


def test_updates_are_looked_for_where_there_is_something_to_update() -> None:
    found = {"pip": "requirements.in", "docker": "Dockerfile", "docker-compose": "docker-compose.yml"}
    found |= {"github-actions": ".github/workflows/ci.yml", "npm": "tests/browser/package-lock.json"}
    updates = parsed(".github/dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == found.keys()
    assert all((ROOT / name).exists() for name in found.values())
    assert {update["schedule"]["interval"] for update in updates} == {"weekly"}
    assert all(update["groups"] for update in updates)


def test_who_opens_an_issue_about_security_is_shown_the_private_way() -> None:
    chooser = parsed(".github/ISSUE_TEMPLATE/config.yml")
    (link,) = chooser["contact_links"]
    assert not chooser["blank_issues_enabled"]
    assert "Security > Report a vulnerability" in link["about"]
    assert "**Security > Report a vulnerability**" in SECURITY.read_text()


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_every_field_of_a_form_has_a_label_and_an_id_of_its_own(name: str) -> None:
    fields = [part for part in parsed(f".github/ISSUE_TEMPLATE/{name}.yml")["body"] if part["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


# --- the editors ---


def test_editors_are_told_what_ruff_wants_and_what_the_files_are() -> None:
    editors = configparser.ConfigParser()
    editors.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    assert editors.getint("*.py", "max_line_length") == ruff["line-length"]
    assert editors.get("Makefile", "indent_style") == "tab"
    wrong = []
    for path in text_files():
        text = path.read_text()
        if not text.endswith("\n") or re.search(r"[ \t]+$", text, re.MULTILINE) or "\t" in text or "\r" in text:
            wrong.append(path.relative_to(ROOT).as_posix())
    assert wrong == []
