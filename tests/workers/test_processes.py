import contextlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import wait_until_listening
from workers.processes import Processes
from workers.redis_server import free_port
from workers.waiting import wait_for_http

ROOT = Path(__file__).parents[2]
PROCFILE = """\
# A comment is not a process.
steady: echo "steady pid $$ as $PROCESS_NAME with $GREETING"; exec sleep 300
push: echo "push as $PROCESS_NAME"; exec sleep 300
mortal: echo "mortal was born"; test -e mortal-may-live || exit 3; echo "mortal lives"; exec sleep 300
"""
RUN_FOREVER = """
import os, sys
from pathlib import Path
from workers.processes import Processes
Processes(Path(sys.argv[1]), dict(os.environ)).run_forever()
"""


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    procfile = tmp_path / "Procfile"
    procfile.write_text(PROCFILE)
    return procfile


@contextlib.contextmanager
def running(
    procfile: Path, log_dir: Path | None = None, concurrency: dict[str, int] | None = None
) -> Iterator[Processes]:
    environment = {"PATH": os.environ["PATH"], "GREETING": "hello"}
    processes = Processes(procfile, environment, log_dir, {"mortal": 0} if concurrency is None else concurrency)
    try:
        processes.start_all()
        yield processes
    finally:
        processes.stop_all()


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def process_id_of(line: str) -> int:
    return int(line.split("pid ")[1].split(maxsplit=1)[0])


