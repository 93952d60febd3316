"""Serves a sandbox over real HTTP, in this process, for as long as a `with` block lasts."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.base import Sandbox
from sandbox.certificates import server_context, write_certificate
from sandbox.connections import ConnectionServer

# How often the accepting thread checks whether it should end; a stop waits at most this long.
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Server:
    url: str
    port: int
    certificate_path: Path | None  # the certificate that a client must trust if the server speaks TLS


@contextmanager
def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, tls: bool = False) -> Iterator[Server]:
    """Listens (port 0: any free one), and at the end stops every thread and closes every socket.

    A failure of the sandbox's own code is raised here at the end: it must not pass for the vendor's bad day.
    """
    with ExitStack() as until_the_end:
        certificate_path = None
        if tls:
            folder = until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))
            certificate_path = write_certificate(Path(folder))
        context = server_context(certificate_path) if certificate_path is not None else None
        sandbox.start()
        listener = ConnectionServer(host, port, sandbox, context)
        thread = threading.Thread(
            target=listener.serve_forever,
            args=(_POLL_SECONDS,),
            name=f"{sandbox.name}-listener",
            daemon=True,
        )
        thread.start()
        try:
            scheme = "https" if tls else "http"
            yield Server(f"{scheme}://{host}:{listener.port}", listener.port, certificate_path)
        finally:
            sandbox.stop()
            listener.shutdown()
            thread.join()
            listener.close_all()
    if sandbox.bugs:
        raise RuntimeError("The sandbox itself failed:\n" + "\n".join(sandbox.bugs))
