"""The dashboard on a port of this machine, as uvicorn serves it in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from tests.servers import wait_until_listening
from workers.redis_server import free_port


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        wait_until_listening("127.0.0.1", port, 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=120)
