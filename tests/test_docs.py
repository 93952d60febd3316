"""The documents, kept true: their commands are run, their maps and lists are complete, their links lead somewhere."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import SecretStr

from cli.__main__ import app
from connectors.registry import VENDORS, words_for
from domain.copying.reasons import CopyReason
from domain.push.effect import TRANSITIONS, EffectState
from domain.reasons import Reason
from domain.version import VERSION
from settings import Settings
from tests.pages import (
    DECISIONS,
    MAP,
    OPERATIONS,
    PACKAGES,
    PAGES,
    README,
    ROOT,
    RUNBOOK,
    command_lines,
    inline_code,
    make_targets,
    without_blocks,
)
from tests.reader import a_reader
from usecases.reasons_page import as_markdown

A_MACHINES_PATH = re.compile(r"(?<![\w.])/(work|farm|root|home|tmp)/")


# --- the commands ---


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.timeout(600)
def test_who_follows_readme_operations_and_runbook_line_by_line_gets_what_they_promise(tmp_path: Path) -> None:
    with a_reader(tmp_path) as reader:
        for line in [*command_lines(README), *command_lines(OPERATIONS), *command_lines(RUNBOOK)]:
            reader.follow(line)
        assert reader.statuses() == dict.fromkeys(reader.names.values(), "synced")
        assert (tmp_path / "backup.sqlite").stat().st_size > 0


GROUPS = typer.main.get_command(app)
for name in GROUPS.modules:
    GROUPS.load(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_in_a_sentence_exists(page: Path) -> None:
    for code in inline_code(page):
        words = code.removeprefix("python -m cli ").split()
        command: Any = GROUPS
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if command is GROUPS:
            assert not code.startswith("python -m cli ") or words[0].startswith("-") or words == ["..."], code
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_named_in_a_sentence_exists(page: Path) -> None:
    named = {code.split()[1] for code in inline_code(page) if code.startswith("make ")}
    assert named <= make_targets()


# --- the lists ---


def test_the_release_is_told_as_it_is_named() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_page_of_reasons_is_what_make_docs_writes() -> None:
    assert (ROOT / "docs/reasons.md").read_text() == as_markdown(words_for(()))


def test_every_reason_has_its_runbook() -> None:
    headings = re.findall(r"^#### `(\w+)`$", OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted([*Reason, *CopyReason])


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| .+ \|$", OPERATIONS.read_text(), re.MULTILINE))
    assert rows.keys() >= {name.upper() for name in Settings.model_fields}
    of_vendors = {f"{vendor.name}_{name}" for vendor in VENDORS for name in vendor.form.model_fields}
    assert of_vendors
    assert Settings.model_fields.keys() >= of_vendors
    for name, info in Settings.model_fields.items():
        assert rows[name.upper()].strip("`").strip() in (said(info.default), "for development only"), name


def said(default: Any) -> str:
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    return "" if isinstance(plain, list) else str(plain)


def test_every_variable_of_the_procfile_is_documented() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text())) - {"PROCESS_NAME"}
    assert {name for name in read if f"`{name}`" not in OPERATIONS.read_text()} == set()


def test_the_map_names_every_room_and_no_other() -> None:
    table = MAP.read_text().split("## The rooms")[1].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    named = {name.rstrip("/") for cell in cells for name in cell[1:-1].split("`, `")}
    rooms = set(PACKAGES)
    rooms |= {str(path.parent.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    # What is inside of the sandbox's rooms and the migrations is their own affair.
    rooms = {room for room in rooms if not re.match(r"sandbox/|models/migrations/", room)}
    assert named == rooms | {"tests"}


def test_the_map_is_short_enough_to_be_read() -> None:
    assert len(MAP.read_text().splitlines()) <= 250


def test_a_module_says_at_its_head_what_it_does() -> None:
    modules = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.parent.name != "versions"
    ]
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in modules}
    assert [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem[:4])
def test_a_decision_record_is_one_page_with_four_parts(page: Path) -> None:
    text = page.read_text()
    parts = ["## Context", "## Decision", "## Consequences", "## Alternatives"]
    assert re.findall(r"^## .+$", text, re.MULTILINE) == parts
    assert len(text.splitlines()) <= 60
    assert f"]({page.name})" in (page.parent / "README.md").read_text()


# --- the pages ---


def test_the_glossary_has_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert sorted({one for one in words if words.count(one) > 1}) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_every_named_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target
    for name in re.findall(r"`((?:\w+/)+\w+\.\w+)`", page.read_text()):
        assert (ROOT / name).exists(), name


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_can_be_read_in_one_sitting_and_its_pictures_load_fast() -> None:
    # Pictures are looked at.
    lines = [line for line in README.read_text().splitlines() if not line.startswith("![")]
    assert len(lines) <= 200
    assert {path.name for path in (ROOT / "docs/images").iterdir() if path.stat().st_size > 200_000} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_knows_the_machine_it_was_written_on(page: Path) -> None:
    assert A_MACHINES_PATH.findall(page.read_text()) == []


def effects_life() -> str:
    """As Mermaid draws it; that an open effect may stay as it is, and wait longer, is left out."""
    steps = [(state, to) for state in EffectState for to in EffectState if to in TRANSITIONS[state] and to is not state]
    ends = [state for state in EffectState if not TRANSITIONS[state]]
    return "\n".join(
        [
            "stateDiagram-v2",
            f"    [*] --> {EffectState.PENDING}: match decides",
            *(f"    {state} --> {to}" for state, to in steps),
            *(f"    {state} --> [*]" for state in ends),
        ]
    )


def test_the_picture_of_an_effects_life_shows_the_steps_it_may_take() -> None:
    assert f"```mermaid\n{effects_life()}\n```" in (ROOT / "ARCHITECTURE.md").read_text()
