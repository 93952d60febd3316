"""docker-compose.yml: what its own tools and schema say of it, and how much each container may do."""

import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.deploy.installations import COMPOSE, DEPLOY, HEARTBEATS, ROOT, compose
from tests.deploy.scripts import make_secrets
from tests.web.applications import without_database
from tests.web.browser import Browser

PROFILES = ("proxy", "backup", "sandbox", "tools")


def services() -> dict[str, dict[str, Any]]:
    return dict(compose()["services"])


def test_it_is_what_the_specification_of_compose_says_one_is() -> None:
    schema = json.loads((files("check_jsonschema.builtin_schemas") / "vendor/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose())


def compose_program() -> list[str] | None:
    asked = ["docker", "compose", "version"]
    if shutil.which("docker") and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


@pytest.mark.skipif(compose_program() is None and not os.environ.get("CI"), reason="compose is not here")
def test_compose_itself_takes_it(tmp_path: Path) -> None:
    program = compose_program()
    assert program is not None
    copied = shutil.copy(COMPOSE, tmp_path)
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", "settings.env"))
    shutil.copy(DEPLOY / "settings.env.example", tmp_path / "deploy/settings.env")
    make_secrets(tmp_path / "deploy/secrets")
    chosen = [option for profile in PROFILES for option in ("--profile", profile)]
    ended = subprocess.run(
        [*program, "--file", copied, *chosen, "config"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for file in (tmp_path / "deploy/secrets").iterdir():
        secret = file.read_text().strip()
        assert not secret or "://valkey" in secret or secret not in ended.stdout, file.name


def test_a_container_can_do_nothing_that_it_does_not_need() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else []), name
        assert {"cpus", "mem_limit", "pids_limit"} <= service.keys(), name
        assert "privileged" not in service, name
        assert service["logging"]["options"]["max-size"], name


def test_only_the_proxy_can_be_reached_from_elsewhere() -> None:
    for name, service in services().items():
        if name != "proxy":
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_who_has_no_business_outside_has_no_way_there() -> None:
    networks = compose()["networks"]
    closed = {name for name, options in networks.items() if options.get("internal")}
    inside = {name for name, service in services().items() if set(service["networks"]) <= closed}
    assert inside == {"postgres", "valkey", "migrate", "beat", "backup"}
    reach_the_database = {name for name, service in services().items() if "database" in service["networks"]}
    assert not reach_the_database & {"flower", "proxy"}


def test_a_worker_is_asked_by_the_age_of_a_file_and_not_by_a_program_that_takes_seconds() -> None:
    asked = {
        name for name, one in services().items() if one.get("healthcheck", {}).get("test", [])[1:2] == ["deploy/alive"]
    }
    assert asked == set(HEARTBEATS)
    assert "inspect ping" not in COMPOSE.read_text()


def test_what_ends_is_started_again() -> None:
    """A worker that gave up, a Redis that was killed: nobody has to start anything by hand."""
    once = {"migrate", "cli"}
    for name, service in services().items():
        assert service["restart"] == ("no" if name in once else "unless-stopped"), name


def test_redis_loses_no_message_silently() -> None:
    command = services()["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--appendonly") + 1] == "yes"


def test_the_door_is_well_only_while_its_database_answers(tmp_path: Path) -> None:
    [asked] = re.findall(r"http://127.0.0.1:8000(/[^']*)", services()["web"]["healthcheck"]["test"][3])
    with without_database(tmp_path) as app:
        assert Browser(app).get(asked).status_code == 503


def test_the_checks_of_web_and_flower_call_what_there_is() -> None:
    for name, service in services().items():
        test = service.get("healthcheck", {}).get("test", [])
        if test[:3] == ["CMD", "python", "-c"]:
            imported = test[3].partition(";")[0]
            exec(imported)  # fails where the name has moved
            assert service["healthcheck"]["timeout"], name


def test_the_image_has_the_scripts_that_start_and_ask_a_process_and_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "deploy/*" in ignored
    assert {line for line in ignored if line.startswith("!")} == {"!deploy/alive", "!deploy/process"}
    assert 'ENTRYPOINT ["/app/deploy/process"]' in (ROOT / "Dockerfile").read_text()


def test_caddy_takes_its_file_and_shows_nobody_the_numbers(tmp_path: Path) -> None:
    program = shutil.which("caddy")
    if program is None and not os.environ.get("CI"):
        pytest.skip("caddy is not here")
    assert program is not None
    command = [program, "adapt", "--config", str(DEPLOY / "compose/Caddyfile"), "--adapter", "caddyfile"]
    environment = {"SITE": "payments.example.com", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    [server] = json.loads(ended.stdout)["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    said = json.dumps(server)
    assert "payments.example.com" in said
    assert {"web:8000", "flower:5555"} <= {word.strip('"') for word in said.replace(",", " ").replace("}", " ").split()}
    assert '"/metrics"' in said
