"""One address for everything that leads back to us: the one in the settings.

The Host header is what a caller writes. Whatever builds an address from a request (a redirect from one spelling of a
path to another, the framework's own links) would send people to wherever a stranger's link said.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

_DEFAULT_PORTS = {"http": 80, "https": 443}


class PublicAddress:
    """Puts our own address in the place of the one that the request names."""

    def __init__(self, app: ASGIApp, *, address: str) -> None:
        self._app = app
        parts = urlsplit(address)
        self._scheme, self._host = parts.scheme, parts.netloc.encode()
        self._server = (parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            headers = [(b"host", self._host), *others]
            scope = {**scope, "scheme": self._scheme, "server": self._server, "headers": headers}
        await self._app(scope, receive, send)
