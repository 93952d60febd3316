"""`make chaos ARGS="--hosts --short"` on this machine, and what is left of a run that was killed: nothing."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos.hosts import apart
from tests.chaos.hosts.apart import NOT_PERMITTED
from tests.until import wait_until

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.chaos", "--hosts", "--short"]


@pytest.fixture
def permitted() -> None:
    """Hosts can be made here. Where tests are built, only a lack of permission is an excuse."""
    why = apart.why_not()
    if why is None:
        return
    if os.environ.get("CI") and "permi" not in why.lower():
        pytest.fail(f"the build needs what separate hosts take: {why}")
    pytest.skip(f"{apart.WHAT_IT_TAKES} Here: {why}")


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.xdist_group("processes")
def test_what_a_lost_host_had_begun_is_done_elsewhere_once(permitted: None) -> None:
    ran = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("processes")
def test_nothing_runs_on_after_a_kill_and_the_next_run_removes_the_files(permitted: None) -> None:
    run = subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mine = f"payments-hosts-{run.pid}-"
    try:
        wait_until(lambda: sum("agent" in one for one in commands_below(mine)) >= 3, "three hosts have begun")
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    wait_until(lambda: not commands_below(mine), "every process of the run is gone")
    [folder] = Path(tempfile.gettempdir()).glob(f"{mine}*")
    apart.remove_what_is_left()
    assert not folder.exists()


def test_where_hosts_cannot_be_made_it_says_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(apart, "TOOLS", ("ip", "no-such-tool"))
    assert apart.run_apart() == NOT_PERMITTED
    told = capsys.readouterr().err
    assert "iproute2" in told
    assert "there is no no-such-tool" in told


def commands_below(folder: str) -> list[str]:
    """The command lines of all processes of the run with this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
