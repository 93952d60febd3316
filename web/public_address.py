"""One address for all links to us: the one in the settings.

The caller writes the Host header. An address built from the request (a redirect from one spelling of a path to another,
the framework's own links) would send people wherever a stranger's link points.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

_DEFAULT_PORTS = {"http": 80, "https": 443}


class PublicAddress:
    """Replaces the address in the request by our own."""

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
