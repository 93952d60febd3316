"""`python -m web`: serves the web process, at HOST and PORT or on a socket that its supervisor keeps open.

Called by: the line `web` of the Procfile.
Does: a stop ends the requests that are under way within five seconds, takes no new ones, and ends with exit code 0.
With a socket of the supervisor (systemd's protocol: LISTEN_FDS, file 3) callers who come between two processes wait in
it for the next one, and two processes may take from it at once: nobody is refused while one is replaced by the other.
"""

import os
import signal
import socket
import sys

import uvicorn

from settings import load_settings_or_exit
from web.protocol import CONNECTIONS_MAX

# systemd's first; see sd_listen_fds(3).
_SOCKET_OF_SUPERVISOR = 3
# A browser that holds its connection open may not delay a stop for longer.
STOP_SECONDS = 5
_FAILED_TO_START = 3


def main() -> int:
    """Serves until it is told to stop; the exit code."""
    settings = load_settings_or_exit()
    config = uvicorn.Config(
        "web.app:app",
        host=settings.host,
        port=settings.port,
        # It bounds connections and the time for headers. The limit leaves files for the database and Redis under the
        # usual 1,024 of a process.
        http="web.protocol:BoundedProtocol",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
        # Addresses carry one-time tokens and OAuth codes, and what matters is logged by the product itself.
        access_log=False,
    )
    server = uvicorn.Server(config)
    # When all is done, uvicorn sends itself the signal that told it to stop once more, and would die of it: a stop that
    # went well would look like a crash.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: sys.exit(0))
    server.run(_sockets_of_supervisor())
    return 0 if server.started else _FAILED_TO_START


def _sockets_of_supervisor() -> list[socket.socket] | None:
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=_SOCKET_OF_SUPERVISOR + number) for number in range(count)] or None


if __name__ == "__main__":
    sys.exit(main())
