"""Compose, Kubernetes and systemd alike: every process runs, with the secrets that it needs and no others."""

import os
import re
from pathlib import Path

import pytest

from connectors.registry import VENDORS
from settings import Settings
from settings.processes import NEEDS, Process, secrets_of
from tests.deploy.installations import (
    DEPLOY,
    KUBERNETES,
    ROOT,
    SYSTEMD,
    WAYS,
    Installed,
    installed,
    kustomize,
    pods,
    unit,
)
from tests.deploy.scripts import make_secrets
from web.__main__ import STOP_SECONDS as WEB_STOP_SECONDS
from workers.processes import GRACE_SECONDS

SECRETS_OF_VENDORS = [
    (f"{vendor.name}_{field}", scope) for vendor in VENDORS for field, scope in vendor.form.secrets.items()
]
# What is not a secret and stands in the operator's own file of settings.
WORKERS = (Process.INGEST, Process.MATCH, Process.PUSH, Process.COPY, Process.NOTIFY)
SETTINGS_FILES = [DEPLOY / "settings.env.example", KUBERNETES / "production/settings.env"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    if request.param == "kubernetes" and kustomize() is None and not os.environ.get("CI"):
        pytest.skip("neither kustomize nor kubectl is here")
    return str(request.param)


def processes(way: str) -> list[Installed]:
    return list(installed(way).values())


def test_every_line_of_the_procfile_runs_and_the_upgrade_before_them(way: str) -> None:
    lines = re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)
    assert set(installed(way)) == {*lines, Process.MIGRATE}


def test_every_process_is_given_what_it_needs_and_no_secret_more(way: str) -> None:
    for one in processes(way):
        may_have = secrets_of(one.process, SECRETS_OF_VENDORS)
        # The broker, the passwords of Sentinels and of a mail server, and where traces and reports go: for those who
        # have them.
        optional = {"broker_url", "redis_sentinel_password", "smtp_password", "traces_headers", "sentry_dsn"}
        needed = may_have - optional
        assert needed <= one.secrets <= may_have, one.process


def test_a_secret_is_a_file_and_every_file_is_read(way: str) -> None:
    for one in processes(way):
        given = {
            name: value for name, value in one.environment.items() if name.lower().removesuffix("_file") in one.secrets
        }
        assert all(name.endswith("_FILE") for name in given), one.process
        assert set(given.values()) == one.paths, one.process
        assert one.files == one.secrets, "each file has the name of its setting"


@pytest.mark.parametrize("process", Process)
def test_it_starts_with_these_and_the_settings_that_an_operator_fills_in(
    way: str, process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the process itself would: it is asked for its settings in production, and has nothing to complain of."""
    one = installed(way)[process]
    make_secrets(tmp_path / "secrets")
    written = dict(re.findall(r"^([A-Z_]+)=(.*)$", SETTINGS_FILES[way == "kubernetes"].read_text(), re.MULTILINE))
    directory = os.path.commonpath(one.paths) if len(one.paths) > 1 else str(Path(next(iter(one.paths))).parent)
    for name in [*os.environ]:
        if name.lower().removesuffix("_file") in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in {**written, **one.environment}.items():
        monkeypatch.setenv(name, value.replace(directory, str(tmp_path / "secrets")))
    # The Procfile sets it by itself.
    monkeypatch.setenv("PROCESS_NAME", process)
    settings = Settings()
    assert settings.environment.value == "production"
    for name in NEEDS[process].own:
        assert getattr(settings, name)


# A machine that is busy, a last line of the log.
MARGIN_SECONDS = 3.0


def test_a_worker_ends_by_itself_before_it_is_killed(way: str) -> None:
    for process in WORKERS:
        one = installed(way)[process]
        assert float(one.environment["STOP_SECONDS"]) + MARGIN_SECONDS < one.stop_seconds, process


def test_the_door_ends_by_itself_before_it_is_killed(way: str) -> None:
    """Its own seconds for what is under way, after those in which a proxy learns of it."""
    before = 0.0
    if way == "kubernetes":
        (container,) = pods()["web"]["containers"]
        before = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert before + WEB_STOP_SECONDS + MARGIN_SECONDS < installed(way)[Process.WEB].stop_seconds


def test_on_a_laptop_a_worker_and_the_door_end_before_they_are_killed() -> None:
    assert Settings.model_fields["stop_seconds"].default + 1 < GRACE_SECONDS
    assert WEB_STOP_SECONDS + 1 < GRACE_SECONDS


def test_a_signal_to_stop_reaches_the_program_itself() -> None:
    """No shell stands between it and its supervisor, and no line ends before its program does."""
    for line in re.findall(r"^\w+: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE):
        assert re.search(r"(; |&& )exec [^;&]+$", line), line
    assert dict(unit(SYSTEMD / "payments@.service"))["KillMode"] == "mixed"


@pytest.mark.parametrize("path", SETTINGS_FILES, ids=lambda path: path.parent.name)
def test_the_file_of_settings_has_no_secret_and_nothing_that_is_no_setting(path: Path) -> None:
    names = {name.lower() for name in re.findall(r"^#? ?([A-Z_]+)=", path.read_text(), re.MULTILINE)}
    assert names <= Settings.model_fields.keys()
    assert not names & {name for process in Process for name in secrets_of(process, SECRETS_OF_VENDORS)}
