"""A place where hosts can be made, and of which nothing is left: the run starts itself again in namespaces of its own.

Its process table is one of them: when the run ends, however it ends, the kernel ends every process in there, and with the
last of them the networks, mounts and names. What a killed run leaves is a folder of files; the next run removes it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.chaos.hosts.network import TOOLS, found
from workers.redis_server import signal_group, spawn

NOT_PERMITTED = 3
WHAT_IT_TAKES = (
    "Separate hosts need Linux with iproute2 and util-linux, and root (in a container also CAP_SYS_ADMIN and"
    " CAP_NET_ADMIN: docker run --privileged) or a system that lets its users make namespaces."
)
_INSIDE = "HOSTS_OF_THE_RUN"
_FOLDERS = "payments-hosts-"
_STOP_SECONDS = 20.0
# What the run does first, tried out: a link into another namespace, and a rule that loses packets.
_TRIED = (
    "ip link add probe type veth peer name other && ip rule add from 10.77.1.2 blackhole"
    " && unshare --net --uts --ipc --mount --pid --time --fork mount -t tmpfs none /mnt"
)


def folder_inside() -> Path | None:
    """The folder of this run, if this process is the one that was started in namespaces of its own."""
    folder = os.environ.get(_INSIDE)
    if folder is None:
        return None
    threading.Thread(target=_end_with_who_started_it, daemon=True).start()
    return Path(folder)


def run_apart() -> int:
    """Starts this program again in namespaces of its own; returns its exit code, or NOT_PERMITTED with a sentence."""
    if why := why_not():
        sys.stderr.write(f"{WHAT_IT_TAKES} Here: {why}\n")
        return NOT_PERMITTED
    remove_what_is_left()
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDERS}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        command = [*_unshare(), sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
        inner = spawn(found(*command), env={**os.environ, _INSIDE: folder}, stdin=subprocess.PIPE)
        try:
            return inner.wait()
        finally:
            # It undoes nothing: what it has made goes with it. It only gets the time to say that it has stopped.
            signal_group(inner, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                inner.wait(_STOP_SECONDS)
            signal_group(inner, signal.SIGKILL)
            inner.wait()


def why_not() -> str | None:
    """Why hosts cannot be made here; None if they can."""
    if sys.platform != "linux":
        return f"this is {sys.platform}."
    if missing := [tool for tool in TOOLS if not _is_there(tool)]:
        return f"there is no {', '.join(missing)}."
    tried = subprocess.run(found(*_unshare(), "sh", "-c", _TRIED), capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else tried.stderr.strip() or "it is not permitted."


def _unshare() -> list[str]:
    # Who is not root is root's equal in there, and keeps the name: PostgreSQL refuses to run as root.
    users = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    return ["unshare", *users, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _is_there(tool: str) -> bool:
    return subprocess.run(found("sh", "-c", f"command -v {tool}"), capture_output=True, check=False).returncode == 0


def _end_with_who_started_it() -> None:
    """The input ends with the process that holds its other end, also when that is killed."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def remove_what_is_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        if not Path(f"/proc/{folder.name.removeprefix(_FOLDERS).partition('-')[0]}").exists():
            shutil.rmtree(folder, ignore_errors=True)
