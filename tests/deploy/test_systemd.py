"""The units of systemd: systemd's own check takes them, and its own score says how much they are confined."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from settings.processes import Process
from tests.deploy.installations import ROOT, SYSTEMD, unit

HERE = "/opt/payments"
# systemd counts from 0 (confined) to 10 (may do anything); a unit without any option has 9.6.
EXPOSURE_MAX = 2.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and not os.environ.get("CI"), reason="systemd is not here"
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The folder as it is installed, with this checkout in the place of /opt/payments, and an instance of each process."""
    folder = tmp_path / "units"
    shutil.copytree(SYSTEMD, folder)
    for path in folder.glob("*.service"):
        python = f"{HERE}/.venv/bin/python"
        path.write_text(path.read_text().replace(python, shutil.which("python3") or python).replace(HERE, str(ROOT)))
    for process in processes():
        shutil.copy(folder / "payments@.service", folder / f"payments@{process}.service")
    return folder


def processes() -> list[Process]:
    return [process for process in Process if process is not Process.MIGRATE]


def analyze(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(["systemd-analyze", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def services(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.service") if path.name != "payments@.service")


def test_systemd_takes_every_unit(units: Path) -> None:
    names = [
        *services(units),
        *(path.name for kind in ("*.timer", "*.target", "*.socket") for path in units.glob(kind)),
    ]
    assert len(names) == len(processes()) + 7
    said = analyze(units, "verify", "--man=no", *(f"./{name}" for name in names))
    # Units of this machine itself may be complained of; ours are not.
    assert not [line for line in said.splitlines() if "payments" in line], said


def test_a_unit_can_do_little_beside_its_work(units: Path) -> None:
    for name in services(units):
        said = analyze(units, "security", "--offline=yes", "--no-pager", f"./{name}")
        exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1])  # type: ignore[index]
        assert exposure <= EXPOSURE_MAX, said


def test_whatever_ends_is_started_again_for_ever() -> None:
    options = dict(unit(SYSTEMD / "payments@.service"))
    assert (options["Restart"], options["StartLimitIntervalSec"]) == ("always", "0")


def test_the_socket_of_the_door_leads_to_where_the_pages_say() -> None:
    options = dict(unit(SYSTEMD / "payments@web.socket"))
    assert options["ListenStream"] == "127.0.0.1:8000"
    # One process at a time takes from it; systemd would start one for each connection.
    assert options.get("Accept", "no") == "no"


def test_an_upgrade_of_the_database_stops_no_process() -> None:
    """What a unit requires takes it along when it is restarted."""
    said = unit(SYSTEMD / "payments@.service")
    assert "payments-migrate.service" in dict(said)["Wants"]
    assert not [value for name, value in said if name in ("Requires", "BindsTo") and "migrate" in value]


def test_no_option_forbids_what_the_program_does_to_read_the_load_of_the_machine() -> None:
    """Celery's heartbeat raises where /proc has no loadavg; ProcSubset=pid takes it away."""
    for path in SYSTEMD.glob("*.service"):
        assert "ProcSubset" not in path.read_text(), path.name


def test_the_target_brings_all_of_them_once_they_are_enabled() -> None:
    for name in ("payments@.service",):
        assert ("WantedBy", "payments.target") in unit(SYSTEMD / name)
    assert ("Wants", "payments-backup.timer payments-silent.timer") in unit(SYSTEMD / "payments.target")
