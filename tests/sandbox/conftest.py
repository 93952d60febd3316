from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.server import serve


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class ConnectWiseApi(requests.Session):
    """A client that knows the address and the keys, and nothing else."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.auth = ("acme+sandbox-public-key", "sandbox-private-key")
        self.headers["clientId"] = "00000000-0000-4000-8000-000000000001"

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", 10)
        options.setdefault("allow_redirects", False)
        path = url if url.startswith("http") else f"{self.url}/v4_6_release/apis/3.0{url}"
        return super().request(method, path, *args, **options)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connectwise(clock: Clock) -> ConnectWiseSandbox:
    return ConnectWiseSandbox(clock=clock)


@pytest.fixture
def api(connectwise: ConnectWiseSandbox) -> Iterator[ConnectWiseApi]:
    with serve(connectwise) as server, ConnectWiseApi(server.url) as client:
        yield client
