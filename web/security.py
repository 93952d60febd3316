"""Headers on every answer: no content from elsewhere, no framing by other sites, no caching of private pages."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No inline script and no inline style: code smuggled in by a customer's name on an invoice does not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The address of a one-time link must not reach other sites.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A year, as hstspreload.org asks for; only sent where the cookie is Secure as well.
STRICT_TRANSPORT_SECURITY = "max-age=31536000"


def add_security_headers(headers: MutableHeaders, path: str, *, https_only: bool) -> None:
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if https_only:
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)
    # The address of a static file carries a hash of its content.
    headers.setdefault("Cache-Control", "public, max-age=86400" if path.startswith("/static/") else "no-store")


class SecurityHeaders:
    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self._app = app
        self._https_only = https_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                add_security_headers(headers, scope["path"], https_only=self._https_only)
            await send(message)

        await self._app(scope, receive, send_with_headers)
