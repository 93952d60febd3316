"""docs/deployment.md: every command line in it is one that its own tool takes."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from cli.__main__ import app
from settings.processes import NEEDS, Process
from tests.deploy.installations import DEPLOY, ROOT, SYSTEMD, compose, kustomize, objects
from tests.deploy.scripts import make_secrets
from tests.pages import command_lines

PAGE = ROOT / "docs/deployment.md"
LINES = command_lines(PAGE)


def lines_of(program: str) -> list[str]:
    return [line for line in LINES if line.split()[0] == program]


def test_every_line_is_looked_at_by_one_of_these() -> None:
    programs = {line.split()[0] for line in LINES}
    assert programs == {
        "deploy/make-secrets",
        "cp",
        "install",
        "useradd",
        "docker",
        "kubectl",
        "systemctl",
        "journalctl",
    }


@pytest.mark.parametrize("line", [*lines_of("cp"), *lines_of("install"), *lines_of("deploy/make-secrets")])
def test_what_is_copied_and_made_is_there(line: str, tmp_path: Path) -> None:
    """On a host of our own: its root is a folder."""
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", "settings.env"))
    for folder in ("etc/payments", "etc/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
    here = re.sub(r"(?<=\s)/etc", f"{tmp_path}/etc", line).replace("-o 999 -g 999 ", "")
    ended = subprocess.run(["bash", "-c", here], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("line", lines_of("docker"))
def test_compose_has_what_the_line_names(line: str) -> None:
    words = shlex.split(line)[2:]
    services, profiles = compose()["services"], set()
    for service in services.values():
        profiles |= set(service.get("profiles", []))
    while words[0] == "--profile":
        assert words[1] in profiles
        words = words[2:]
    command, *rest = words
    named = [word for word in rest if word in services]
    if command == "run":
        assert named, line
        if named[0] == "cli":
            given = rest[rest.index("cli") + 1 :]
            group = typer.main.get_command(app)
            assert given[0] in group.list_commands(None)  # type: ignore[attr-defined,arg-type]
        if "--entrypoint" in rest:
            script = rest[rest.index("--entrypoint") + 1]
            [folder] = [one for one in services[named[0]]["volumes"] if one.endswith("/deploy:ro")]
            assert (ROOT / folder.partition(":")[0] / Path(script).name).exists()
    else:
        assert command in {"up", "stop"}
        assert all(word.startswith("-") or word in services for word in rest)


@pytest.mark.skipif(kustomize() is None and not os.environ.get("CI"), reason="neither kustomize nor kubectl is here")
def test_kubernetes_has_what_the_lines_name(tmp_path: Path) -> None:
    said = "\n".join(lines_of("kubectl"))
    [overlay] = re.findall(r"apply --kustomize (\S+)", said)
    assert (ROOT / overlay / "kustomization.yaml").exists()
    names = {(one["kind"], one["metadata"]["name"]) for one in objects()}
    assert ("Job", re.search(r"job/(\S+)", said)[1]) in names  # type: ignore[index]
    assert ("Namespace", "payments") in names
    # The secret has every key that a pod asks for.
    make_secrets(tmp_path / "secrets")
    made = {path.name for path in (tmp_path / "secrets").iterdir()} | {"scaler_database_url"}
    asked = set(re.findall(r"'key': '(\w+)'", str(objects())))
    assert asked <= made
    assert (
        "create secret generic payments-secrets --from-file deploy/secrets --from-literal scaler_database_url=" in said
    )


def test_systemd_has_what_the_lines_name() -> None:
    units = {word for line in lines_of("systemctl") for word in shlex.split(line)[1:] if word.startswith("payments")}
    instances = {unit.removeprefix("payments@") for unit in units if "@" in unit and "." not in unit}
    assert instances == set(Process) - {"migrate"}
    for name in (unit for unit in units if "@" not in unit or "." in unit):
        assert (SYSTEMD / name).exists() or (SYSTEMD / f"{name}.service").exists(), name


def test_the_table_of_secrets_is_that_of_the_program() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", PAGE.read_text(), re.MULTILINE))
    everyone = set(Process)
    for name in ("secret_key", "encryption_keys", "flower_basic_auth"):
        assert set(re.findall(r"`(\w+)`", rows[name])) == {process for process in Process if name in NEEDS[process].own}
    assert rows["database_url"].startswith("all but `flower`")
    assert everyone - {process for process in Process if "database_url" in NEEDS[process].own} == {"flower"}
    assert everyone - {process for process in Process if "redis_url" in NEEDS[process].own} == {"migrate"}