def is_running(process_id: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except FileNotFoundError:
        return False


def test_each_process_writes_to_a_log_file_of_its_own(procfile: Path, tmp_path: Path) -> None:
    with running(procfile, tmp_path / "log") as processes:
        assert processes.names == ["steady", "push"]
        wait_until(lambda: processes.tail("steady") and processes.tail("push"))
        assert processes.tail("steady")[0].endswith("as steady with hello")
        assert (tmp_path / "log" / "push.log").read_text() == "push as push\n"
        assert processes.alive("steady")
    assert not processes.alive("steady")


def test_a_line_can_have_several_instances_that_know_their_names(procfile: Path, tmp_path: Path) -> None:
    with running(procfile, tmp_path / "log", {"push": 2, "mortal": 0}) as processes:
        assert processes.names == ["steady", "push.1", "push.2"]
        wait_until(lambda: processes.tail("push.2"))
        assert processes.tail("push.2") == ["push as push.2"]


def test_an_instance_of_an_unknown_line_is_refused(procfile: Path) -> None:
    with pytest.raises(ValueError, match="no process named pusch"):
        Processes(procfile, {}, concurrency={"pusch": 2})


def test_a_killed_process_stays_down_until_it_is_started_again(procfile: Path, tmp_path: Path) -> None:
    with running(procfile, tmp_path / "log") as processes:
        wait_until(lambda: processes.tail("steady"))
        first = process_id_of(processes.tail("steady")[-1])
        processes.kill("steady")
        assert not processes.alive("steady")
        assert not is_running(first)
        assert processes.deaths() == []
        processes.start("steady")
        wait_until(lambda: len(processes.tail("steady")) == 2)
        second = process_id_of(processes.tail("steady")[-1])
        assert is_running(second)
        assert second != first


def test_kill_takes_the_children_along(procfile: Path, tmp_path: Path) -> None:
    procfile.write_text('family: sleep 300 & echo "child pid $!"; wait\n')
    with running(procfile, tmp_path / "log", {}) as processes:
        wait_until(lambda: processes.tail("family"))
        child = process_id_of(processes.tail("family")[-1])
        assert is_running(child)
        processes.kill("family")
        wait_until(lambda: not is_running(child))


def test_a_death_is_reported_once_with_its_exit_code_and_last_lines(procfile: Path, tmp_path: Path) -> None:
    procfile.write_text("verbose: seq 1 100; exit 7\n")
    with running(procfile, tmp_path / "log", {}) as processes:
        wait_until(lambda: not processes.alive("verbose"))
        [death] = processes.deaths()
        assert (death.name, death.exit_code) == ("verbose", 7)
        assert death.last_lines == tuple(str(number) for number in range(81, 101))
        assert "verbose died with exit code 7" in str(death)
        assert processes.deaths() == []


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace(
    procfile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.processes.GRACE_SECONDS", 0.5)
    procfile.write_text("deaf: trap '' TERM; echo \"deaf pid $$\"; while true; do sleep 1; done\n")
    with running(procfile, tmp_path / "log", {}) as processes:
        wait_until(lambda: processes.tail("deaf"))
        deaf = process_id_of(processes.tail("deaf")[0])
        processes.stop_all()
        assert not is_running(deaf)


def test_without_a_log_directory_the_lines_come_to_the_terminal_behind_their_names(
    procfile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(procfile) as processes:
        wait_until(lambda: processes.tail("steady") and processes.tail("push"))
        assert processes.tail("push") == ["push as push"]
    assert "push   | push as push\n" in capsys.readouterr().out


def test_the_environment_is_all_a_process_sees(procfile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://of-the-developer")
    procfile.write_text('curious: echo "[$REDIS_URL]"; command -v python\n')
    with running(procfile, tmp_path / "log", {}) as processes:
        wait_until(lambda: len(processes.tail("curious")) == 2)
        assert processes.tail("curious") == ["[]", str(Path(sys.executable).parent / "python")]


@pytest.fixture
def supervisor(procfile: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN_FOREVER, str(procfile)], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    with process:
        yield process
        process.kill()


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """The test's own time limit ends it when the text never comes."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"the output ended without {text!r}")


def test_what_dies_is_reported_and_started_again(supervisor: "subprocess.Popen[str]", tmp_path: Path) -> None:
    read_until(supervisor, "mortal died with exit code 3; its last lines:")
    assert "mortal was born" in read_until(supervisor, "mortal was born")
    read_until(supervisor, "mortal restarts in 1 s")
    read_until(supervisor, "mortal restarts in 2 s")
    (tmp_path / "mortal-may-live").touch()
    read_until(supervisor, "mortal lives")
    assert supervisor.poll() is None


@pytest.mark.proof
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_everything_cleanly(
    supervisor: "subprocess.Popen[str]", signal_number: signal.Signals
) -> None:
    steady = process_id_of(read_until(supervisor, "steady pid"))
    supervisor.send_signal(signal_number)
    # The two obey at once. A busy machine takes its time to run them.
    supervisor.communicate(timeout=120)
    assert supervisor.returncode == 0
    assert not is_running(steady)


@pytest.mark.proof
def test_a_killed_supervisor_leaves_no_orphan(supervisor: "subprocess.Popen[str]") -> None:
    steady = process_id_of(read_until(supervisor, "steady pid"))
    assert is_running(steady)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not is_running(steady))


@pytest.mark.proof
def test_a_process_outlives_the_thread_that_started_it(procfile: Path, tmp_path: Path) -> None:
    with running(procfile, tmp_path / "log", {"steady": 1, "push": 0, "mortal": 0}) as processes:

        def start_and_see_it_run() -> None:
            processes.start("steady")
            wait_until(lambda: len(processes.tail("steady")) == 2)

        wait_until(lambda: processes.tail("steady"))
        processes.kill("steady")
        thread = threading.Thread(target=start_and_see_it_run)
        thread.start()
        thread.join()
        time.sleep(0.3)  # the kernel would have killed it when the thread ended, long before this
        assert processes.alive("steady")


def test_waiting_for_a_port_ends_when_somebody_listens_or_the_time_is_up() -> None:
    port = free_port()
    with pytest.raises(TimeoutError, match=f"127.0.0.1:{port}"):
        wait_until_listening("127.0.0.1", port, 0.2)
    with socket.create_server(("127.0.0.1", port)):
        wait_until_listening("127.0.0.1", port, 120)


def test_waiting_for_http_is_not_content_with_a_server_error() -> None:
    answers = iter([503, 503, 404])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(next(answers))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        wait_for_http(f"http://127.0.0.1:{server.server_port}/health", 120)
        assert list(answers) == []
        server.shutdown()
        thread.join()
    with pytest.raises(TimeoutError, match="is not ready"):
        wait_for_http(f"http://127.0.0.1:{free_port()}/health", 0.2)
